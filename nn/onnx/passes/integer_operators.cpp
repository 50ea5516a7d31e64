#include "nn/onnx/passes/integer_operators.hpp"

#include <map>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Scale and zero point of integers, by the names of these.
struct ScaleAndZero {
  std::string scale, zero;
};
/// Integers, and what their numbers are.
struct Scaled {
  std::string integers;
  ScaleAndZero pair;
};

class Rewriter {
 public:
  void take(const Operation& o);
  std::vector<Operation> all;

 private:
  static std::string in(const Operation& o, std::size_t number) { return input_of(o, number); }
  static std::string inner(const Operation& o, const char* what) {
    return o.outputs.front() + "//" + what;
  }

  /// The numbers of integers.
  std::string number(const Operation& o, const char* what, const Scaled& value,
                     std::int64_t axis = 1) {
    const auto& [integers, pair] = value;
    std::string name = inner(o, what);
    all.push_back({"DequantizeLinear",
                   o.name,
                   {integers, pair.scale, pair.zero},
                   {name},
                   {{"axis", {.integers = {axis}}}}});
    return name;
  }

  /// The plain operator on numbers, rounded to integers unless there is no scale for them.
  void plain(const Operation& o, const char* type, std::vector<std::string> inputs,
             const ScaleAndZero& out) {
    const std::string name = out.scale.empty() ? o.outputs.front() : inner(o, "numbers");
    all.push_back({type, o.name, std::move(inputs), {name}, o.attributes});
    if (out.scale.empty()) return;
    all.push_back({"QuantizeLinear", o.name, {name, out.scale, out.zero}, {o.outputs.front()}, {}});
    pairs_[o.outputs.front()] = out;
  }

  /// A bias counts in products of the two scales.
  std::string bias(const Operation& o, const std::string& integers, const std::string& left,
                   const std::string& right) {
    if (integers.empty()) return "";
    const std::string scale = inner(o, "bias scale");
    all.push_back({"Mul", o.name, {left, right}, {scale}, {}});
    return number(o, "bias", {integers, {scale, ""}}, 0);
  }

  void convolution(const Operation& o) {
    const std::string x = number(o, "x", {in(o, 0), {in(o, 1), in(o, 2)}});
    const std::string w = number(o, "w", {in(o, 3), {in(o, 4), in(o, 5)}}, 0);
    plain(o, "Conv", {x, w, bias(o, in(o, 8), in(o, 1), in(o, 4))}, {in(o, 6), in(o, 7)});
  }

  void gemm(const Operation& o) {
    if (real(o, "alpha", 1) != 1) throw Unsupported(o, "a factor of the product");
    const std::string a = number(o, "a", {in(o, 0), {in(o, 1), in(o, 2)}});
    const std::int64_t columns = integer(o, "transB", 0) != 0 ? 0 : 1;
    const std::string b = number(o, "b", {in(o, 3), {in(o, 4), in(o, 5)}}, columns);
    plain(o, "Gemm", {a, b, bias(o, in(o, 6), in(o, 1), in(o, 4))}, {in(o, 7), in(o, 8)});
  }

  void binary(const Operation& o, const char* type) {
    const std::string a = number(o, "a", {in(o, 0), {in(o, 1), in(o, 2)}});
    const std::string b = number(o, "b", {in(o, 3), {in(o, 4), in(o, 5)}});
    plain(o, type, {a, b}, {in(o, 6), in(o, 7)});
  }

  void pool(const Operation& o, const char* type) {
    if (integer(o, "channels_last", 0) != 0) throw Unsupported(o, "channels last in a pool");
    plain(o, type, {number(o, "x", {in(o, 0), {in(o, 1), in(o, 2)}})}, {in(o, 3), in(o, 4)});
  }

  void concat(const Operation& o) {
    std::vector<std::string> inputs;
    for (std::size_t i = 2; i + 2 < o.inputs.size(); i += 3)
      inputs.push_back(
          number(o, ("x" + std::to_string(i)).c_str(), {in(o, i), {in(o, i + 1), in(o, i + 2)}}));
    plain(o, "Concat", std::move(inputs), {in(o, 0), in(o, 1)});
  }

  /// The largest integer stands for the largest number.
  bool pool_of_integers(const Operation& o) {
    const auto found = o.type == "MaxPool" ? pairs_.find(in(o, 0)) : pairs_.end();
    if (found == pairs_.end()) return false;
    const ScaleAndZero pair = found->second;
    plain(o, "MaxPool", {number(o, "x", {in(o, 0), pair})}, pair);
    return true;
  }

  std::map<std::string, ScaleAndZero> pairs_;  // of every value made of integers
};

void Rewriter::take(const Operation& o) {
  if (o.type == "QLinearConv") return convolution(o);
  if (o.type == "QLinearMatMul") return binary(o, "MatMul");
  if (o.type == "com.microsoft.QLinearAdd") return binary(o, "Add");
  if (o.type == "com.microsoft.QLinearMul") return binary(o, "Mul");
  if (o.type == "com.microsoft.QGemm") return gemm(o);
  if (o.type == "com.microsoft.QLinearGlobalAveragePool") return pool(o, "GlobalAveragePool");
  if (o.type == "com.microsoft.QLinearAveragePool") return pool(o, "AveragePool");
  if (o.type == "com.microsoft.QLinearConcat") return concat(o);
  if (pool_of_integers(o)) return;
  if (o.type == "QuantizeLinear") pairs_[o.outputs.front()] = {in(o, 1), in(o, 2)};
  all.push_back(o);
}

}  // namespace

Model without_integer_operators(Model model) {
  Rewriter rewriter;
  for (const Operation& o : model.operations) rewriter.take(o);
  model.operations = std::move(rewriter.all);
  return model;
}

}  // namespace lightloom::nn::onnx
