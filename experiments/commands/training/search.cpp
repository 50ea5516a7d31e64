#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/from_cards/search_run.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/accuracy/image_use.hpp"
#include "experiments/studies/search/mixture_output.hpp"
#include "nn/network/weights_file.hpp"

namespace lightloom::experiments {
namespace {

Json found_json(const Found& found) {
  return {{"expected_loss_rise", found.error},
          {"memory_ratio", found.memory_ratio},
          {"time_s", found.time_s ? Json(*found.time_s) : Json()},
          {"energy_J", found.energy_J ? Json(*found.energy_J) : Json()}};
}

void add_found(TextTable& table, const std::string& name, const Found& found, const Json& json) {
  table.row({name, fmt::format("{:.4g}", found.error), fmt::format("{:.4f}", found.memory_ratio),
             found.time_s ? fmt::format("{:.4g} us", 1e6 * *found.time_s) : "-",
             found.energy_J ? fmt::format("{:.4g} uJ", 1e6 * *found.energy_J) : "-",
             json.contains("accuracy") ? percent(json["accuracy"].get<double>()) : "-"});
}

std::string text_of(const SearchStudy& study, const Json& json) {
  TextTable layers({"layer", "sensitivity", "chosen"});
  for (std::size_t l = 0; l < study.layers.size(); ++l)
    layers.row({study.layers[l], fmt::format("{:.3g}", study.sensitivities[l]),
                setting_text(study.searched.card.layers[l].card)});
  const bool measured = json["sensitivity"] == "measured";
  TextTable totals({"", measured ? "expected rise of the loss" : "harm", "memory ratio", "time",
                    "energy", "trained"});
  add_found(totals, "per layer", study.searched, json["searched"]);
  if (study.has_uniform()) {
    add_found(totals, "uniform " + setting_text(study.uniform().card), study.uniform(),
              json["uniform"]);
    add_found(totals, "per layer, spending no more than that", study.equal, json["equal"]);
  }
  return layers.text() + "\n" + totals.text();
}

Json layers_json(const SearchStudy& study) {
  Json layers = Json::array();
  for (std::size_t l = 0; l < study.layers.size(); ++l)
    layers.push_back({{"name", study.layers[l]},
                      {"sensitivity", study.sensitivities[l]},
                      {"setting", setting_text(study.searched.card.layers[l].card)}});
  return layers;
}

Json study_json(const SearchStudy& study, const std::string& kind, const SearchLimit& limit) {
  Json json = {{"budget", {{name_of(limit.kind), limit.value}}},
               {"sensitivity", kind},
               {"searched", found_json(study.searched)},
               {"layers", layers_json(study)}};
  if (!study.has_uniform()) return json;
  json["uniform"] = found_json(study.uniform());
  json["uniform"]["setting"] = setting_text(study.uniform().card);
  json["equal"] = found_json(study.equal);
  return json;
}

/// Adds the test accuracies of what was found, the best uniform setting, and `equal`.
void add_accuracies(const FoundAccuracies& accuracies, Json& json) {
  const std::pair<const char*, std::optional<double>> found[] = {{"searched", accuracies.searched},
                                                                 {"uniform", accuracies.uniform},
                                                                 {"equal", accuracies.equal}};
  for (const auto& [name, accuracy] : found)
    if (accuracy) json[name]["accuracy"] = *accuracy;
}

/// What became of the trained candidates.
void add_candidates(const SearchRun& run, Shown& result) {
  TextTable table({"candidate", "memory ratio", "divergence after training", ""});
  for (std::size_t c = 0; c < run.candidates.size(); ++c) {
    const Candidate& one = run.candidates[c];
    table.row({one.name, fmt::format("{:.4f}", one.found.memory_ratio),
               fmt::format("{:.4f}", one.divergence), c == run.best ? "chosen" : ""});
    Json json = found_json(one.found);
    json["name"] = one.name;
    json["divergence"] = one.divergence;
    result.json["candidates"].push_back(std::move(json));
  }
  result.json["chosen"] = run.candidates[run.best].name;
  result.text += "\n" + table.text();
}

SearchOptions options_of(const CommandLine& line) {
  return {.budget = line.value("budget", "(none)"),
          .sensitivity = line.value("sensitivity", "trained"),
          .images = static_cast<std::size_t>(line.number("images", 512, 1)),
          .candidates = static_cast<std::size_t>(line.number("candidates", 0, 0)),
          .fine_tune = line.has("fine-tune")};
}

/// The other rules are of the knapsack's search, and the section `search` says what they would.
void require_no_rules(const CommandLine& line) {
  for (const char* option : {"budget", "sensitivity", "images", "fine-tune", "candidates"})
    require(
        !line.has(option),
        "--{} is for cards without a section `search` (search.targets and the other keys of the "
        "section say what is searched)",
        option);
}

/// A card with a section `search` says itself how it is searched.
Shown do_mixture(const CommandLine& line, const Experiment& card, ProgressSink& progress) {
  require_no_rules(line);
  check_mixture(card);
  const std::string output = line.output.empty() ? card.name + ".searched.yaml" : line.output;
  const std::string results = line.value("results"), weights = line.value("weights");
  require_outputs(line, {output, results, weights});
  Workbench workbench(progress);
  const MixtureStudy study = study_mixture(card, workbench, progress);
  Shown result{.json = mixture_json(study), .text = mixture_text(study)};
  result.json["card"] = output;
  if (!study.chose.empty()) result.text += "\n" + images_chose_text(study.chose) + "\n";
  write_file(output, to_yaml(study.card));
  result.text += fmt::format("\ncard: {}\n", output);
  if (!results.empty()) write_labelled(results, mixture_results(study, card, line.text));
  if (!weights.empty()) nn::save_weights(weights, *study.searched);
  return result;
}

Shown do_search(const CommandLine& line, ProgressSink& progress) {
  const Experiment card = read_experiment(load_given_card(line));
  if (card.search) return do_mixture(line, card, progress);
  for (const char* option : {"results", "weights"})
    require(!line.has(option), "--{} is for cards with a section `search`", option);
  read_limit(line.value("budget", "(none)"));
  const SearchOptions options = options_of(line);
  check_search(card, options);
  const std::string output = line.output.empty() ? card.name + ".searched.yaml" : line.output;
  require_outputs(line, {output});
  const SearchRun run = run_search(card, options, progress);

  Shown result;
  result.json = study_json(run.study, run.kind, run.limit);
  result.json["card"] = output;
  add_accuracies(run.accuracies, result.json);
  result.text = text_of(run.study, result.json);
  if (!run.chose.empty()) {
    result.json["images_chose"] = run.chose;
    result.text += "\n" + images_chose_text(run.chose) + "\n";
  }
  if (!run.candidates.empty()) add_candidates(run, result);
  write_file(output, to_yaml(run.card));
  result.text += fmt::format("\ncard: {}\n", output);
  return result;
}

}  // namespace

extern const Command search_command{
    .name = "search",
    .operand = "card.yaml",
    .summary =
        "weight sources per layer within a budget: settings of multi-level weights, or by "
        "gradients what the card's section `search` lists",
    .endings = card_endings,
    .options =
        {{"budget", "WHAT=LIMIT", "memory=<ratio>, time=<seconds> or energy=<joules>"},
         {"sensitivity", "KIND",
          "trained (default): what a short training does not make up for; relative: equal relative "
          "errors count alike; measured: the rise of the loss"},
         {"images", "N", "to measure the layers' sensitivities with (512)"},
         {"fine-tune", "", "train what was found and the best uniform setting, and compare"},
         {"candidates", "N",
          "train N uniform settings and the best per layer by every rule, keep the closest to the "
          "float network on images set aside (0: none)"},
         {"results", "FILE", "of a section `search`: its epochs and networks as arrays",
          results_endings},
         {"weights", "FILE", "of a section `search`: the weights found", settings_endings}},
    .run = do_search};

}  // namespace lightloom::experiments
