#include "nn/onnx/model/branches.hpp"

#include <algorithm>
#include <set>

#include "core/error.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {
namespace {

/// The body of a branch; null where the file gives none.
const Body* branch_body(const Operation& choice, const char* branch) {
  const auto found = choice.attributes.find(branch);
  return found == choice.attributes.end() ? nullptr : found->second.branch.get();
}

/// Which no other If shares: values of its branch are called by it.
std::string own_name(const Operation& choice) {
  const auto named = std::find_if(choice.outputs.begin(), choice.outputs.end(),
                                  [](const std::string& output) { return !output.empty(); });
  return named == choice.outputs.end() ? choice.name : *named;
}

}  // namespace

std::vector<std::string> read_from_around(const Body& body) {
  std::set<std::string> known{""};
  for (const Operation& o : body.operations) known.insert(o.outputs.begin(), o.outputs.end());
  std::vector<std::string> around;
  const auto look_at = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names)
      if (known.insert(name).second) around.push_back(name);
  };
  for (const Operation& o : body.operations) look_at(o.inputs);
  look_at(body.outputs);
  return around;
}

bool truth_of(const Operation& choice, const Array& condition) {
  require(condition.integers.size() == 1, "{} (If): its condition is not one truth value",
          place_of(choice));
  return condition.integers.front() != 0;
}

std::vector<Operation> branch_taken(const Operation& choice, bool condition) {
  const Body *yes = branch_body(choice, "then_branch"), *no = branch_body(choice, "else_branch");
  require(yes != nullptr && no != nullptr, "{} (If) has not two branches (the file is damaged)",
          place_of(choice));
  const Body& body = condition ? *yes : *no;
  require(body.outputs.size() >= choice.outputs.size(),
          "{} (If) has {} outputs and a branch of {} (the file is damaged)", place_of(choice),
          choice.outputs.size(), body.outputs.size());
  // The values around the first branch follow the condition, those around the second them.
  const std::size_t skip = 1 + (condition ? 0 : yes->inputs.size());
  require(choice.inputs.size() == 1 + yes->inputs.size() + no->inputs.size(),
          "{} (If) does not read what its branches do", place_of(choice));
  const char* const taken = "the branch of an If";  // an If in the branch is another one
  Operation call{.type = taken, .name = own_name(choice), .outputs = choice.outputs};
  const auto first = choice.inputs.begin() + static_cast<std::ptrdiff_t>(skip);
  call.inputs.assign(first, first + static_cast<std::ptrdiff_t>(body.inputs.size()));
  return inlined({call}, {{taken, body}});
}

}  // namespace lightloom::nn::onnx
