#include "nn/onnx/passes/tail.hpp"

#include <algorithm>
#include <set>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/order.hpp"

namespace lightloom::nn::onnx {
namespace {

const Operation* maker_of(const Model& model, const std::string& name) {
  const auto found = std::find_if(
      model.operations.begin(), model.operations.end(), [&](const Operation& operation) {
        return std::find(operation.outputs.begin(), operation.outputs.end(), name) !=
               operation.outputs.end();
      });
  return found == model.operations.end() ? nullptr : &*found;
}

/// Another form of the same numbers.
bool changes_form(const Operation& o) {
  static const std::set<std::string> all{
      "Identity", "Cast",    "Squeeze",        "Unsqueeze",
      "Reshape",  "Flatten", "QuantizeLinear", "DequantizeLinear"};
  return all.contains(o.type);
}

/// Keeps the order of the classes of each image.
bool ranks_classes(const Model& model, const Operation& o) {
  const std::int64_t first = model.opset < 13 ? 1 : -1;  // the default of Softmax and its kin
  if (o.type == "Softmax" || o.type == "LogSoftmax" || o.type == "Hardmax")
    return integer(o, "axis", first) != 0;
  if (o.type == "ArgMax") return integer(o, "axis", 0) != 0;
  if (o.type == "TopK") return integer(o, "axis", -1) != 0 && integer(o, "largest", 1) != 0;
  if (o.type == "ai.onnx.ml.ZipMap") return true;
  if (o.type != "Log") return false;
  const Operation* before = maker_of(model, o.inputs.front());
  return before != nullptr && before->type == "Softmax" && ranks_classes(model, *before);
}

/// The operation at the end that only ranks classes, behind changes of form; else null.
const Operation* last_ranking(const Model& model) {
  const Operation* o = maker_of(model, model.outputs.front());
  while (o != nullptr && changes_form(*o)) o = maker_of(model, o->inputs.front());
  return o != nullptr && !o->inputs.empty() && ranks_classes(model, *o) ? o : nullptr;
}

}  // namespace

Model up_to_logits(Model model) {
  if (model.outputs.empty()) return model;
  model.outputs.resize(1);
  while (const Operation* ranking = last_ranking(model)) model.outputs = {ranking->inputs.front()};
  return without_dead(std::move(model));
}

}  // namespace lightloom::nn::onnx
