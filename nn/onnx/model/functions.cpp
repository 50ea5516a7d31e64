#include "nn/onnx/model/functions.hpp"

#include "core/error.hpp"

namespace lightloom::nn::onnx {
namespace {

constexpr int deepest = 64;
constexpr std::size_t most = 1 << 20;  // operations of one model

/// Replaces calls, one after the other.
class Inliner {
 public:
  explicit Inliner(const Functions& functions) : functions_(functions) {}

  void take(const Operation& operation, int depth) {
    const auto found = functions_.find(operation.type);
    if (found != functions_.end()) return expand(operation, found->second, depth);
    require(all.size() < most, "the model's functions make more than 2^20 operations");
    all.push_back(operation);
  }

  std::vector<Operation> all;

 private:
  void expand(const Operation& call, const Body& function, int depth) {
    require(depth < deepest, "the model's function {} calls itself", call.type);
    require(call.inputs.size() <= function.inputs.size() &&
                call.outputs.size() <= function.outputs.size(),
            "a call of the model's function {} has {} inputs and {} outputs (it takes {} and {})",
            call.type, call.inputs.size(), call.outputs.size(), function.inputs.size(),
            function.outputs.size());
    const std::string prefix =
        fmt::format("{}/{}/", call.name.empty() ? call.type : call.name, calls_++);
    std::map<std::string, std::string> names = names_of_inputs(call, function);
    const std::vector<Operation> passed = name_outputs(call, function, names);
    for (const Operation& inner : function.operations)
      take(renamed(inner, call, function, {prefix, names}), depth + 1);
    for (const Operation& copy : passed) take(copy, depth);
  }

  static std::map<std::string, std::string> names_of_inputs(const Operation& call,
                                                            const Body& function) {
    std::map<std::string, std::string> names{{"", ""}};
    for (std::size_t i = 0; i < function.inputs.size(); ++i)
      names[function.inputs[i]] = i < call.inputs.size() ? call.inputs[i] : "";
    return names;
  }

  /// Gives the function's outputs the names of the call's. An output that is an input as it comes,
  /// or a second one of the same name, is a copy.
  static std::vector<Operation> name_outputs(const Operation& call, const Body& function,
                                             std::map<std::string, std::string>& names) {
    std::vector<Operation> copies;
    for (std::size_t i = 0; i < call.outputs.size(); ++i) {
      if (call.outputs[i].empty()) continue;
      const auto [at, added] = names.try_emplace(function.outputs[i], call.outputs[i]);
      if (!added) copies.push_back({"Identity", call.name, {at->second}, {call.outputs[i]}, {}});
    }
    return copies;
  }

  struct Names {
    const std::string& prefix;
    std::map<std::string, std::string>& of;
  };

  static Operation renamed(const Operation& inner, const Operation& call, const Body& function,
                           Names names) {
    Operation out = inner;
    const auto rename = [&](std::string& name) {
      name = names.of.try_emplace(name, names.prefix + name).first->second;
    };
    for (std::string& name : out.inputs) rename(name);
    for (std::string& name : out.outputs) rename(name);
    out.name = names.prefix + (inner.name.empty() ? inner.type : inner.name);
    out.attributes.clear();
    for (const auto& [key, attribute] : inner.attributes) {
      if (attribute.reference.empty()) out.attributes[key] = attribute;
      if (attribute.reference.empty()) continue;
      for (const auto* from : {&call.attributes, &function.defaults}) {
        const auto found = from->find(attribute.reference);
        if (found == from->end()) continue;
        out.attributes[key] = found->second;
        break;
      }
    }
    return out;
  }

  const Functions& functions_;
  int calls_ = 0;
};

}  // namespace

std::vector<Operation> inlined(const std::vector<Operation>& operations,
                               const Functions& functions) {
  if (functions.empty()) return operations;
  Inliner inliner(functions);
  for (const Operation& operation : operations) inliner.take(operation, 0);
  return std::move(inliner.all);
}

}  // namespace lightloom::nn::onnx
