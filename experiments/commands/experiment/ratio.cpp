#include "nn/accounting/ratio.hpp"

#include "core/error.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/from_cards/ratio_card.hpp"
#include "experiments/from_cards/ratio_study.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

RatioStudy study_of(const CommandLine& line) {
  const Tree card = card_or_settings(line);
  if (line.operands.empty())
    for (const auto& [key, value] : card.pairs)
      require(key == "weights" || key == "baselines" || key == "seed" || key == "model" ||
                  key == "dataset",
              "{}: '{}' is not a known key (ratio without a card takes weights, model and dataset)",
              value.origin, key);
  return read_ratio(card, {line.value("model"), line.value("dataset")});
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

Json ratio_json(const nn::Ratio& ratio, const RatioStudy& card) {
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

std::string ratio_text(const nn::Ratio& ratio, const RatioStudy& card) {
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
void add_sources(const RatiosFound& found, Shown& result) {
  TextTable table({"source", "parameter ratio", "memory ratio", "complete"});
  for (std::size_t i = 0; i < found.ratios.size(); ++i) {
    const nn::Ratio& ratio = found.ratios[i];
    result.json["sources"][found.labels[i]] = {{"parameters", ratio.parameters},
                                               {"parameter_ratio", ratio.parameter_ratio},
                                               {"memory_bits", ratio.memory_bits},
                                               {"memory_ratio", ratio.memory_ratio},
                                               {"complete_ratio", ratio.complete_ratio}};
    table.row({found.labels[i], fmt::format("{:.4f}", ratio.parameter_ratio),
               fmt::format("{:.4f}", ratio.memory_ratio),
               fmt::format("{:.4f}", ratio.complete_ratio)});
  }
  result.text += "\n" + table.text();
}

Labelled page_data_of(const CommandLine& line, const RatioStudy& study) {
  Labelled data = ratio_card(card_or_settings(line), {line.value("model"), line.value("dataset")});
  data.attributes["title"] = fmt::format("{} on {}", study.model, study.dataset);
  data.attributes["command"] = line.text;
  return data;
}

Shown do_ratio(const CommandLine& line, ProgressSink& /*progress*/) {
  const RatioStudy study = study_of(line);
  const RatiosFound found = ratios_of(study);
  const nn::Ratio& own = found.ratios.front();
  Shown result{.json = ratio_json(own, study), .text = ratio_text(own, study)};
  if (!study.baselines.empty()) add_sources(found, result);
  if (const std::string page = line.value("report", "none"); page != "none") {
    require_outputs(line, {page});
    write_file(page, report_page(page_data_of(line, study)));
    result.json["report"] = page;
    result.text += fmt::format("\nreport: {}\n", page);
  }
  return result;
}

}  // namespace

extern const Command ratio_command{
    .name = "ratio",
    .operand = "[card.yaml]",
    .summary = "parameters and memory of a network under a weight source",
    .options = {{"model", "NAME", "network, instead of the card's"},
                {"dataset", "NAME", "data set, instead of the card's"},
                {"report", "FILE", "HTML page of the sources' parameters and bits", page_or_none}},
    .run = do_ratio};

}  // namespace lightloom::experiments
