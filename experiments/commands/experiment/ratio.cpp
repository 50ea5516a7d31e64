#include "nn/accounting/ratio.hpp"

#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

/// The part of a card that the accounting needs; everything else an experiment card holds is let
/// through.
struct RatioCard {
  std::string model, dataset;
  nn::DatasetShape shape;
  nn::SourceCard weights;
  std::vector<Baseline> baselines;  // counted beside `weights`
};

std::string name_in(const Tree& card, const char* key) {
  const Tree* given = card.find(key);
  if (given == nullptr) return "";
  const Tree section = section_of(*given);
  if (section.kind == Tree::Kind::scalar) return section.scalar;
  const Tree* name = section.find("name");
  return name == nullptr ? "" : name->scalar;
}

/// The section `dataset`, or the data set that the command line names.
nn::DatasetShape ratio_shape(const CommandLine& line, const Tree& card, const std::string& name) {
  const Tree* given = card.find("dataset");
  const Tree section = given == nullptr ? Tree() : section_of(*given);
  if (section.kind != Tree::Kind::mapping || line.has("dataset")) return nn::dataset_shape(name);
  return nn::shape_of(read_card<nn::DatasetCard>(section));
}

RatioCard read_ratio_card(const CommandLine& line) {
  const Tree card = load_card(line);
  Tree weights = Tree::mapping();
  for (const char* key : {"weights", "baselines"})
    if (const Tree* found = card.find(key)) weights.at_or_add(key) = *found;
  if (line.operands.empty())
    for (const auto& [key, value] : card.pairs)
      require(key == "weights" || key == "baselines" || key == "seed" || key == "model" ||
                  key == "dataset",
              "{}: '{}' is not a known key (ratio without a card takes weights, model and dataset)",
              value.origin, key);
  RatioCard ratio{.model = line.value("model", name_in(card, "model")),
                  .dataset = line.value("dataset", name_in(card, "dataset")),
                  .shape = {}};
  require(!ratio.model.empty(), "lightloom ratio needs a network (--model resnet18, or a card)");
  require(!ratio.dataset.empty(),
          "lightloom ratio needs a data set for the sizes (--dataset cifar10, or a card)");
  ratio.shape = ratio_shape(line, card, ratio.dataset);
  read_tree(weights, [&](Section& section) {
    section.section("weights", [&](Section& inner) {
      inner.raw("file");  // trained weights do not change the count
      describe(inner, ratio.weights);
    });
    ratio.baselines = read_baselines(section);
  });
  drop_own(ratio.weights, ratio.baselines);
  return ratio;
}

Json ratio_json(const nn::LayerRatio& layer) {
  Json streams = Json::array();
  for (const nn::StoredStream& stream : layer.streams)
    streams.push_back({{"name", stream.name},
                       {"count", stream.count},
                       {"bits", stream.bits},
                       {"in_ratio", stream.in_ratio}});
  return {{"name", layer.name},
          {"parameters", layer.parameters},
          {"dense_parameters", layer.dense_parameters},
          {"memory_bits", layer.memory_bits},
          {"dense_memory_bits", layer.dense_memory_bits},
          {"complete_bits", layer.complete_bits},
          {"intra_enabled", layer.intra_enabled},
          {"cross_enabled", layer.cross_enabled},
          {"saves_parameters", layer.saves_parameters},
          {"saves_bits", layer.saves_bits},
          {"precision_bits", layer.precision_bits > 0 ? Json(layer.precision_bits) : Json()},
          {"streams", std::move(streams)}};
}

Json ratio_json(const nn::Ratio& ratio, const RatioCard& card) {
  Json json{{"model", card.model},
            {"dataset", card.dataset},
            {"source", card.weights.source},
            {"parameters", ratio.parameters},
            {"dense_parameters", ratio.dense_parameters},
            {"parameter_ratio", ratio.parameter_ratio},
            {"memory_bits", ratio.memory_bits},
            {"dense_memory_bits", ratio.dense_memory_bits},
            {"memory_ratio", ratio.memory_ratio},
            {"norm_parameters", ratio.norm_parameters},
            {"complete_bits", ratio.complete_bits},
            {"complete_dense_bits", ratio.complete_dense_bits},
            {"complete_ratio", ratio.complete_ratio},
            {"layers", Json::array()}};
  for (const nn::LayerRatio& layer : ratio.layers) json["layers"].push_back(ratio_json(layer));
  return json;
}

