#include "core/error.hpp"
#include "core/labelled.hpp"
#include "experiments/card_input.hpp"
#include "experiments/command_table.hpp"
#include "experiments/report.hpp"
#include "experiments/run_experiment.hpp"
#include "experiments/search_study.hpp"
#include "experiments/text_table.hpp"
#include "nn/inference.hpp"
#include "nn/loss.hpp"

namespace lightloom::experiments {
namespace {

constexpr int batch = 128;

/// Mean cross-entropy on the first images that are set aside to choose by, or on training images
/// when none are.
nn::CalibrationLoss calibration_loss(const nn::Dataset& data, std::size_t images) {
  const nn::ImageSet& set = data.validation.size() > 0 ? data.validation : data.train;
  const std::size_t count = std::min(images, set.size());
  return [&set, count](nn::Network& network) {
    nn::Inference inference(network);
    nn::Tensor pixels, unused;
    std::vector<int> labels;
    double sum = 0;
    for (std::size_t first = 0; first < count; first += batch) {
      std::vector<std::uint32_t> order(std::min<std::size_t>(batch, count - first));
      for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = static_cast<std::uint32_t>(first + i);
      nn::fill_batch(set, order, pixels, labels);
      sum += nn::cross_entropy(inference.forward(pixels), labels, unused) *
             static_cast<double>(order.size());
    }
    return sum / static_cast<double>(count);
  };
}

Tree bits_tree(const nn::FactorBits& bits) {
  Tree tree = Tree::mapping();
  tree.at_or_add("basis") = Tree::of(std::to_string(bits.basis));
  tree.at_or_add("intra") = Tree::of(std::to_string(bits.intra));
  tree.at_or_add("cross") = Tree::of(std::to_string(bits.cross));
  return tree;
}

/// A section `weights.layers` for overrides of multi-level settings.
Tree layers_tree(const nn::SourceCard& card) {
  Tree list = Tree::list();
  for (const nn::LayerOverride& layer : card.layers) {
    Tree one = Tree::mapping();
    one.at_or_add("layer") = Tree::of(layer.layer);
    if (layer.card.source == nn::SourceKind::multilevel) {
      one.at_or_add("intra") = Tree::of(std::to_string(layer.card.intra));
      one.at_or_add("cross") = Tree::of(std::to_string(layer.card.cross));
      one.at_or_add("cross_share") = Tree::of(number_text(layer.card.cross_share));
      one.at_or_add("bits") = bits_tree(layer.card.factor_bits);
    }
    list.items.push_back(std::move(one));
  }
  return list;
}

/// The card of an experiment with other weights, to write and to read again.
Tree card_with(const Tree& resolved, const nn::SourceCard& weights) {
  Tree card = resolved;
  Tree& section = card.at_or_add("weights");
  if (!weights.layers.empty()) {
    section.at_or_add("layers") = layers_tree(weights);
    return card;
  }
  section.at_or_add("intra") = Tree::of(std::to_string(weights.intra));
  section.at_or_add("cross") = Tree::of(std::to_string(weights.cross));
  section.at_or_add("cross_share") = Tree::of(number_text(weights.cross_share));
  section.at_or_add("bits") = bits_tree(weights.factor_bits);
  return card;
}

std::string setting_text(const nn::SourceCard& card) {
  if (card.source != nn::SourceKind::multilevel) return nn::name_of(card.source);
  const nn::FactorBits& bits = card.factor_bits;
  const std::string cross = card.cross_share > 0 ? fmt::format("{:g} Co", card.cross_share)
                                                 : fmt::format("{}", card.cross);
  return fmt::format("({}, {}; {}, {}, {})", card.intra, cross, bits.basis, bits.intra, bits.cross);
}

/// Test accuracy after the card's own training from the float network.
double trained_accuracy(const Tree& card, Workbench& workbench) {
  Experiment own = read_experiment(card);
  own.chips = 0;
  own.measures = {.accuracy = true, .cost = false};
  return run_experiment(own, workbench).accuracy->source;
}

Json to_json(const Found& found) {
  return {{"expected_loss_rise", found.error},
          {"memory_ratio", found.memory_ratio},
          {"time_s", found.time_s ? Json(*found.time_s) : Json()},
          {"energy_J", found.energy_J ? Json(*found.energy_J) : Json()}};
}

void add_row(TextTable& table, const std::string& name, const Found& found, const Json& json) {
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
  const bool relative = json["sensitivity"] == "relative";
  TextTable totals({"", relative ? "sum of relative errors" : "expected rise of the loss",
                    "memory ratio", "time", "energy", "trained"});
  add_row(totals, "per layer", study.searched, json["searched"]);
  if (study.has_uniform) {
    add_row(totals, "uniform " + setting_text(study.uniform.card), study.uniform, json["uniform"]);
    add_row(totals, "per layer, spending no more than that", study.equal, json["equal"]);
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

/// How much each layer suffers, by the option --sensitivity.
std::vector<double> sensitivities(const std::string& kind, const Experiment& card,
                                  nn::Network& trained, const nn::CalibrationLoss& loss) {
  if (kind == "relative") return nn::relative_sensitivities(trained);
  return nn::layer_sensitivities(trained, card.network.weights, loss);
}

}  // namespace

CommandResult run_search(const CommandLine& line) {
  const SearchLimit limit = read_limit(line.value("budget", "(none)"));
  const Experiment card = read_experiment(load_given_card(line));
  require(card.network.weights.source == nn::SourceKind::multilevel,
          "weights.source is {} but a search chooses settings of multilevel",
          nn::name_of(card.network.weights.source));
  const std::string output = line.output.empty() ? card.name + ".searched.yaml" : line.output;
  require_writable(output);
  const std::string kind = line.value("sensitivity", "measured");
  require(kind == "measured" || kind == "relative",
          "--sensitivity is '{}' but may be measured or relative", kind);
  const auto images = static_cast<std::size_t>(line.number("images", 512, 1));

  Workbench workbench;
  const Workbench::DatasetPtr data = workbench.dataset(card);
  const Workbench::NetworkPtr teacher = workbench.teacher(card);
  const SearchStudy study = study_search(
      card, *teacher->network,
      sensitivities(kind, card, *teacher->network, calibration_loss(*data, images)), limit);
  const Tree searched = card_with(card.resolved, study.searched.card);
  write_text(output, to_yaml(searched));

  CommandResult result;
  result.json = {{"budget", {{name_of(limit.kind), limit.value}}},
                 {"card", output},
                 {"sensitivity", kind},
                 {"searched", to_json(study.searched)},
                 {"layers", layers_json(study)}};
  if (study.has_uniform) {
    result.json["uniform"] = to_json(study.uniform);
    result.json["uniform"]["setting"] = setting_text(study.uniform.card);
    result.json["equal"] = to_json(study.equal);
  }
  if (line.has("fine-tune")) {
    result.json["searched"]["accuracy"] = trained_accuracy(searched, workbench);
    if (study.has_uniform)
      for (const auto& [name, found] :
           {std::pair("uniform", &study.uniform), std::pair("equal", &study.equal)})
        result.json[name]["accuracy"] =
            trained_accuracy(card_with(card.resolved, found->card), workbench);
  }
  result.text = text_of(study, result.json) + fmt::format("\ncard: {}\n", output);
  return result;
}

}  // namespace lightloom::experiments
