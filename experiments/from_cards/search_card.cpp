#include "experiments/from_cards/search_card.hpp"

#include <limits>
#include <optional>
#include <utility>

#include "experiments/from_cards/search_run.hpp"
#include "experiments/studies/search/mixture_output.hpp"
#include "nn/network/weights_file.hpp"

namespace lightloom::experiments {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// What was found, one value each, by the same name along one axis.
struct FoundColumns {
  std::vector<std::string> names;
  std::vector<double> rise, memory, time, energy;

  void add(const std::string& name, const Found& found) {
    names.push_back(name);
    rise.push_back(found.error);
    memory.push_back(found.memory_ratio);
    time.push_back(found.time_s.value_or(unknown));
    energy.push_back(found.energy_J.value_or(unknown));
  }
};

void add_columns(Labelled& data, const FoundColumns& found, const std::string& axis,
                 const std::string& prefix) {
  data.add_axis({axis, found.names, "", "what was found"});
  data.add({prefix + "expected_loss_rise", {axis}, found.rise, "1", "expected harm"});
  data.add({prefix + "memory_ratio", {axis}, found.memory, "1", "stored bits over 32-bit dense"});
  data.add({prefix + "time", {axis}, found.time, "s", "time of one batch"});
  data.add({prefix + "energy", {axis}, found.energy, "J", "energy of one batch"});
}

void add_layers(Labelled& data, const SearchStudy& study) {
  std::vector<std::string> settings;
  for (const nn::LayerOverride& layer : study.searched.card.layers)
    settings.push_back(setting_text(layer.card));
  data.add_axis({"layer", study.layers, "", "layer of the network"});
  data.add({"sensitivity", {"layer"}, study.sensitivities, "1", "harm of the layer's errors"});
  data.add({"setting", {"layer"}, std::move(settings), "", "setting chosen"});
}

void add_candidates(Labelled& data, const SearchRun& run) {
  if (run.candidates.empty()) return;
  FoundColumns columns;
  std::vector<double> divergences;
  for (const Candidate& one : run.candidates) {
    columns.add(one.name, one.found);
    divergences.push_back(one.divergence);
  }
  add_columns(data, columns, "candidate", "candidate_");
  data.add({"divergence",
            {"candidate"},
            std::move(divergences),
            "nat",
            "mean divergence from the float network's answers after training"});
  data.attributes["chosen"] = run.candidates[run.best].name;
}

/// The rules of a search within a budget; the section `search` says what they would.
void require_no_rules(const SearchOptions& options) {
  const SearchOptions defaults;
  const std::pair<const char*, bool> given[] = {
      {"budget", !options.budget.empty()},
      {"sensitivity", options.sensitivity != defaults.sensitivity},
      {"images", options.images != defaults.images},
      {"candidates", options.candidates != defaults.candidates},
      {"fine_tune", options.fine_tune}};
  for (const auto& [option, is_given] : given)
    require(!is_given,
            "{} is for cards without a section `search` (search.targets and the other keys of the "
            "section say what is searched)",
            option);
}

SearchedCard mixture_card(const CardCall& call, const Experiment& card,
                          const std::string& weights) {
  check_mixture(card);
  Workbench workbench(*call.progress);
  const MixtureStudy study = study_mixture(card, workbench, *call.progress);
  if (!weights.empty()) nn::save_weights(weights, *study.searched);
  return {.data = mixture_results(study, card, call.command), .card = study.card};
}

}  // namespace

SearchedCard search_card(const CardCall& call, const SearchOptions& options) {
  const Experiment card = read_experiment(call.card);
  if (card.search) {
    require_no_rules(options);
    return mixture_card(call, card, options.weights);
  }
  require(options.weights.empty(), "weights are saved of cards with a section `search` alone");
  const SearchRun run = run_search(card, options, *call.progress);
  SearchedCard result{.data = {}, .card = run.card};
  Labelled& data = result.data;
  FoundColumns found;
  std::vector<double> accuracies{run.accuracies.searched.value_or(unknown)};
  found.add("searched", run.study.searched);
  if (run.study.has_uniform()) {
    found.add("uniform", run.study.uniform());
    found.add("equal", run.study.equal);
    accuracies.push_back(run.accuracies.uniform.value_or(unknown));
    accuracies.push_back(run.accuracies.equal.value_or(unknown));
  }
  add_layers(data, run.study);
  add_columns(data, found, "found", "");
  if (options.fine_tune)
    data.add({"accuracy", {"found"}, std::move(accuracies), "1", "test accuracy after training"});
  add_candidates(data, run);
  data.attributes["kind"] = "search";
  data.attributes["command"] = call.command;
  data.attributes["budget"] = options.budget;
  data.attributes["sensitivity"] = options.sensitivity;
  data.attributes["card"] = to_yaml(run.card);
  return result;
}

}  // namespace lightloom::experiments
