// ONNX models: read, imported as a network, and run by the interpreter when they ask for little.
#include <charconv>

#include "core/error.hpp"
#include "nn/graph/graph.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/import.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {
namespace {

using namespace nn::onnx;

Model of(std::vector<Operation> operations, std::vector<std::int64_t> input) {
  return {.opset = 17,
          .operations = std::move(operations),
          .constants = {},
          .inputs = {{.name = "x", .dims = std::move(input)}},
          .outputs = {"y"}};
}

Operation operation(const char* type, std::vector<std::string> inputs, const char* output) {
  return {.type = type,
          .name = output,
          .inputs = std::move(inputs),
          .outputs = {output},
          .attributes = {}};
}

Array floats(std::vector<std::int64_t> dims) {
  Array array{.dims = std::move(dims), .floats = {}, .integers = {}};
  array.floats.assign(static_cast<std::size_t>(array.size()), 0.5f);
  return array;
}

Bytes bytes_of_model(const Model& model) {
  write_model("seed.onnx", model);
  return contents_of("seed.onnx");
}

Model convolution() {
  Model model = of({operation("Conv", {"x", "w"}, "c"), operation("Relu", {"c"}, "r"),
                    operation("GlobalAveragePool", {"r"}, "p"), operation("Flatten", {"p"}, "f"),
                    operation("Gemm", {"f", "g", "b"}, "y")},
                   {1, 1, 4, 4});
  model.operations[0].attributes["pads"] = {.integers = {1, 1, 1, 1}, .list = true};
  model.operations[4].attributes["transB"] = {.integers = {1}};
  model.constants = {{"w", floats({3, 1, 3, 3})}, {"g", floats({2, 3})}, {"b", floats({2})}};
  return model;
}

Model shapes() {
  Model model = of({operation("Reshape", {"x", "s"}, "r"), operation("Transpose", {"r"}, "t"),
                    operation("MatMul", {"t", "w"}, "m"), operation("Softmax", {"m"}, "y")},
                   {1, 1, 2, 3});
  model.operations[1].attributes["perm"] = {.integers = {1, 0}, .list = true};
  model.constants = {{"s", integers_array({2, 3})}, {"w", floats({2, 2})}};
  return model;
}

/// A network with an If, its branches and a constant of one, which no writer of ours makes:
/// x x + 2 where the second side is 1, else -x x.
constexpr std::string_view branches =
    "080812003aea010a0e0a01780a017812016d22034d756c0a0d0a016d120173220553686170650a11"
    "0a01730a016912016422064761746865720a100a01640a01691201632205457175616c0a780a0163"
    "120179220249662a2c0a0b656c73655f6272616e6368321a0a0b0a016d12016e22034e6567120062"
    "090a016e12040a020801a001052a3e0a0b7468656e5f6272616e6368322c0a0e0a016d0a01741201"
    "61220341646412002a0d0801100122040000004042017462090a016112040a020801a0010512002a"
    "0810073a01014201695a130a0178120e0a0c080112080a0208020a02080162090a017912040a0208"
    "0142040a001011";

Bytes bytes_of_digits(std::string_view digits) {
  Bytes bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, bytes[i], 16);
  return bytes;
}

/// Values for inputs whose sides are known and few; whether there are any for all.
bool fill(const Model& model, std::map<std::string, Array>& values) {
  for (const auto& input : model.inputs) {
    std::int64_t size = 1;
    for (const std::int64_t side : input.dims) {
      if (side < 1 || side > 16 || (size *= side) > 256) return false;
    }
    values[input.name] = floats(input.dims);
  }
  return true;
}

}  // namespace

void read_input(Input input) {
  const std::string path = file_of(input, "model.onnx");
  const Model model = read_model(path);
  std::map<std::string, Array> values;
  try {
    if (fill(model, values)) (void)evaluate(model, values);
  } catch (const Unsupported&) {  // what the interpreter lacks may still be a network
  } catch (const Error&) {
  }
  Imported imported = import_model(path);
  (void)nn::network_shape(imported.graph);
}

std::vector<Seed> seeds() {
  return {{"convolution.onnx", bytes_of_model(convolution())},
          {"shapes.onnx", bytes_of_model(shapes())},
          {"branches.onnx", bytes_of_digits(branches)}};
}

}  // namespace lightloom::fuzz
