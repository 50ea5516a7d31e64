#include <algorithm>
#include <cmath>

#include "calibration/calibrate.hpp"
#include "calibration/calibration_card.hpp"
#include "calibration/fit/next_settings.hpp"
#include "calibration/fit/tracking.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "calibration/model/device_card.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// Random candidates as measurements without readings.
Measurements candidates(const DeviceFile& device, int count, double max_voltage_V,
                        std::uint64_t seed) {
  Measurements data{.inputs = single_ports(device.shape.ports()), .settings = count};
  data.voltages = random_voltages(device.shape, count, max_voltage_V, seed);
  data.readings.assign(static_cast<std::size_t>(count) * data.block(), 0.0);
  return data;
}

/// Free: what the earlier fit had free, believed within its own standard deviations.
FitProblem problem_of(const DeviceFile& device, const Measurements& data) {
  FitProblem problem{.shape = &device.shape, .data = &data};
  std::vector<bool> is_free(device.sigma.size());
  for (std::size_t p = 0; p < is_free.size(); ++p) is_free[p] = device.sigma[p] > 0;
  problem.free = free_set(is_free);
  problem.prior = {device.parameters, device.sigma};
  problem.sigma = predicted_sigma(device.shape, data, device.parameters);
  return problem;
}

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
  const double max_voltage_V = line.real("max-voltage", 6.5, 1e-6);
  const Measurements data = candidates(device, drawn, max_voltage_V, line.seed.value_or(0));
  const FitProblem problem = problem_of(device, data);
  require(problem.free.size() > 0, "the device card has no standard deviations (fit it first)");
  const SettingDesign design = choose_settings(problem, device.parameters, count);
  std::vector<int> first(static_cast<std::size_t>(count));
  for (int s = 0; s < count; ++s) first[static_cast<std::size_t>(s)] = s;
  const double random = information_of(problem, device.parameters, first);
  const double unknowns = problem.free.size();
  Shown result;
  result.json = {{"settings", count},
                 {"candidates", drawn},
                 {"unknowns", problem.free.size()},
                 {"log_det", design.log_det},
                 {"log_det_random", random},
                 {"mean_shrink", std::exp(-0.5 * design.log_det / unknowns)},
                 {"mean_shrink_random", std::exp(-0.5 * random / unknowns)},
                 {"gain", design.gain}};
  result.text = fmt::format(
      "{} of {} candidate settings for {} unknowns\nstandard deviations shrink to {:.4f} in the "
      "geometric mean, {:.4f} with as many random settings\n",
      count, drawn, problem.free.size(), std::exp(-0.5 * design.log_det / unknowns),
      std::exp(-0.5 * random / unknowns));
  if (line.output.empty()) return result;
  write_file(line.output, voltage_rows(data, design.chosen));
  result.json["voltages"] = line.output;
  result.text += fmt::format("voltages: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command calibrate_design_command{
    .name = "calibrate design",
    .operand = "device.yaml",
    .summary = "settings that would tell most about a fitted device",
    .writes = Writes::file,
    .options = {{"settings", "N", "how many (8)"},
                {"targets", "N", "random candidates to choose from (5 for each)"},
                {"max-voltage", "V", "of the drivers (6.5)"}},
    .run = do_design};

}  // namespace lightloom::experiments
