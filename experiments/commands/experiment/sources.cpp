#include <fmt/format.h>

#include <cmath>

#include "core/statistics.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/source_table/source_table.hpp"

namespace lightloom::experiments {
namespace {

Json row_json(const SourceRow& row) {
  Json json{{"source", row.source},
            {"bits_per_weight", row.bits},
            {"code_bits_per_weight", row.code_bits},
            {"sqnr_db", std::isfinite(row.sqnr_db) ? Json(row.sqnr_db) : Json()},
            {"multiplies_per_weight", row.multiplies},
            {"adds_per_weight", row.adds},
            {"shifts_per_weight", row.shifts},
            {"lookups_per_weight", row.lookups},
            {"generation_pJ_per_weight", row.generation_pJ},
            {"break_even_uses", {{"sram", row.sram_uses}, {"dram", row.dram_uses}}},
            {"time_s", row.time_s},
            {"energy_J", row.energy_J}};
  if (row.accuracy.empty()) return json;
  const Summary summary = summarise(row.accuracy);
  json["accuracy"] = summary.mean;
  json["standard_error"] = summary.standard_error;
  json["accuracy_by_seed"] = row.accuracy;
  return json;
}

Json table_json(const SourceTable& table) {
  Json json{{"weights", table.weights},
            {"batch", table.batch},
            {"dram_pJ_per_byte", table.dram_pJ_per_byte},
            {"sram_pJ_per_byte", table.sram_pJ_per_byte},
            {"sources", Json::object()}};
  if (table.accuracy_known) json["float_accuracy"] = table.float_accuracy;
  for (const SourceRow& row : table.rows) json["sources"][row.label] = row_json(row);
  return json;
}

std::string table_text(const SourceTable& all) {
  std::vector<std::string> header{"source",   "bits", "SQNR, dB",   "mult.", "adds", "shifts",
                                  "look-ups", "pJ",   "uses, SRAM", "DRAM",  "time", "energy"};
  if (all.accuracy_known) header.emplace_back("accuracy");
  TextTable table(header);
  const auto number = [](double value) { return fmt::format("{:.3g}", value); };
  for (const SourceRow& row : all.rows) {
    std::vector<std::string> cells{
        row.label,
        fmt::format("{:.3f}", row.bits),
        std::isfinite(row.sqnr_db) ? fmt::format("{:.2f}", row.sqnr_db) : "exact",
        number(row.multiplies),
        number(row.adds),
        number(row.shifts),
        number(row.lookups),
        number(row.generation_pJ),
        number(row.sram_uses),
        number(row.dram_uses),
        with_prefix(row.time_s, "s"),
        with_prefix(row.energy_J, "J")};
    if (all.accuracy_known) cells.push_back(percent(summarise(row.accuracy).mean));
    table.row(cells);
  }
  return fmt::format(
      "{} weights; bits a weight are all that cross the chip's edge; operations and pJ regenerate "
      "one weight once; uses: from how many on of a weight in place that costs less than reading "
      "a stored byte each time\n\n{}",
      all.weights, table.text());
}

Shown do_sources(const CommandLine& line, ProgressSink& progress) {
  const Experiment card = read_experiment(load_given_card(line));
  if (!line.output.empty()) require_outputs(line, {line.output});
  Workbench workbench(progress);
  const SourceTable table = compare_sources(card, workbench, progress);
  return {.json = table_json(table), .text = table_text(table)};
}

}  // namespace

extern const Command sources_command{
    .name = "sources",
    .operand = "card.yaml",
    .summary =
        "weight sources of a card side by side: bits, error, work, break-even, cost, accuracy",
    .options = {},
    .run = do_sources,
    .ends_when_asked = true};

}  // namespace lightloom::experiments
