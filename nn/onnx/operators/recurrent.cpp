// RNN, GRU and LSTM, as the operators of ONNX define them.

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

using Vector = std::vector<double>;

/// An activation with its two numbers.
struct Gate {
  std::string name;
  double alpha = 0, beta = 0;
};

/// ONNX's defaults of alpha and beta.
Gate gate_of(const std::string& name) {
  if (name == "LeakyRelu") return {name, 0.01, 0};
  if (name == "HardSigmoid") return {name, 0.2, 0.5};
  return {name, 1, name == "ScaledTanh" ? 1.0 : 0.0};
}

double activated(const OperatorCall& call, const Gate& gate, double x) {
  if (gate.name == "Sigmoid") return 1 / (1 + std::exp(-x));
  if (gate.name == "Tanh") return std::tanh(x);
  if (gate.name == "Relu") return std::max(x, 0.0);
  if (gate.name == "Affine") return gate.alpha * x + gate.beta;
  if (gate.name == "LeakyRelu") return x < 0 ? gate.alpha * x : x;
  if (gate.name == "ThresholdedRelu") return x > gate.alpha ? x : 0;
  if (gate.name == "ScaledTanh") return gate.alpha * std::tanh(gate.beta * x);
  if (gate.name == "HardSigmoid") return std::clamp(gate.alpha * x + gate.beta, 0.0, 1.0);
  if (gate.name == "Elu") return x < 0 ? gate.alpha * std::expm1(x) : x;
  if (gate.name == "Softsign") return x / (1 + std::abs(x));
  if (gate.name == "Softplus") return std::log1p(std::exp(x));
  throw Unsupported(call.operation, "the activation '" + gate.name + "'");
}

/// What one layer of cells is made of. Sizes: steps, batch, inputs, hidden, directions.
struct Cells {
  const OperatorCall& call;
  std::int64_t gates, T, B, I, H, D;
  bool batch_first;
  std::vector<Gate> functions;  // those of one direction after those of the other
  double clip;

  [[nodiscard]] double act(std::int64_t direction, std::size_t number, double x) const {
    const std::size_t each = functions.size() / static_cast<std::size_t>(D);
    if (clip > 0) x = std::clamp(x, -clip, clip);
    return activated(call, functions[static_cast<std::size_t>(direction) * each + number], x);
  }
};

/// State of one image in one direction.
struct State {
  Vector h, c;
};

std::vector<Gate> functions_of(const OperatorCall& call, std::vector<std::string> defaults,
                               std::int64_t directions) {
  const auto given = call.operation.attributes.find("activations");
  std::vector<std::string> names;
  for (std::int64_t d = 0; d < directions; ++d)
    names.insert(names.end(), defaults.begin(), defaults.end());
  if (given != call.operation.attributes.end() && !given->second.texts.empty()) {
    require(given->second.texts.size() == names.size(), "{} names {} activations (it has {})",
            call.operation.type, given->second.texts.size(), names.size());
    names = given->second.texts;
  }
  std::vector<Gate> gates;
  for (const std::string& name : names) gates.push_back(gate_of(name));
  const auto numbers = [&](const char* key, double Gate::*to) {
    const auto found = call.operation.attributes.find(key);
    if (found == call.operation.attributes.end()) return;
    for (std::size_t i = 0; i < std::min(gates.size(), found->second.floats.size()); ++i)
      gates[i].*to = found->second.floats[i];
  };
  numbers("activation_alpha", &Gate::alpha);
  numbers("activation_beta", &Gate::beta);
  return gates;
}

Cells cells_of(const OperatorCall& call, std::int64_t gates, std::vector<std::string> defaults) {
  const Array &x = float_input(call, 0), &w = float_input(call, 1), &r = float_input(call, 2);
  require(x.dims.size() == 3 && w.dims.size() == 3 && r.dims.size() == 3,
          "{} needs a sequence and two weights of three axes", call.operation.type);
  const bool batch_first = integer(call.operation, "layout", 0) != 0;
  const std::int64_t H = r.dims[2], D = w.dims[0], I = x.dims[2];
  const std::int64_t T = x.dims[batch_first ? 1 : 0], B = x.dims[batch_first ? 0 : 1];
  const bool both = text(call.operation, "direction", "forward") == "bidirectional";
  require(D == (both ? 2 : 1) && w.dims == Dims({D, gates * H, I}) &&
              r.dims == Dims({D, gates * H, H}) && integer(call.operation, "hidden_size", H) == H,
          "{} has weights of other sizes than its sequence", call.operation.type);
  const double work = static_cast<double>(T) * static_cast<double>(B) * static_cast<double>(D) *
                      static_cast<double>(gates * H) * static_cast<double>(I + H);
  support(call, work <= 0x1p32, "more than 2^32 multiplications");
  grown_size(call, {T, B, D, H});
  return {call,
          gates,
          T,
          B,
          I,
          H,
          D,
          batch_first,
          functions_of(call, std::move(defaults), D),
          real(call.operation, "clip", 0)};
}

