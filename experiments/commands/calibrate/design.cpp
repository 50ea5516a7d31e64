#include <algorithm>
#include <cmath>

#include "calibration/next_measurement.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

std::string voltage_rows(const Measurements& data, const std::vector<int>& chosen) {
  std::string text = "setting";
  const std::size_t heaters = data.voltages_of(0).size();
  for (std::size_t h = 0; h < heaters; ++h) text += fmt::format(",v{}", h);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    text += fmt::format("\n{}", i);
    for (const double v : data.voltages_of(chosen[i])) text += "," + number_text(v);
  }
  return text + "\n";
}

Shown do_design(const CommandLine& line, ProgressSink& /*progress*/) {
  const DeviceFile device = read_device(operand(line, 0, "a device card"));
  at_most_operands(line, 1);
  const auto count = static_cast<int>(std::min<std::int64_t>(line.number("settings", 8, 1), 1000));
  const auto drawn =
      static_cast<int>(std::min<std::int64_t>(line.number("targets", 5 * count, 1), 10000));
  require(drawn >= count, "--targets {}: fewer candidates than --settings {}", drawn, count);
  if (!line.output.empty()) require_writable(line.output);
  const NextSettings next =
      next_settings(device, {.settings = count,
                             .candidates = drawn,
                             .max_voltage_V = line.real("max-voltage", 6.5, 1e-6),
                             .seed = line.seed.value_or(0)});
  const SettingDesign& design = next.design;
  const double shrink = std::exp(-0.5 * design.log_det / next.unknowns);
  const double shrink_random = std::exp(-0.5 * next.log_det_random / next.unknowns);
  Shown result;
  result.json = {{"settings", count},
                 {"candidates", drawn},
                 {"unknowns", next.unknowns},
                 {"log_det", design.log_det},
                 {"log_det_random", next.log_det_random},
                 {"mean_shrink", shrink},
                 {"mean_shrink_random", shrink_random},
                 {"gain", design.gain}};
  result.text = fmt::format(
      "{} of {} candidate settings for {} unknowns\nstandard deviations shrink to {:.4f} in the "
      "geometric mean, {:.4f} with as many random settings\n",
      count, drawn, next.unknowns, shrink, shrink_random);
  if (line.output.empty()) return result;
  write_file(line.output, voltage_rows(next.candidates, design.chosen));
  result.json["voltages"] = line.output;
  result.text += fmt::format("voltages: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command calibrate_design_command{
    .name = "calibrate design",
    .operand = "device.yaml",
    .summary = "settings that would tell most about a fitted device",
    .endings = {".csv"},
    .options = {{"settings", "N", "how many (8)"},
                {"targets", "N", "random candidates to choose from (5 for each)"},
                {"max-voltage", "V", "of the drivers (6.5)"}},
    .run = do_design};

}  // namespace lightloom::experiments
