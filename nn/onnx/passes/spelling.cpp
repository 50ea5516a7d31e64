#include "nn/onnx/passes/spelling.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {
namespace {

using Names = std::vector<std::string>;
using Attributes = std::map<std::string, Attribute>;

/// Times any number but those next to 0 it is beyond 1.
constexpr float nearly_endless = 3e38f;
/// Numbers that stand for infinity, which times 0 would be none.
constexpr float far = 1e30f;

Attribute real_attribute(float value) { return {.floats = {value}}; }
Attribute integer_attribute(std::int64_t value) { return {.integers = {value}}; }
Attribute list_attribute(std::vector<std::int64_t> values) {
  return {.integers = std::move(values), .list = true};
}

/// Writes one operation after the other in the place of one.
class Speller {
 public:
  Speller(Model& model, const std::set<std::string>& changing)
      : model_(&model), changing_(&changing) {}

  void take(const Operation& o);
  std::vector<Operation> all;

 private:
  using Spelling = void (Speller::*)();
  friend bool lightloom::nn::onnx::is_spelt_out(const std::string&);
  static const std::map<std::string, Spelling>& spellings();

  [[nodiscard]] std::string in(std::size_t number) const { return input_of(*o_, number); }
  [[nodiscard]] bool changes(const std::string& name) const { return changing_->contains(name); }

  /// A value of its own name.
  std::string make(const char* type, Names inputs, Attributes attributes = {}) {
    std::string name = o_->outputs.front() + "//" + std::to_string(made_++);
    all.push_back({type, o_->name, std::move(inputs), {name}, std::move(attributes)});
    return name;
  }
  std::string number(float value) {
    std::string name = o_->outputs.front() + "//" + std::to_string(made_++);
    Array array;
    array.floats = {value};
    model_->constants[name] = std::move(array);
    return name;
  }
  /// The operation's own output.
  void end(const std::string& value) {
    all.push_back({"Identity", o_->name, {value}, {o_->outputs.front()}, {}});
  }

  std::string clipped(const std::string& x, float low, float high) {
    return make("Clip", {x}, {{"min", real_attribute(low)}, {"max", real_attribute(high)}});
  }
  /// 1 where x > 0, else 0.
  std::string above_zero(const std::string& x) {
    return clipped(make("Mul", {x, number(nearly_endless)}), 0, 1);
  }
  std::string opposite(const std::string& truth) { return make("Sub", {number(1), truth}); }
  /// A truth as the numbers 0 and 1: constants are still of their own type.
  std::string as_numbers(const std::string& truth) {
    return changes(truth) ? truth : make("Cast", {truth}, {{"to", integer_attribute(1)}});
  }
  /// Without infinities, as masks have them.
  std::string finite(const std::string& x) { return changes(x) ? x : clipped(x, -far, far); }
  std::string axes_kept(const char* type, const std::string& x, std::vector<std::int64_t> axes) {
    return make(type, {x},
                {{"axes", list_attribute(std::move(axes))}, {"keepdims", integer_attribute(1)}});
  }
  /// Times 1 / sqrt(of + epsilon).
  std::string over_root(const std::string& x, const std::string& of, float epsilon) {
    return make("Div", {x, make("Sqrt", {make("Add", {of, number(epsilon)})})});
  }

  std::string greater(const std::string& a, const std::string& b) {
    return above_zero(make("Sub", {a, b}));
  }
  void greater() { end(greater(in(0), in(1))); }
  void less() { end(greater(in(1), in(0))); }
  void at_least() { end(opposite(greater(in(1), in(0)))); }
  void at_most() { end(opposite(greater(in(0), in(1)))); }
  void equal() { end(opposite(above_zero(make("Abs", {make("Sub", {in(0), in(1)})})))); }
  void negated() { end(opposite(in(0))); }
  void both() { end(make("Mul", {as_numbers(in(0)), as_numbers(in(1))})); }
  void either() { end(make("Max", {as_numbers(in(0)), as_numbers(in(1))})); }
  void one_of() { end(make("Abs", {make("Sub", {as_numbers(in(0)), as_numbers(in(1))})})); }

  void truth() { end(above_zero(make("Abs", {in(0)}))); }

  /// Truth times one and its opposite times the other: neither is lost beside the other's size.
  void where() {
    const std::string truth = as_numbers(in(0));
    end(make("Add",
             {make("Mul", {truth, finite(in(1))}), make("Mul", {opposite(truth), finite(in(2))})}));
  }

  void shrink() {
    const auto lambda = static_cast<float>(real(*o_, "lambd", 0.5)),
               bias = static_cast<float>(real(*o_, "bias", 0));
    const std::string x = in(0);
    const auto part = [&](const std::string& truth, float shift) {
      return make("Mul", {truth, make("Add", {x, number(shift)})});
    };
    end(make("Add",
             {part(greater(x, number(lambda)), -bias), part(greater(number(-lambda), x), bias)}));
  }
  void thresholded() {
    const auto alpha = static_cast<float>(real(*o_, "alpha", 1));
    end(make("Mul", {in(0), greater(in(0), number(alpha))}));
  }

