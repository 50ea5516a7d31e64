// Whether standard deviations are what they say: many chips with a known truth, each measured and
// fitted as `simulate` and `fit` do.
#include "calibration/fit/pulls.hpp"

#include "calibration/hidden_measurement.hpp"
#include "calibration/pull_study.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

Json test_json(const NormalTest& test) {
  return {{"values", test.count}, {"distance", test.distance}, {"p_value", test.p_value}};
}

Json pulls_json(const PullStatistics& one) {
  return {{"kind", kind_name(one.kind)},
          {"pulls", one.count},
          {"mean", one.mean},
          {"mean_error", one.mean_error},
          {"variance", one.variance},
          {"variance_error", one.variance_error},
          {"greatest", one.greatest},
          {"one_per_chip", test_json(one.one_per_chip)},
          {"independent", test_json(one.independent)}};
}

std::string pulls_text(const std::vector<PullStatistics>& all) {
  TextTable table({"pulls of", "number", "mean", "+-", "variance", "+-", "KS, one a chip", "p",
                   "KS, decorrelated", "p"});
  for (const PullStatistics& one : all)
    table.row({kind_name(one.kind), fmt::format("{}", one.count), fmt::format("{:+.4f}", one.mean),
               fmt::format("{:.4f}", one.mean_error), fmt::format("{:.4f}", one.variance),
               fmt::format("{:.4f}", one.variance_error),
               fmt::format("{:.3f}", one.one_per_chip.distance),
               fmt::format("{:.3g}", one.one_per_chip.p_value),
               fmt::format("{:.4f}", one.independent.distance),
               fmt::format("{:.3g}", one.independent.p_value)});
  return table.text();
}

std::string rows_text(const ChipShape& shape, const std::vector<std::vector<ChipPulls>>& chips) {
  std::string text = "chip,kind,parameter,pull\n";
  for (std::size_t c = 0; c < chips.size(); ++c)
    for (const ChipPulls& one : chips[c])
      for (std::size_t i = 0; i < one.pulls.size(); ++i)
        text += fmt::format("{},{},\"{}\",{}\n", c, kind_name(one.kind),
                            shape.parameters.name(one.parameters[i]), number_text(one.pulls[i]));
  return text;
}

Shown do_pulls(const CommandLine& line, ProgressSink& progress) {
  const std::string path = operand(line, 0, "the card of a chip");
  at_most_operands(line, 1);
  const auto count = static_cast<int>(line.number("chips", 50, 2));
  if (!line.output.empty()) require_writable(line.output);
  const Tree tree = load_card(path, line.settings);
  const HiddenChip first = hidden_chip(tree);
  const std::uint64_t seed = line.seed.value_or(first.card.seed);
  const PullStudy study = study_pulls(tree, seed, count, progress);
  require(!study.chips.empty(), "no chip of {} could be fitted\n  {}", path,
          fmt::join(study.refused, "\n  "));
  const std::vector<PullStatistics> all = pull_statistics(study.chips);
  Shown result;
  result.json = {{"chips", count},
                 {"first_seed", seed},
                 {"modes", first.shape.ports()},
                 {"chi2_per_dof", study.chi2_per_dof},
                 {"held_out_chi2", study.held_out_chi2},
                 {"refused", study.refused},
                 {"pulls", Json::array()}};
  for (const PullStatistics& one : all) result.json["pulls"].push_back(pulls_json(one));
  result.text = fmt::format("{} chips of {} ports, seeds {} to {}\n", count, first.shape.ports(),
                            seed, seed + static_cast<std::uint64_t>(count) - 1) +
                pulls_text(all);
  if (!study.refused.empty())
    result.text += fmt::format("not fitted, and not among the pulls:\n  {}\n",
                               fmt::join(study.refused, "\n  "));
  if (line.output.empty()) return result;
  write_file(line.output, rows_text(first.shape, study.chips));
  result.json["table"] = line.output;
  result.text += fmt::format("every pull: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command calibrate_pulls_command{
    .name = "calibrate pulls",
    .operand = "chip.yaml",
    .summary = "whether the standard deviations of fits are what they say",
    .endings = {".csv"},
    .options = {{"chips", "N", "how many are measured and fitted (50)"}},
    .run = do_pulls,
    .ends_when_asked = true};

}  // namespace lightloom::experiments
