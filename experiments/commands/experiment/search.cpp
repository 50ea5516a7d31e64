#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "experiments/studies/search/search_candidates.hpp"
#include "nn/weights/multilevel/generators.hpp"

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
void add_accuracies(const Experiment& card, const SearchStudy& study, Workbench& workbench,
                    Json& json) {
  const auto accuracy = [&](const Found& found) {
    return trained_accuracy(card_with(card.resolved, found.card), workbench);
  };
  json["searched"]["accuracy"] = accuracy(study.searched);
  if (!study.has_uniform()) return;
  json["uniform"]["accuracy"] = accuracy(study.uniform());
  json["equal"]["accuracy"] = accuracy(study.equal);
}

/// Trains the candidates, writes down what became of them, and returns the card that won.
Tree choose_by_training(std::vector<Candidate> candidates, Workbench& workbench, Shown& result) {
  const std::size_t best = train_candidates(candidates, workbench);
  TextTable table({"candidate", "memory ratio", "divergence after training", ""});
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    const Candidate& one = candidates[c];
    table.row({one.name, fmt::format("{:.4f}", one.found.memory_ratio),
               fmt::format("{:.4f}", one.divergence), c == best ? "chosen" : ""});
    Json json = found_json(one.found);
    json["name"] = one.name;
    json["divergence"] = one.divergence;
    result.json["candidates"].push_back(std::move(json));
  }
  result.json["chosen"] = candidates[best].name;
  result.text += "\n" + table.text();
  return candidates[best].card;
}

/// `kind` first, then the other rules that need no images.
std::vector<std::string> harms_to_try(const std::string& kind) {
  std::vector<std::string> kinds{kind};
  for (const char* other : {"trained", "relative"})
    if (kind != other) kinds.emplace_back(other);
  return kinds;
}

SearchBy chosen_by(const CommandLine& line) {
  const bool measured = line.value("sensitivity", "trained") == "measured";
  return measured || line.number("candidates", 0, 0) > 0 ? SearchBy::images : SearchBy::weights;
}

/// The card found says what its test images chose, for every run of it.
void keep_images_chose(const std::vector<std::string>& chose, Tree& card) {
  Tree& list = card.at_or_add("images_chose");
  list = Tree::list();
  for (const std::string& one : chose) list.items.push_back(Tree::of(one));
}

Shown do_search(const CommandLine& line, ProgressSink& progress) {
  const SearchLimit limit = read_limit(line.value("budget", "(none)"));
  const Experiment card = read_experiment(load_given_card(line));
  require_classes(card, "a search");
  require(card.network.weights.source == nn::multilevel_kind,
          "weights.source is {} but a search chooses settings of multilevel",
          card.network.weights.source);
  const std::string output = line.output.empty() ? card.name + ".searched.yaml" : line.output;
  require_outputs(line, {output});
  const std::string kind = line.value("sensitivity", "trained");
  require(kind == "trained" || kind == "measured" || kind == "relative",
          "--sensitivity is '{}' but may be trained, measured or relative", kind);
  const auto images = static_cast<std::size_t>(line.number("images", 512, 1));
  const auto uniforms = static_cast<std::size_t>(line.number("candidates", 0, 0));

  Workbench workbench(progress);
  const Workbench::DatasetPtr data = workbench.dataset(card);
  const Workbench::NetworkPtr teacher = workbench.teacher(card);
  const nn::CalibrationLoss loss = calibration_loss(*data, images);
  std::vector<std::string> kinds{kind};
  if (uniforms > 0) kinds = harms_to_try(kind);
  std::vector<SearchStudy> studies;
  for (const std::string& one : kinds)
    studies.push_back(study_search(card, *teacher->network,
                                   harm_by(one, card.network, *teacher->network, loss),
                                   {.limit = limit, .uniforms = uniforms}));

  Shown result;
  result.json = study_json(studies.front(), kind, limit);
  result.json["card"] = output;
  if (line.has("fine-tune")) add_accuracies(card, studies.front(), workbench, result.json);
  result.text = text_of(studies.front(), result.json);
  const std::vector<std::string> chose =
      what_search_chose(card, workbench.shared_images(card), chosen_by(line));
  if (!chose.empty()) {
    result.json["images_chose"] = chose;
    result.text += "\n" + images_chose_text(chose) + "\n";
  }
  Tree found = card_with(card.resolved, studies.front().searched.card);
  if (uniforms > 0)
    found = choose_by_training(candidates_of(card.resolved, studies, kinds), workbench, result);
  keep_images_chose(chose, found);
  write_file(output, to_yaml(found));
  result.text += fmt::format("\ncard: {}\n", output);
  return result;
}

}  // namespace

extern const Command search_command{
    .name = "search",
    .operand = "card.yaml",
    .summary = "settings per layer of multi-level weights within a budget",
    .writes = Writes::file,
    .options =
        {{"budget", "WHAT=LIMIT", "memory=<ratio>, time=<seconds> or energy=<joules>"},
         {"sensitivity", "KIND",
          "trained (default): what a short training does not make up for; relative: equal relative "
          "errors count alike; measured: the rise of the loss"},
         {"images", "N", "to measure the layers' sensitivities with (512)"},
         {"fine-tune", "", "train what was found and the best uniform setting, and compare"},
         {"candidates", "N",
          "train N uniform settings and the best per layer by every rule, keep the closest to the "
          "float network on images set aside (0: none)"}},
    .run = do_search};

}  // namespace lightloom::experiments
