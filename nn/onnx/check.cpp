#include "nn/onnx/check.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "nn/inference.hpp"
#include "nn/onnx/import.hpp"

namespace lightloom::nn::onnx {
namespace {

namespace fs = std::filesystem;

fs::path input_path(const fs::path& set, std::size_t number) {
  return set / ("input_" + std::to_string(number) + ".pb");
}

/// Inputs after the first become constants with the values of this data set; the first gets its
/// real shape.
void settle_inputs(const fs::path& set, Model& model) {
  require(!model.inputs.empty(), "the model has no input");
  for (std::size_t i = 1; i < model.inputs.size(); ++i) {
    model.constants[model.inputs[i].name] = read_array(input_path(set, i).string());
  }
  model.inputs.resize(1);
}

/// Largest error; clears `close` when the tolerance is exceeded (by NaN too) or the sizes differ.
double compare(const std::vector<float>& got, const Array& expected, bool& close) {
  double largest = 0;
  close = close && got.size() == expected.floats.size();
  for (std::size_t i = 0; i < std::min(got.size(), expected.floats.size()); ++i) {
    const double error = std::abs(double{got[i]} - expected.floats[i]);
    close = close && error <= 1e-5 + 1e-3 * std::abs(double{expected.floats[i]});
    largest = std::max(largest, error);
  }
  return largest;
}

/// The output in ONNX's order and shape.
std::vector<float> output_of(const Tensor& result, const Imported& imported) {
  if (!imported.flattened) return to_channels_first(result);
  Tensor map(TensorShape(result.shape().images, *imported.flattened));
  std::copy_n(result.data(), result.shape().size(), map.data());
  return to_channels_first(map);
}

void check_set(const fs::path& set, Model model, CaseResult& result) {
  settle_inputs(set, model);
  const Array input = read_array(input_path(set, 0).string());
  const Array expected = read_array((set / "output_0.pb").string());
  if (input.integer || input.floats.empty() || expected.integer || expected.floats.empty()) {
    throw Unsupported(model.operations.back(), "this element type");
  }
  model.inputs[0].dims = input.dims;
  const Imported imported = translate(model);
  Network network = network_of(imported, {});
  Inference inference(network);
  const Tensor& logits = inference.forward(to_channels_last(input, network.graph().nodes[0].shape));
  bool close = imported.output_dims == expected.dims;
  result.max_error =
      std::max(result.max_error, compare(output_of(logits, imported), expected, close));
  if (!close) {
    result.status = "fail";
    result.reason = "the output differs";
  }
}

}  // namespace

CaseResult check_case(const std::string& folder) {
  CaseResult result{.name = fs::path(folder).filename().string(), .status = "pass"};
  try {
    const Model model = read_model((fs::path(folder) / "model.onnx").string());
    require(!model.operations.empty(), "the model has no operator");
    result.operation = model.operations.back().type;
    require_known_operators(model);
    int sets = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_directory()) check_set(entry.path(), model, result);
      sets += entry.is_directory() ? 1 : 0;
    }
    require(sets > 0, "there is no test_data_set folder");
  } catch (const Unsupported& problem) {
    result.status = "unsupported";
    result.operation = problem.operation_type;
    result.reason = problem.what();
  } catch (const std::exception& problem) {
    result.status = "fail";
    result.reason = problem.what();
  }
  return result;
}

}  // namespace lightloom::nn::onnx