  /// x / (bias + alpha / size (sum of squares of the channels beside))^beta.
  void response() {
    const std::int64_t size = integer(*o_, "size", 1);
    if (size < 1) throw Unsupported(*o_, "this number of channels beside");
    const std::int64_t before = (size - 1) / 2, after = size - 1 - before;
    const std::string squares = make("Mul", {in(0), in(0)});
    const std::string stacked = make("Unsqueeze", {squares}, {{"axes", list_attribute({1})}});
    const std::string mean = make("AveragePool", {stacked},
                                  {{"kernel_shape", list_attribute({size, 1, 1})},
                                   {"pads", list_attribute({before, 0, 0, after, 0, 0})},
                                   {"count_include_pad", integer_attribute(1)}});
    const std::string flat = make("Squeeze", {mean}, {{"axes", list_attribute({1})}});
    const std::string base =
        make("Add", {make("Mul", {flat, number(static_cast<float>(real(*o_, "alpha", 1e-4)))}),
                     number(static_cast<float>(real(*o_, "bias", 1)))});
    end(make("Mul",
             {in(0), make("Pow", {base, number(-static_cast<float>(real(*o_, "beta", 0.75)))})}));
  }

  void unit_length() {
    const std::int64_t p = integer(*o_, "p", 2);
    if (p != 1 && p != 2) throw Unsupported(*o_, "this norm");
    end(make("Div", {in(0), axes_kept(p == 1 ? "ReduceL1" : "ReduceL2", in(0),
                                      {integer(*o_, "axis", -1)})}));
  }
  void root_mean_square() {
    if (integer(*o_, "axis", -1) != -1) throw Unsupported(*o_, "an axis before the last");
    const std::string mean = axes_kept("ReduceMean", make("Mul", {in(0), in(0)}), {-1});
    end(make("Mul",
             {over_root(in(0), mean, static_cast<float>(real(*o_, "epsilon", 1e-5))), in(1)}));
  }
  void log_of_sum(const std::string& x) {
    Names inputs = o_->inputs;
    if (inputs.empty()) inputs.emplace_back();
    inputs.front() = x;
    end(make("Log", {make("ReduceSum", std::move(inputs), o_->attributes)}));
  }
  void log_sum() { log_of_sum(in(0)); }
  void log_sum_exp() { log_of_sum(make("Exp", {in(0)})); }
  void mean() {
    const auto count = static_cast<float>(o_->inputs.size());
    end(make("Mul", {make("Sum", o_->inputs), number(1 / count)}));
  }

  Model* model_;
  const std::set<std::string>* changing_;
  const Operation* o_ = nullptr;
  int made_ = 0;
};

const std::map<std::string, Speller::Spelling>& Speller::spellings() {
  static const std::map<std::string, Spelling> all{{"Greater", &Speller::greater},
                                                   {"Less", &Speller::less},
                                                   {"GreaterOrEqual", &Speller::at_least},
                                                   {"LessOrEqual", &Speller::at_most},
                                                   {"Equal", &Speller::equal},
                                                   {"Not", &Speller::negated},
                                                   {"And", &Speller::both},
                                                   {"Or", &Speller::either},
                                                   {"Xor", &Speller::one_of},
                                                   {"Where", &Speller::where},
                                                   {"Cast to a truth", &Speller::truth},
                                                   {"Shrink", &Speller::shrink},
                                                   {"ThresholdedRelu", &Speller::thresholded},
                                                   {"LRN", &Speller::response},
                                                   {"LpNormalization", &Speller::unit_length},
                                                   {"RMSNormalization", &Speller::root_mean_square},
                                                   {"ReduceLogSum", &Speller::log_sum},
                                                   {"ReduceLogSumExp", &Speller::log_sum_exp},
                                                   {"Mean", &Speller::mean}};
  return all;
}

void Speller::take(const Operation& o) {
  const bool to_truth = o.type == "Cast" && integer(o, "to", 0) == 9;
  const auto found = spellings().find(to_truth ? "Cast to a truth" : o.type);
  const bool changing = std::any_of(o.inputs.begin(), o.inputs.end(),
                                    [&](const std::string& name) { return changes(name); });
  if (found == spellings().end() || !changing) return all.push_back(o);
  o_ = &o;
  made_ = 0;
  (this->*found->second)();
}

/// Names of what depends on the images' numbers, not on their shape alone.
std::set<std::string> changing_in(const Model& model) {
  std::set<std::string> names;
  for (const Input& input : model.inputs) names.insert(input.name);
  for (const Operation& o : model.operations) {
    if (o.type == "Shape" || o.type == "Size") continue;
    if (std::any_of(o.inputs.begin(), o.inputs.end(),
                    [&](const std::string& name) { return names.contains(name); }))
      names.insert(o.outputs.begin(), o.outputs.end());
  }
  return names;
}

}  // namespace

bool is_spelt_out(const std::string& operation_type) {
  return Speller::spellings().contains(operation_type);
}

Model spelt_out(Model model) {
  const std::set<std::string> changing = changing_in(model);
  const std::vector<Operation> given = std::move(model.operations);
  Speller speller(model, changing);
  for (const Operation& o : given) speller.take(o);
  model.operations = std::move(speller.all);
  return model;
}

}  // namespace lightloom::nn::onnx