/// Row `row` of the weight input `number`, times `x`.
double product(const Cells& cells, std::size_t number, std::int64_t row, const Vector& x) {
  const Array& weight = *cells.call.inputs[number];
  const auto columns = static_cast<std::size_t>(weight.dims[2]);
  const float* from = weight.floats.data() + static_cast<std::size_t>(row) * columns;
  double sum = 0;
  for (std::size_t i = 0; i < columns; ++i) sum += from[i] * x[i];
  return sum;
}

/// Number `at` of direction `d` of an optional input with `each` numbers a direction.
double optional(const Cells& cells, std::size_t number, std::int64_t each, std::int64_t at) {
  if (!has(cells.call, number)) return 0;
  const Array& array = float_input(cells.call, number);
  require(array.size() == cells.D * each, "{} has an input {} of another size than its weights",
          cells.call.operation.type, number);
  return value(array, at);
}

/// Unit `j` of a gate, in one direction.
struct GateUnit {
  std::int64_t direction, gate, j;
};

/// W x + Wb of a gate's unit; and R h + Rb.
double from_input(const Cells& s, const GateUnit& unit, const Vector& x) {
  const auto [d, gate, j] = unit;
  const std::int64_t row = gate * s.H + j, biases = 2 * s.gates * s.H;
  return product(s, 1, d * s.gates * s.H + row, x) + optional(s, 3, biases, d * biases + row);
}
double from_state(const Cells& s, const GateUnit& unit, const Vector& h) {
  const auto [d, gate, j] = unit;
  const std::int64_t row = gate * s.H + j, biases = 2 * s.gates * s.H;
  return product(s, 2, d * s.gates * s.H + row, h) +
         optional(s, 3, biases, d * biases + s.gates * s.H + row);
}

void rnn_step(const Cells& s, std::int64_t d, const Vector& x, State& state) {
  Vector next(state.h.size());
  for (std::int64_t j = 0; j < s.H; ++j)
    next[static_cast<std::size_t>(j)] =
        s.act(d, 0, from_input(s, {d, 0, j}, x) + from_state(s, {d, 0, j}, state.h));
  state.h = next;
}

/// Gates z, r, h.
void gru_step(const Cells& s, std::int64_t d, const Vector& x, State& state) {
  const bool after = integer(s.call.operation, "linear_before_reset", 0) != 0;
  const auto size = state.h.size();
  Vector update(size), reset(size), kept(size), next(size);
  for (std::int64_t j = 0; j < s.H; ++j) {
    const auto i = static_cast<std::size_t>(j);
    update[i] = s.act(d, 0, from_input(s, {d, 0, j}, x) + from_state(s, {d, 0, j}, state.h));
    reset[i] = s.act(d, 0, from_input(s, {d, 1, j}, x) + from_state(s, {d, 1, j}, state.h));
    kept[i] = reset[i] * state.h[i];
  }
  for (std::int64_t j = 0; j < s.H; ++j) {
    const auto i = static_cast<std::size_t>(j);
    const double recurrent =
        after ? reset[i] * from_state(s, {d, 2, j}, state.h) : from_state(s, {d, 2, j}, kept);
    const double fresh = s.act(d, 1, from_input(s, {d, 2, j}, x) + recurrent);
    next[i] = (1 - update[i]) * fresh + update[i] * state.h[i];
  }
  state.h = next;
}

/// Gates i, o, f, c; peepholes of i, o, f.
void lstm_step(const Cells& s, std::int64_t d, const Vector& x, State& state) {
  const bool coupled = integer(s.call.operation, "input_forget", 0) != 0;
  Vector next(state.h.size());
  for (std::int64_t j = 0; j < s.H; ++j) {
    const auto at = static_cast<std::size_t>(j);
    const auto sum = [&](std::int64_t gate) {
      return from_input(s, {d, gate, j}, x) + from_state(s, {d, gate, j}, state.h);
    };
    const auto peep = [&](std::int64_t gate) {
      return optional(s, 7, 3 * s.H, (d * 3 + gate) * s.H + j) * state.c[at];
    };
    const double in = s.act(d, 0, sum(0) + peep(0));
    const double forget = coupled ? 1 - in : s.act(d, 0, sum(2) + peep(2));
    const double fresh = s.act(d, 1, sum(3));
    state.c[at] = forget * state.c[at] + in * fresh;
    next[at] = s.act(d, 0, sum(1) + peep(1)) * s.act(d, 2, state.c[at]);
  }
  state.h = next;
}

