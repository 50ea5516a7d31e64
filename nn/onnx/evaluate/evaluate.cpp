#include "nn/onnx/evaluate/evaluate.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/branches.hpp"

namespace lightloom::nn::onnx {
namespace {

const OperatorTable& table() {
  static const OperatorTable all = [] {
    OperatorTable made;
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
    add_quantisers(made);
    add_integer_products(made);
    add_recurrent(made);
    return made;
  }();
  return all;
}

std::vector<const Array*> inputs_of(const Operation& operation,
                                    const std::map<std::string, Array>& values) {
  std::vector<const Array*> inputs;
  for (const std::string& name : operation.inputs) {
    const auto found = values.find(name);
    require(name.empty() || found != values.end(), "{} reads '{}', which nothing makes",
            operation.type, name);
    inputs.push_back(name.empty() ? nullptr : &found->second);
  }
  return inputs;
}

/// What an operator says of its inputs, with the node that it says it of.
std::vector<Array> run(OperatorFunction function, const OperatorCall& call) {
  try {
    return function(call);
  } catch (const TooLarge& problem) {
    throw Unsupported(call.operation, problem.what());
  } catch (const Error& problem) {
    throw Error(
        fmt::format("{} ({}): {}", place_of(call.operation), call.operation.type, problem.what()));
  } catch (const std::out_of_range&) {  // of a list, by a number of another input
    throw Error(fmt::format("{} ({}): its inputs and attributes do not fit one another",
                            place_of(call.operation), call.operation.type));
  }
}

/// The branch of an If that its condition chooses. The other may not fit what is there.
std::vector<Operation> chosen(const Operation& choice, const std::map<std::string, Array>& values) {
  const std::vector<const Array*> inputs = inputs_of(choice, values);
  require(!inputs.empty() && inputs.front() != nullptr, "{} (If) has no condition",
          place_of(choice));
  return branch_taken(choice, truth_of(choice, *inputs.front()));
}

/// Evaluates operations in their order and adds their results to the values.
void evaluate_all(const std::vector<Operation>& operations, std::int64_t opset,
                  std::map<std::string, Array>& values) {
  for (const Operation& operation : operations) {
    if (operation.type == "If") {
      evaluate_all(chosen(operation, values), opset, values);
      continue;
    }
    std::vector<Array> made = evaluate(operation, inputs_of(operation, values), opset);
    for (std::size_t i = 0; i < std::min(made.size(), operation.outputs.size()); ++i) {
      if (!operation.outputs[i].empty()) values[operation.outputs[i]] = std::move(made[i]);
    }
  }
}

}  // namespace

std::vector<Array> evaluate(const Operation& operation, const std::vector<const Array*>& inputs,
                            std::int64_t opset) {
  const auto found = table().find(operation.type);
  if (found == table().end()) {
    throw Unsupported(operation, fmt::format("this operator (opset {})", opset));
  }
  std::vector<Array> outputs = run(found->second, {operation, inputs, opset});
  for (std::size_t i = outputs.size(); i < operation.outputs.size(); ++i) {
    if (!operation.outputs[i].empty()) throw Unsupported(operation, "so many outputs");
  }
  return outputs;
}

bool interprets(const std::string& operation_type) { return table().contains(operation_type); }

std::vector<Array> evaluate(const Model& model, std::map<std::string, Array> values) {
  values.insert(model.constants.begin(), model.constants.end());
  evaluate_all(model.operations, model.opset, values);
  std::vector<Array> outputs;
  for (const std::string& name : model.outputs) {
    const auto found = values.find(name);
    require(found != values.end(), "nothing makes the output '{}'", name);
    outputs.push_back(found->second);
  }
  return outputs;
}

}  // namespace lightloom::nn::onnx
