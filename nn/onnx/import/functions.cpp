#include <cmath>
#include <map>

#include "nn/onnx/import/handlers.hpp"
#include "nn/ops/function_steps.hpp"

namespace lightloom::nn::onnx {
namespace {

using Code = Function::Code;

/// Longer ones are computed once and read.
constexpr std::size_t most_steps = 48;

Function number(double value) { return constant(static_cast<float>(value)); }
Function plus(const Function& a, const Function& b) { return composed(Code::add, a, b); }
Function times(const Function& a, const Function& b) { return composed(Code::multiply, a, b); }
Function times(double a, const Function& f) { return a == 1 ? f : times(number(a), f); }
Function positive() { return composed(Code::maximum, argument(), number(0)); }
Function negative() { return composed(Code::minimum, argument(), number(0)); }
/// exp(x / a) - 1 below zero.
Function exponential_below(double a) {
  const Function inner = a == 1 ? negative() : composed(Code::divide, negative(), number(a));
  return composed(Code::subtract, composed(Code::exponential, inner), number(1));
}

Function clipped(const Function& f, double low, double high) {
  Function out = f;
  if (low > -3e38) out = composed(Code::maximum, out, number(low));
  if (high < 3e38) out = composed(Code::minimum, out, number(high));
  return out;
}

Function clip(const Translation& t, const Operation& o) {
  const auto bound = [&](std::size_t input, const char* key, double otherwise) {
    return t.has(o, input) ? t.floats(o, input, 1).front() : real(o, key, otherwise);
  };
  return clipped(argument(), bound(1, "min", -INFINITY), bound(2, "max", INFINITY));
}

Function hard_gate(double slope, double shift) {
  return clipped(plus(times(slope, argument()), number(shift)), 0, 1);
}

Function gelu(const Operation& o) {
  const std::string how = text(o, "approximate", "none");
  if (how != "none" && how != "tanh") throw Unsupported(o, "this approximation");
  const Function x = argument();
  const Function inner =
      how == "none" ? composed(Code::error_function, times(x, number(std::sqrt(0.5))))
                    : composed(Code::hyperbolic_tangent,
                               times(number(std::sqrt(2 / std::acos(-1.0))),
                                     plus(x, times(number(0.044715), times(x, times(x, x))))));
  return times(times(number(0.5), x), plus(number(1), inner));
}

/// To the nearest integer, half to even: floats have no digits behind the point above 2^23. Slopes
/// go straight through, as those of quantisers do.
Function rounded() {
  constexpr double large = 12582912;  // 1.5 2^23
  return composed(Code::subtract, plus(argument(), number(large)), number(large));
}

/// 1 where a > b, else 0.
Function beyond(const Function& a, const Function& b) {
  return clipped(times(3e38, composed(Code::subtract, a, b)), 0, 1);
}

Function unary(Code code) { return composed(code, argument()); }

/// What has parameters of its own.
Function with_parameters(const Translation& t, const Operation& o) {
  const Function x = argument();
  if (o.type == "Clip") return clip(t, o);
  if (o.type == "Gelu") return gelu(o);
  if (o.type == "LeakyRelu") return plus(positive(), times(real(o, "alpha", 0.01), negative()));
  if (o.type == "Elu") return plus(positive(), times(real(o, "alpha", 1), exponential_below(1)));
  if (o.type == "Selu")
    return times(
        real(o, "gamma", 1.05070102214813232421875),
        plus(positive(), times(real(o, "alpha", 1.67326319217681884765625), exponential_below(1))));
  if (o.type == "Celu") {
    const double alpha = real(o, "alpha", 1);
    return plus(positive(), times(alpha, exponential_below(alpha)));
  }
  if (o.type == "HardSigmoid") return hard_gate(real(o, "alpha", 0.2), real(o, "beta", 0.5));
  if (o.type == "Swish") return times(x, composed(Code::logistic, times(real(o, "alpha", 1), x)));
  throw Unsupported(o, "this operator");
}

Function function_of(const Translation& t, const Operation& o) {
  const Function x = argument();
  static const std::map<std::string, Code> codes{{"Neg", Code::negate},
                                                 {"Abs", Code::absolute},
                                                 {"Exp", Code::exponential},
                                                 {"Log", Code::logarithm},
                                                 {"Sqrt", Code::root},
                                                 {"Erf", Code::error_function},
                                                 {"Sigmoid", Code::logistic},
                                                 {"Softplus", Code::softplus},
                                                 {"Sin", Code::sine},
                                                 {"Cos", Code::cosine},
                                                 {"Tanh", Code::hyperbolic_tangent}};
  const auto found = codes.find(o.type);
  if (found != codes.end()) return unary(found->second);
  if (o.type == "Relu") return positive();
  if (o.type == "Round") return rounded();
  if (o.type == "Floor") return composed(Code::subtract, rounded(), beyond(rounded(), x));
  if (o.type == "Ceil") return plus(rounded(), beyond(x, rounded()));
  if (o.type == "Reciprocal") return composed(Code::divide, number(1), x);
  if (o.type == "HardSwish") return times(x, hard_gate(1.0 / 6, 0.5));
  if (o.type == "Mish") return times(x, composed(Code::hyperbolic_tangent, unary(Code::softplus)));
  if (o.type == "Sign")  // -1, 0 or 1: nothing but 0 is smaller than 1 then
    return clipped(times(number(3e38), x), -1, 1);
  if (o.type == "Softsign")
    return composed(Code::divide, x, plus(number(1), unary(Code::absolute)));
  return with_parameters(t, o);
}

/// The value's function so far.
Function so_far(const Changing& x) { return x.function == nullptr ? argument() : *x.function; }

Changing with(Changing x, Function function) {
  x.function = std::make_shared<const Function>(std::move(function));
  return x;
}

void elementwise(Translation& t, const Operation& o) {
  Changing x = t.viewed(o, 0);
  const Function f = function_of(t, o);
  if (so_far(x).steps.size() > most_steps) x = t.applied(x);
  x.fill = value_of(f, x.fill);
  t.result(o, with(x, composed(f, so_far(x))));
}

std::optional<Code> code_of(const std::string& type) {
  static const std::map<std::string, Code> codes{
      {"Add", Code::add},   {"Sub", Code::subtract}, {"Mul", Code::multiply}, {"Div", Code::divide},
      {"Pow", Code::power}, {"Max", Code::maximum},  {"Min", Code::minimum}};
  const auto found = codes.find(type);
  return found == codes.end() ? std::nullopt : std::optional(found->second);
}

bool is_number(const Value& value) {
  const auto* array = std::get_if<Array>(&value);
  return array != nullptr && array->size() == 1;
}

float number_of(const Array& array) {
  return array.integer() ? static_cast<float>(array.integers.front()) : array.floats.front();
}

/// x^2 and x^3 have slopes everywhere.
Function power(const Function& base, float exponent) {
  if (exponent == 2) return times(base, base);
  if (exponent == 3) return times(base, times(base, base));
  if (exponent == 0.5f) return composed(Code::root, base);
  return composed(Code::power, base, constant(exponent));
}

/// A number that has more axes than the value would give it more, too.
bool keeps_rank(const Changing& x, const Array& array) {
  return array.dims.size() <= x.dims.size();
}

bool number_with_value(Translation& t, const Operation& o, Code code) {
  const std::size_t at = is_number(t.value(o, 0)) ? 0 : 1;
  if (!is_number(t.value(o, at))) return false;
  Changing x = t.viewed(o, 1 - at);
  const Array& array = t.fixed(o, at);
  const bool linear = code == Code::add || code == Code::multiply ||
                      (at == 1 && (code == Code::subtract || code == Code::divide));
  if (!keeps_rank(x, array) || (linear && !array.integer() && takes_constants(t, x))) return false;
  const Function own = constant(number_of(array));
  const auto both = [&](const Function& f) {
    if (code == Code::power && at == 1) return power(f, number_of(array));
    return at == 0 ? composed(code, own, f) : composed(code, f, own);
  };
  if (so_far(x).steps.size() > most_steps) x = t.applied(x);
  x.fill = value_of(both(argument()), x.fill);
  t.result(o, with(x, both(so_far(x))));
  return true;
}

bool same_elements(const Changing& a, const Changing& b) {
  return a.node == b.node && a.dims == b.dims &&
         (a.scattered == b.scattered ||
          (a.scattered != nullptr && b.scattered != nullptr && *a.scattered == *b.scattered)) &&
         (a.order == b.order || (a.order != nullptr && b.order != nullptr && *a.order == *b.order));
}

bool value_with_itself(Translation& t, const Operation& o, Code code) {
  const Value &first = t.value(o, 0), &second = t.value(o, 1);
  if (!std::holds_alternative<Changing>(first) || !std::holds_alternative<Changing>(second))
    return false;
  const Changing &a = t.viewed(o, 0), &b = t.viewed(o, 1);
  const Function f = so_far(a), g = so_far(b);
  if (!same_elements(a, b) || f.steps.size() + g.steps.size() > most_steps) return false;
  Changing out = with(a, composed(code, f, g));
  out.fill = value_of(composed(code, constant(a.fill), constant(b.fill)), 0);
  t.result(o, out);
  return true;
}

}  // namespace

bool is_function(Translation& t, const Operation& o) {
  const std::optional<Code> code = code_of(o.type);
  if (!code || o.inputs.size() != 2) return false;
  return number_with_value(t, o, *code) || value_with_itself(t, o, *code);
}

void add_functions(Handlers& handlers) {
  for (const char* type :
       {"Neg",       "Abs",  "Exp",         "Log",   "Sqrt",  "Erf",        "Sigmoid",
        "Softplus",  "Sin",  "Cos",         "Tanh",  "Relu",  "Reciprocal", "Sign",
        "HardSwish", "Mish", "Softsign",    "Clip",  "Gelu",  "LeakyRelu",  "Elu",
        "Selu",      "Celu", "HardSigmoid", "Swish", "Floor", "Ceil",       "Round"})
    handlers[type] = elementwise;
}

}  // namespace lightloom::nn::onnx
