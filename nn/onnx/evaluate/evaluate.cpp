#include "nn/onnx/evaluate/evaluate.hpp"

#include "core/error.hpp"
#include "nn/onnx/evaluate/call.hpp"

namespace lightloom::nn::onnx {
namespace {

const Table& table() {
  static const Table all = [] {
    Table made;
    add_elementwise(made);
    add_logic(made);
    add_reductions(made);
    add_selections(made);
    add_layout(made);
    add_indexing(made);
    add_constants(made);
    add_products(made);
    add_convolutions(made);
    add_pooling(made);
    add_normalisation(made);
    add_attention(made);
    return made;
  }();
  return all;
}

Call call_of(const Operation& operation, const std::map<std::string, Array>& values,
             std::int64_t opset) {
  Call call{operation, {}, opset};
  for (const std::string& name : operation.inputs) {
    const auto found = values.find(name);
    require(name.empty() || found != values.end(), "{} reads '{}', which nothing makes",
            operation.type, name);
    call.inputs.push_back(name.empty() ? nullptr : &found->second);
  }
  return call;
}

void evaluate(const Operation& operation, std::int64_t opset,
              std::map<std::string, Array>& values) {
  const auto found = table().find(operation.type);
  if (found == table().end()) {
    throw Unsupported(operation, fmt::format("this operator (opset {})", opset));
  }
  std::vector<Array> outputs = found->second(call_of(operation, values, opset));
  for (std::size_t i = 0; i < operation.outputs.size(); ++i) {
    if (operation.outputs[i].empty()) continue;
    if (i >= outputs.size()) throw Unsupported(operation, "so many outputs");
    values[operation.outputs[i]] = std::move(outputs[i]);
  }
}

}  // namespace

bool interprets(const std::string& operation_type) { return table().contains(operation_type); }

std::vector<Array> evaluate(const Model& model, std::map<std::string, Array> values) {
  values.insert(model.constants.begin(), model.constants.end());
  for (const Operation& operation : model.operations) evaluate(operation, model.opset, values);
  std::vector<Array> outputs;
  for (const std::string& name : model.outputs) {
    const auto found = values.find(name);
    require(found != values.end(), "nothing makes the output '{}'", name);
    outputs.push_back(found->second);
  }
  return outputs;
}

}  // namespace lightloom::nn::onnx
