#include <algorithm>
#include <cmath>
#include <limits>

#include "core/card.hpp"
#include "core/error.hpp"
#include "experiments/command_table.hpp"
#include "experiments/text_table.hpp"
#include "photonic/statistics.hpp"

namespace lightloom::experiments {
namespace {

using photonic::Summary;

Json summary_json(const Summary& summary) {
  return {{"mean", summary.mean},
          {"std", summary.standard_deviation},
          {"standard_error", summary.standard_error},
          {"quantiles",
           {{"0", summary.smallest},
            {"0.05", summary.p05},
            {"0.25", summary.p25},
            {"0.5", summary.median},
            {"0.75", summary.p75},
            {"0.95", summary.p95},
            {"1", summary.largest}}}};
}

void add_row(TextTable& table, const std::string& name, const Summary& summary) {
  std::vector<std::string> cells{name};
  for (const double value : {summary.mean, summary.standard_deviation, summary.standard_error,
                             summary.p05, summary.median, summary.p95})
    cells.push_back(fmt::format("{:.4g}", value));
  table.row(std::move(cells));
}

}  // namespace

CommandResult run_chip(const CommandLine& line) {
  const auto card = read_card<photonic::CoreCard>(
      lightloom::load_card(only_operand(line, "the card of a core"), line.settings));
  const photonic::ChipOptions options{
      .chips = static_cast<int>(
          std::min<std::int64_t>(line.number("chips", 32, 1), std::numeric_limits<int>::max())),
      .seed = line.seed.value_or(0)};
  const photonic::ChipStatistics found = photonic::chip_statistics(card, options);
  const std::pair<const char*, const std::vector<double>*> quantities[] = {
      {"error", &found.error},
      {"fidelity", &found.fidelity},
      {"unreachable", &found.unreachable},
      {"insertion_loss_dB", &found.insertion_loss_db},
      {"power_mW", &found.power_mW}};
  CommandResult result;
  result.json = {{"target", found.target}, {"modes", found.modes}, {"chips", options.chips}};
  TextTable table({fmt::format("{} chips", options.chips), "mean", "std", "std error", "5 %",
                   "median", "95 %"});
  for (const auto& [name, values] : quantities) {
    const Summary summary = photonic::summarise(*values);
    result.json[name] = summary_json(summary);
    add_row(table, name, summary);
  }
  result.json["unreachable_fraction"] = result.json["unreachable"]["mean"];
  result.text = fmt::format("target: {}\n\n{}", found.target, table.text());
  return result;
}

}  // namespace lightloom::experiments
