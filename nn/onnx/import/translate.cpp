#include "nn/onnx/import/translate.hpp"

#include <fmt/format.h>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/passes/integer_operators.hpp"
#include "nn/onnx/passes/one_dimension.hpp"

namespace lightloom::nn::onnx {
namespace {

const Handlers& handlers() {
  static const Handlers all = [] {
    Handlers made;
    add_products(made);
    add_elementwise(made);
    add_shapes(made);
    add_layout(made);
    add_affine(made);
    add_reductions(made);
    add_quantisers(made);
    return made;
  }();
  return all;
}

/// Operations on constants alone, as exporters write shapes and reshaped weights.
bool fold_constants(Translation& translation, const Operation& o) {
  const auto inputs = translation.all_constant(o);
  if (!inputs || inputs->empty() || !interprets(o.type)) return false;
  translation.results(o, evaluate(o, *inputs, translation.opset()));
  return true;
}

}  // namespace

Imported translate(const Model& given) {
  const Model model = with_maps_for_lines(without_integer_operators(given));
  Translation translation(model);
  for (const Operation& operation : model.operations) {
    for (const auto& [key, attribute] : operation.attributes)
      if (attribute.graph) throw Unsupported(operation, "a body of its own");
    if (fold_constants(translation, operation)) continue;
    const auto found = handlers().find(operation.type);
    if (found == handlers().end()) {
      throw Unsupported(operation, fmt::format("this operator (opset {})", model.opset));
    }
    found->second(translation, operation);
    translation.done(operation);
  }
  return std::move(translation).finish();
}

}  // namespace lightloom::nn::onnx
