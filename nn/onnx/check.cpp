#include "nn/onnx/check.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <new>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/order.hpp"
#include "nn/onnx/model/unsupported.hpp"
#include "nn/onnx/other_readings.hpp"

namespace lightloom::nn::onnx {
namespace {

namespace fs = std::filesystem;

/// The arrays of one data set, in the model's order.
struct DataSet {
  std::vector<Array> inputs, outputs;
};

std::vector<Array> read_arrays(const fs::path& set, const std::string& kind, std::size_t count) {
  std::vector<Array> arrays;
  for (std::size_t i = 0; i < count; ++i) {
    const fs::path path = set / fmt::format("{}_{}.pb", kind, i);
    require(fs::exists(path), "'{}' lacks {}", set.string(), path.filename().string());
    arrays.push_back(read_array(path.string()));
  }
  return arrays;
}

std::vector<DataSet> read_sets(const fs::path& folder, const Model& model) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const bool named = entry.path().filename().string().starts_with("test_data_set");
    if (named && entry.is_directory()) paths.push_back(entry.path());
  }
  require(!paths.empty(), "'{}' has no folder test_data_set_0", folder.string());
  std::sort(paths.begin(), paths.end());
  std::vector<DataSet> sets;
  for (const fs::path& path : paths) {
    sets.push_back({read_arrays(path, "input", model.inputs.size()),
                    read_arrays(path, "output", model.outputs.size())});
  }
  return sets;
}

/// What makes the whole case unsupported before anything runs.
void require_supported(const Model& model) {
  const Operation& last = model.operations.back();
  if (model.opset < oldest_opset || model.opset > newest_opset) {
    throw Unsupported(last, fmt::format("opset {}", model.opset));
  }
  if (model.ir > newest_ir) throw Unsupported(last, fmt::format("IR version {}", model.ir));
  for (const Operation& operation : model.operations) {
    const bool trains = operation.type == "BatchNormalization" || operation.type == "Dropout";
    if (model.opset < 7 && trains && integer(operation, "is_test", 0) == 0) {
      throw Unsupported(operation, "training mode (opset 6)");
    }
    for (const auto& [key, attribute] : operation.attributes) {
      if (attribute.graph) throw Unsupported(operation, "a body of its own");
    }
    const bool known = interprets(operation.type) || translates(operation.type);
    if (!known && operation.type != "If") {
      throw Unsupported(operation, fmt::format("this operator (opset {})", model.opset));
    }
  }
  const bool tensors = std::all_of(model.inputs.begin(), model.inputs.end(),
                                   [](const Input& input) { return input.tensor; });
  if (!tensors) throw Unsupported(model.operations.front(), "an input that is no tensor");
}

void require_held(const Model& model, const DataSet& set) {
  for (const auto* arrays : {&set.inputs, &set.outputs}) {
    for (const Array& array : *arrays) {
      if (held(array.type)) continue;
      throw Unsupported(model.operations.back(), "the element type " + name_of(array.type));
    }
  }
}

/// The engine takes memory for a whole pass: no file may ask for more than a machine has.
void require_moderate(const Imported& imported, std::int64_t elements) {
  constexpr double most = 1 << 27;
  const auto images = static_cast<double>(elements) /
                      static_cast<double>(imported.graph.nodes.front().shape.size());
  double floats = 0;
  for (const Node& node : imported.graph.nodes)
    floats += images * static_cast<double>(node.shape.size());
  require(floats <= most, "maps of more than 2^27 numbers");
}

/// Runs a set through the engine. Throws `Unsupported` (or an `Error` of the graph) when it does
/// not fit.
Array through_engine(Model model, const DataSet& set) {
  if (set.inputs.empty() || set.outputs.size() != 1) {
    throw Unsupported(model.operations.back(), "this number of inputs or outputs");
  }
  for (const Array* array : {&set.inputs[0], &set.outputs[0]}) {
    if (array->type != ElementType::float32 || array->size() == 0) {
      throw Unsupported(model.operations.back(), "this element type");
    }
  }
  for (std::size_t i = 1; i < set.inputs.size(); ++i) {
    model.constants[model.inputs[i].name] = set.inputs[i];
  }
  model.inputs.resize(1);
  const bool open = !model.inputs[0].dims.empty() && model.inputs[0].dims[0] == 0;
  model.inputs[0].dims = set.inputs[0].dims;
  if (open) model.inputs[0].dims[0] = 0;  // one image stands for all
  const Imported imported = translate(model);
  if (imported.graph.nodes.size() < 2) {
    throw Unsupported(model.operations.back(), "nothing to compute");
  }
  require_moderate(imported, set.inputs[0].size());
  Network network = network_of(imported, {});
  Inference inference(network);
  const Tensor& result = inference.forward(images_of(imported, set.inputs[0]));
  return output_of(imported, result);
}

/// The same number, both infinite alike, or both not a number: then there is no error.
double error_of(double got, double expected) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return 0;
  return std::isfinite(got) && std::isfinite(expected) ? std::abs(got - expected) : INFINITY;
}

void fail(CaseResult& result, std::string reason) {
  result.status = "fail";
  result.reason = std::move(reason);
}

std::string shape_text(const Array& array) {
  return fmt::format("{}[{}]", name_of(array.type), fmt::join(array.dims, ", "));
}

