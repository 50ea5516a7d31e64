#include "nn/onnx/import/translate.hpp"

#include <fmt/format.h>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/passes/integer_operators.hpp"
#include "nn/onnx/passes/spelling.hpp"

namespace lightloom::nn::onnx {
namespace {

const Handlers& handlers() {
  static const Handlers all = [] {
    Handlers made;
    add_products(made);
    add_functions(made);
    add_operands(made);
    add_moves(made);
    add_norms(made);
    add_resizing(made);
    add_einsum(made);
    add_rows(made);
    add_reductions(made);
    add_shapes(made);
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

bool translates(const std::string& operation_type) {
  return handlers().contains(operation_type) || is_spelt_out(operation_type);
}

Imported translate(const Model& given) {
  const Model model = spelt_out(without_integer_operators(given));
  Translation translation(model);
  for (const Operation& operation : model.operations) {
    translation.in_hand = &operation;
    for (const auto& [key, attribute] : operation.attributes)
      if (attribute.graph) throw Unsupported(operation, "a body of its own");
    if (model.opset < 7 && integer(operation, "broadcast", 0) != 0)
      throw Unsupported(operation, "the broadcasting of opset 6");
    if (operation.inputs.empty() && operation.type != "Constant")
      throw Unsupported(operation, "a missing input");
    if (fold_constants(translation, operation)) continue;
    const auto found = handlers().find(operation.type);
    if (found == handlers().end()) {
      throw Unsupported(operation, fmt::format("this operator (opset {})", model.opset));
    }
    found->second(translation, operation);
  }
  return std::move(translation).finish();
}

}  // namespace lightloom::nn::onnx