std::string share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? fmt::format("{:.4f}", static_cast<double>(part) / static_cast<double>(whole))
                   : "-";
}

std::string ratio_text(const nn::Ratio& ratio, const RatioCard& card) {
  TextTable table({"layer", "parameters", "of dense", "ratio", "bits", "of dense", "ratio"});
  const auto row = [&](const std::string& name, std::int64_t parameters, std::int64_t dense,
                       std::int64_t bits, std::int64_t dense_bits) {
    table.row({name, fmt::format("{}", parameters), fmt::format("{}", dense),
               share(parameters, dense), fmt::format("{}", bits), fmt::format("{}", dense_bits),
               share(bits, dense_bits)});
  };
  for (const nn::LayerRatio& layer : ratio.layers)
    row(layer.name, layer.parameters, layer.dense_parameters, layer.memory_bits,
        layer.dense_memory_bits);
  row("normalisation", ratio.norm_parameters, ratio.norm_parameters, 32 * ratio.norm_parameters,
      32 * ratio.norm_parameters);
  table.rule();
  row("total", ratio.parameters, ratio.dense_parameters, ratio.memory_bits,
      ratio.dense_memory_bits);
  return fmt::format(
      "{} on {}, weights: {}\n\n{}\nparameter ratio {:.4f}, memory ratio {:.4f} (published "
      "accounting), "
      "{:.4f} with scales, statistics and padding\n",
      card.model, card.dataset, card.weights.source, table.text(), ratio.parameter_ratio,
      ratio.memory_ratio, ratio.complete_ratio);
}

/// The totals of the card's source and of every baseline, one row each.
void add_sources(const nn::NetworkShape& shape, const RatioCard& card, Shown& result) {
  const NetworkCard network{.weights = card.weights, .baselines = card.baselines};
  const std::vector<std::string> labels = source_labels(network);
  TextTable table({"source", "parameter ratio", "memory ratio", "complete"});
  std::size_t row = 0;
  for (const nn::SourceCard& weights : sources(network)) {
    const nn::Ratio ratio = nn::ratio_of(shape, weights);
    result.json["sources"][labels[row]] = {{"parameters", ratio.parameters},
                                           {"parameter_ratio", ratio.parameter_ratio},
                                           {"memory_bits", ratio.memory_bits},
                                           {"memory_ratio", ratio.memory_ratio},
                                           {"complete_ratio", ratio.complete_ratio}};
    table.row({labels[row++], fmt::format("{:.4f}", ratio.parameter_ratio),
               fmt::format("{:.4f}", ratio.memory_ratio),
               fmt::format("{:.4f}", ratio.complete_ratio)});
  }
  result.text += "\n" + table.text();
}

Shown do_ratio(const CommandLine& line, ProgressSink& /*progress*/) {
  const RatioCard card = read_ratio_card(line);
  const nn::NetworkShape shape = nn::network_shape(card.model, card.shape);
  const nn::Ratio ratio = nn::ratio_of(shape, card.weights);
  Shown result{.json = ratio_json(ratio, card), .text = ratio_text(ratio, card)};
  if (!card.baselines.empty()) add_sources(shape, card, result);
  return result;
}

}  // namespace

extern const Command ratio_command{
    .name = "ratio",
    .operand = "[card.yaml]",
    .summary = "parameters and memory of a network under a weight source",
    .writes = Writes::nothing,
    .options = {{"model", "NAME", "network, instead of the card's"},
                {"dataset", "NAME", "data set, instead of the card's"}},
    .run = do_ratio};

}  // namespace lightloom::experiments
