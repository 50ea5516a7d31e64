#include "nn/onnx/passes/tail.hpp"

#include <map>
#include <set>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/order.hpp"

namespace lightloom::nn::onnx {
namespace {

/// What makes each value.
using Makers = std::map<std::string, const Operation*>;

Makers makers_of(const Model& model) {
  Makers makers;
  for (const Operation& operation : model.operations)
    for (const std::string& name : operation.outputs)
      if (!name.empty()) makers[name] = &operation;
  return makers;
}

/// Looks labels up by the numbers of classes, which come second (scikit-learn's classifiers).
bool looks_labels_up(const Operation& o) {
  return o.type == "ai.onnx.ml.ArrayFeatureExtractor" && o.inputs.size() == 2;
}

const Operation* first_maker(const Makers& makers, const Operation& reader) {
  if (reader.inputs.empty()) return nullptr;
  const auto found = makers.find(looks_labels_up(reader) ? reader.inputs[1] : reader.inputs[0]);
  return found == makers.end() ? nullptr : found->second;
}

/// Whether the labels looked up are the numbers of the classes themselves.
bool keeps_numbers(const Model& model, const Operation& o) {
  const auto found = model.constants.find(input_of(o, 0));
  if (found == model.constants.end()) return false;
  const std::vector<std::int64_t>& labels = found->second.integers;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != static_cast<std::int64_t>(i)) return false;
  return !labels.empty();
}

/// Another form of the same numbers.
bool changes_form(const Operation& o) {
  static const std::set<std::string> all{
      "Identity", "Cast",    "Squeeze",        "Unsqueeze",
      "Reshape",  "Flatten", "QuantizeLinear", "DequantizeLinear"};
  return all.contains(o.type);
}

/// Keeps the order of the classes of each image.
bool ranks_classes(const Makers& makers, std::int64_t opset, const Operation& o) {
  const std::int64_t first = opset < 13 ? 1 : -1;  // the default of Softmax and its kin
  if (o.type == "Softmax" || o.type == "LogSoftmax" || o.type == "Hardmax")
    return integer(o, "axis", first) != 0;
  if (o.type == "ArgMax") return integer(o, "axis", 0) != 0;
  if (o.type == "TopK") return integer(o, "axis", -1) != 0 && integer(o, "largest", 1) != 0;
  if (o.type == "ai.onnx.ml.ZipMap") return true;
  if (o.type != "Log") return false;
  const Operation* before = first_maker(makers, o);
  return before != nullptr && before->type == "Softmax" && ranks_classes(makers, opset, *before);
}

}  // namespace

Model up_to_logits(Model model) {
  if (model.outputs.empty()) return model;
  model.outputs.resize(1);
  const Makers makers = makers_of(model);
  const auto last = makers.find(model.outputs.front());
  const Operation* o = last == makers.end() ? nullptr : last->second;
  for (std::size_t steps = 0; o != nullptr && steps <= model.operations.size(); ++steps) {
    const bool ranks = !o->inputs.empty() && ranks_classes(makers, model.opset, *o);
    if (ranks) model.outputs = {o->inputs.front()};  // without what changes the form behind it
    if (!ranks && !changes_form(*o) && !(looks_labels_up(*o) && keeps_numbers(model, *o))) break;
    o = first_maker(makers, *o);
  }
  return without_dead(std::move(model));
}

}  // namespace lightloom::nn::onnx