using StepFunction = void (*)(const Cells&, std::int64_t, const Vector&, State&);

/// The places of sequences and states in their arrays, for either layout.
std::int64_t step_place(const Cells& s, std::int64_t t, std::int64_t b) {
  return s.batch_first ? b * s.T + t : t * s.B + b;
}
std::int64_t state_place(const Cells& s, std::int64_t d, std::int64_t b) {
  return s.batch_first ? b * s.D + d : d * s.B + b;
}

Vector initial(const Cells& s, std::size_t number, std::int64_t d, std::int64_t b) {
  Vector out(static_cast<std::size_t>(s.H));
  for (std::int64_t j = 0; j < s.H; ++j)
    out[static_cast<std::size_t>(j)] =
        optional(s, number, s.B * s.H, state_place(s, d, b) * s.H + j);
  return out;
}

std::int64_t length_of(const Cells& s, std::int64_t b) {
  if (!has(s.call, 4)) return s.T;
  const Array& lengths = integer_input(s.call, 4);
  require(lengths.size() == s.B, "{} has {} lengths for {} sequences", s.call.operation.type,
          lengths.size(), s.B);
  const std::int64_t length = lengths.integers[static_cast<std::size_t>(b)];
  require(length >= 0 && length <= s.T, "a sequence of {} steps in {}", length, s.T);
  return length;
}

void store(const Vector& from, std::int64_t place, Array& to) {
  for (std::size_t j = 0; j < from.size(); ++j)
    to.floats[static_cast<std::size_t>(place) * from.size() + j] = rounded(from[j], to.type);
}

/// A sequence of the batch, in one direction.
struct SequencePlace {
  std::int64_t direction, number;
};

/// All steps of one sequence; what follows its end stays zero.
void run(const Cells& s, StepFunction step, const SequencePlace& place,
         std::vector<Array>& outputs) {
  const auto [d, b] = place;
  const bool backward = d == 1 || text(s.call.operation, "direction", "forward") == "reverse";
  const Array& sequence = *s.call.inputs[0];
  const std::int64_t length = length_of(s, b);
  State state{initial(s, 5, d, b), Vector(static_cast<std::size_t>(s.H))};
  if (outputs.size() == 3) state.c = initial(s, 6, d, b);
  Vector x(static_cast<std::size_t>(s.I));
  for (std::int64_t k = 0; k < length; ++k) {
    const std::int64_t t = backward ? length - 1 - k : k, at = step_place(s, t, b);
    std::copy_n(sequence.floats.begin() + at * s.I, s.I, x.begin());
    step(s, d, x, state);
    // (steps, directions, batch, hidden) or (batch, steps, directions, hidden)
    store(state.h, s.batch_first ? at * s.D + d : (t * s.D + d) * s.B + b, outputs[0]);
  }
  store(state.h, state_place(s, d, b), outputs[1]);
  if (outputs.size() == 3) store(state.c, state_place(s, d, b), outputs[2]);
}

std::vector<Array> run_all(const Cells& s, StepFunction step, bool cell) {
  const ElementType type = s.call.inputs[0]->type;
  const Dims states = s.batch_first ? Dims{s.B, s.D, s.H} : Dims{s.D, s.B, s.H};
  std::vector<Array> outputs{
      zeros(s.batch_first ? Dims{s.B, s.T, s.D, s.H} : Dims{s.T, s.D, s.B, s.H}, type),
      zeros(states, type)};
  if (cell) outputs.push_back(zeros(states, type));
  for (std::int64_t d = 0; d < s.D; ++d)
    for (std::int64_t b = 0; b < s.B; ++b) run(s, step, {d, b}, outputs);
  return outputs;
}

std::vector<Array> rnn(const OperatorCall& call) {
  return run_all(cells_of(call, 1, {"Tanh"}), rnn_step, false);
}
std::vector<Array> gru(const OperatorCall& call) {
  return run_all(cells_of(call, 3, {"Sigmoid", "Tanh"}), gru_step, false);
}
std::vector<Array> lstm(const OperatorCall& call) {
  return run_all(cells_of(call, 4, {"Sigmoid", "Tanh", "Tanh"}), lstm_step, true);
}

}  // namespace

void add_recurrent(OperatorTable& table) {
  table["RNN"] = rnn;
  table["GRU"] = gru;
  table["LSTM"] = lstm;
}

}  // namespace lightloom::nn::onnx