/// What a result may be off: the relative tolerance of ONNX's own tests with a floor of float32
/// sums; two steps of the narrower types, which operators round to in between.
double tolerance(ElementType type, double wanted) {
  if (type == ElementType::float16) return 0x1p-9 * (1 + std::abs(wanted));
  if (type == ElementType::bfloat16) return 0x1p-6 * (1 + std::abs(wanted));
  return 1e-5 + 1e-3 * std::abs(wanted);
}

void compare(const Array& got, const Array& expected, CaseResult& result) {
  if (got.dims != expected.dims || got.type != expected.type) {
    return fail(result, fmt::format("the result is {} where {} is expected", shape_text(got),
                                    shape_text(expected)));
  }
  for (std::size_t i = 0; i < got.floats.size(); ++i) {
    const double wanted = expected.floats[i], error = error_of(got.floats[i], wanted);
    result.max_error = std::max(result.max_error.value_or(0), error);
    if (error > tolerance(expected.type, wanted) && error > 0) fail(result, "the output differs");
  }
  for (std::size_t i = 0; i < got.integers.size(); ++i) {
    const double error =
        std::abs(static_cast<double>(got.integers[i]) - static_cast<double>(expected.integers[i]));
    result.max_error = std::max(result.max_error.value_or(0), error);
    if (got.integers[i] != expected.integers[i]) fail(result, "the output differs");
  }
  if (got.size() == 0) result.max_error = result.max_error.value_or(0);
}

bool check_engine(const Model& model, const std::vector<DataSet>& sets, CaseResult& result) {
  std::vector<Array> outputs;
  try {
    for (const DataSet& set : sets) outputs.push_back(through_engine(model, set));
  } catch (const Unsupported& refusal) {
    result.engine_refusal = refusal.what();
    return false;
  } catch (const std::exception& refusal) {  // oneDNN's and the memory's own as well
    result.engine_refusal = refusal.what();
    return false;
  }
  result.path = "engine";
  for (std::size_t i = 0; i < sets.size(); ++i) compare(outputs[i], sets[i].outputs[0], result);
  return true;
}

void check_interpreter(const Model& model, const std::vector<DataSet>& sets, CaseResult& result) {
  for (const Operation& operation : model.operations)
    if (!interprets(operation.type))
      throw Unsupported(operation, fmt::format("this operator (opset {})", model.opset));
  result.path = "interpreter";
  for (const DataSet& set : sets) {
    std::map<std::string, Array> values;
    for (std::size_t i = 0; i < set.inputs.size(); ++i) {
      values[model.inputs[i].name] = set.inputs[i];
    }
    std::vector<Array> outputs;
    try {
      outputs = evaluate(model, std::move(values));
    } catch (const std::bad_alloc&) {
      throw Unsupported(model.operations.back(), "more memory than there is");
    } catch (const Error& contradiction) {
      return fail(result, contradiction.what());
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) compare(outputs[i], set.outputs[i], result);
  }
}

/// Runs a model on all sets.
void check_model(const Model& model, const std::vector<DataSet>& sets, CaseResult& result) {
  if (!check_engine(model, sets, result)) check_interpreter(model, sets, result);
}

/// Whether the interpreter, which shares nothing with the engine, has the engine's results.
bool agree(const Model& model, std::vector<DataSet> sets) {
  CaseResult other{.name = {}, .status = "pass"};
  try {
    for (DataSet& set : sets) set.outputs = {through_engine(model, set)};
    check_interpreter(model, sets, other);
  } catch (const Unsupported&) {
    return false;
  }
  return other.status == "pass";
}

/// Adds to a failure which other computation gives what is expected, else whether both of ours
/// agree.
void explain(const Model& model, const std::vector<DataSet>& sets, CaseResult& result) {
  const std::string plain = result.reason;
  for (const OtherReading& reading : other_readings(model)) {
    CaseResult other{.name = result.name, .status = "pass"};
    try {
      check_model(reading.model, sets, other);
    } catch (const Unsupported&) {
      continue;
    }
    if (other.status == "pass") result.reason += "; " + reading.meaning;
  }
  if (result.reason == plain && result.path == "engine" && agree(model, sets))
    result.reason +=
        "; the interpreter, which shares nothing with the engine, computes the same as it (outputs "
        "of another network, or an exporter that wrote what it did not mean?)";
}

std::string name_of_folder(const fs::path& folder) {
  const fs::path clean = folder.lexically_normal();
  return (clean.filename().empty() ? clean.parent_path() : clean).filename().string();
}

}  // namespace

CaseResult check_case(const std::string& folder) {
  require(fs::is_directory(folder), "'{}' is not a folder (a case has model.onnx in it)", folder);
  CaseResult result{.name = name_of_folder(folder), .status = "pass"};
  const Model model = without_dead(read_model((fs::path(folder) / "model.onnx").string()));
  require(!model.operations.empty(), "'{}' holds a model without operators", folder);
  result.operation = model.operations.back().type;
  try {
    require_supported(model);
    const std::vector<DataSet> sets = read_sets(folder, model);
    for (const DataSet& set : sets) require_held(model, set);
    check_model(model, sets, result);
    if (result.status == "fail") explain(model, sets, result);
  } catch (const Unsupported& problem) {
    result.status = "unsupported";
    result.path.clear();
    result.operation = problem.operation_type;
    result.reason = problem.what();
    result.max_error.reset();
  }
  return result;
}

}  // namespace lightloom::nn::onnx
