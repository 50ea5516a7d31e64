#include "nn/onnx/import/translate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/model/branches.hpp"
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

/// An If, by its outputs, whose condition turned out to be known.
struct Decision {
  std::vector<std::string> outputs;
  bool condition;
};

/// Throws `Unsupported` where the condition depends on the images.
Decision decision_on(const Operation& choice, const Translation& translation) {
  const auto* condition = std::get_if<Array>(&translation.value(choice, 0));
  if (condition == nullptr) throw Unsupported(choice, "a branch that depends on the input");
  return {choice.outputs, truth_of(choice, *condition)};
}

void require_plain(const Operation& o, std::int64_t opset) {
  for (const auto& [key, attribute] : o.attributes)
    if (attribute.graph) throw Unsupported(o, "a body of its own");
  if (opset < 7 && integer(o, "broadcast", 0) != 0)
    throw Unsupported(o, "the broadcasting of opset 6");
  if (o.inputs.empty() && o.type != "Constant") throw Unsupported(o, "a missing input");
}

/// The network, or the first If on the way to it.
std::variant<Imported, Decision> translated_to_a_branch(const Model& model) {
  Translation translation(model);
  for (const Operation& operation : model.operations) {
    translation.in_hand = &operation;
    require_plain(operation, model.opset);
    if (operation.type == "If") return decision_on(operation, translation);
    if (fold_constants(translation, operation)) continue;
    const auto found = handlers().find(operation.type);
    if (found == handlers().end()) {
      throw Unsupported(operation, fmt::format("this operator (opset {})", model.opset));
    }
    found->second(translation, operation);
  }
  return std::move(translation).finish();
}

/// The branch in the place of its If.
void take_branch(Model& model, const Decision& decision) {
  const auto choice = std::find_if(
      model.operations.begin(), model.operations.end(),
      [&](const Operation& o) { return o.type == "If" && o.outputs == decision.outputs; });
  std::vector<Operation> branch = branch_taken(*choice, decision.condition);
  const auto after = model.operations.erase(choice);
  model.operations.insert(after, std::make_move_iterator(branch.begin()),
                          std::make_move_iterator(branch.end()));
}

}  // namespace

bool translates(const std::string& operation_type) {
  return handlers().contains(operation_type) || is_spelt_out(operation_type);
}

Imported translate(const Model& given) {
  constexpr int most_branches = 256;  // each is a translation anew
  Model model = given;
  for (int i = 0; i < most_branches; ++i) {
    auto found = translated_to_a_branch(spelt_out(without_integer_operators(model)));
    if (auto* imported = std::get_if<Imported>(&found)) return std::move(*imported);
    take_branch(model, std::get<Decision>(found));
  }
  throw Unsupported(model.operations.back(),
                    fmt::format("a model of more than {} branches", most_branches));
}

}  // namespace lightloom::nn::onnx
