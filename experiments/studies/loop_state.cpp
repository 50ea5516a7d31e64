#include "experiments/studies/loop_state.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "experiments/results/files/provenance.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* loop_kind = "in_the_loop";
constexpr const char* weight_prefix = "now.";

double number_of(const Labelled& file, const char* key) {
  const auto found = file.attributes.find(key);
  const auto* value =
      found == file.attributes.end() ? nullptr : std::get_if<double>(&found->second);
  require(value != nullptr, "it is damaged (it lacks '{}')", key);
  return *value;
}

/// A column of the table of stages.
std::vector<double> column_in(const Labelled& file, const char* name) {
  const Variable* found = file.variable(name);
  const auto* values =
      found == nullptr ? nullptr : std::get_if<std::vector<double>>(&found->values);
  require(values != nullptr, "it is damaged (it lacks '{}')", name);
  return *values;
}

LoopState state_in(const Labelled& file, const std::string& identity) {
  require(text_attribute(file, "kind") == loop_kind, "it is no state of fine-tuning in the loop");
  LoopState state{.identity = text_attribute(file, "identity"), .result = {}, .weights = {}};
  require(state.identity == identity, "it belongs to another card or other files");
  LoopResult& result = state.result;
  result.validation_before = number_of(file, "validation_before");
  result.test_before = number_of(file, "test_before");
  const std::vector<double> layers = column_in(file, "layers"), before = column_in(file, "before"),
                            after = column_in(file, "after"), kept = column_in(file, "kept_epoch");
  require(before.size() == layers.size() && after.size() == layers.size() &&
              kept.size() == layers.size(),
          "it is damaged");
  for (std::size_t s = 0; s < layers.size(); ++s)
    result.stages.push_back({.layers = static_cast<int>(layers[s]),
                             .before = before[s],
                             .after = after[s],
                             .kept_epoch = static_cast<int>(kept[s])});
  for (const Variable& variable : file.variables)
    if (const auto* values = std::get_if<std::vector<float>>(&variable.values))
      state.weights.push_back({variable.name.substr(std::string(weight_prefix).size()), *values});
  return state;
}

}  // namespace

void save_loop_state(const std::string& path, const LoopState& state) {
  Labelled file;
  file.attributes["kind"] = std::string(loop_kind);
  file.attributes["identity"] = state.identity;
  file.attributes["validation_before"] = state.result.validation_before;
  file.attributes["test_before"] = state.result.test_before;
  std::vector<std::int64_t> numbers;
  std::vector<double> layers, before, after, kept;
  for (const LoopStage& stage : state.result.stages) {
    numbers.push_back(static_cast<std::int64_t>(numbers.size()));
    layers.push_back(stage.layers);
    before.push_back(stage.before);
    after.push_back(stage.after);
    kept.push_back(stage.kept_epoch);
  }
  file.add_axis({.name = "stage", .values = std::move(numbers)});
  const auto add = [&](const char* name, std::vector<double> values) {
    file.add({.name = name, .axes = {"stage"}, .values = std::move(values)});
  };
  add("layers", std::move(layers));
  add("before", std::move(before));
  add("after", std::move(after));
  add("kept_epoch", std::move(kept));
  for (const nn::NamedValues& one : state.weights)
    nn::add_vector(file, weight_prefix + one.name, one.values);
  write_labelled(path, file);
}

LoopState load_loop_state(const std::string& path, const std::string& identity) {
  try {
    return state_in(read_labelled(path), identity);
  } catch (const Error& problem) {
    throw Error(fmt::format("cannot resume from '{}': {} (remove it to start again)", path,
                            problem.what()));
  }
}

void require_own_loop_state(const std::string& path, const std::string& identity) {
  if (std::filesystem::exists(path)) load_loop_state(path, identity);
}

}  // namespace lightloom::experiments
