#include "calibration/fit/fit_card.hpp"
#include "calibration/hidden_measurement.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/random/random.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// The truth as a device card, for comparing with a fit.
void write_truth(const CommandLine& line, const HiddenChip& hidden) {
  if (!line.has("truth")) return;
  write_file(line.value("truth"), to_yaml(device_card(hidden.shape, hidden.parameters, {})));
}

/// An earlier calibration of the same chip, from before its phases moved: phi_0 0.1 rad and gamma
/// 0.1 % off, splitters unknown. A start for fits without sweeps.
void write_earlier(const CommandLine& line, const HiddenChip& hidden) {
  if (!line.has("earlier")) return;
  std::vector<double> card = design_start(hidden.shape, hidden.card.fit);
  const Stream stream(address_of(family::earlier_calibration, hidden.card.seed));
  for (int h = 0; h < hidden.shape.heater_count(); ++h) {
    const auto gamma = static_cast<std::size_t>(
                   hidden.shape.parameters.at(ParameterKind::efficiency, h)),
               bias = static_cast<std::size_t>(hidden.shape.parameters.at(ParameterKind::bias, h));
    const auto heater = static_cast<std::uint64_t>(h);
    card[bias] = hidden.parameters[bias] + 0.1 * stream.normal(heater, 0);
    card[gamma] = hidden.parameters[gamma] * (1 + 1e-3 * stream.normal(heater, 1));
  }
  write_file(line.value("earlier"), to_yaml(device_card(hidden.shape, card, {})));
}

Shown do_simulate(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "the card of a chip");
  at_most_operands(line, 1);
  require(!line.output.empty(), "lightloom calibrate simulate needs --output data.h5 (or .csv)");
  Tree tree = load_card(path, line.settings);
  if (line.seed) set_at(tree, "seed", Tree::of(fmt::format("{}", *line.seed)), ".");
  const HiddenChip hidden = hidden_chip(tree);
  require_writable(line.output);
  for (const char* file : {"truth", "earlier"})
    if (line.has(file)) require_writable(line.value(file));

  LaboratoryRun run = measure_in_laboratory(hidden);
  Measurements& data = run.data;
  add_notes(hidden.card.chip, data);
  data.notes["simulated_with_seed"] = fmt::format("{}", hidden.card.seed);
  write_measurements(line.output, data);
  write_truth(line, hidden);
  write_earlier(line, hidden);

  Shown result;
  result.json = {{"data", line.output},
                 {"modes", hidden.shape.ports()},
                 {"heaters", hidden.shape.heater_count()},
                 {"settings", data.settings},
                 {"readings", data.readings.size()},
                 {"sweeps", data.sweeps.size()},
                 {"settings_made", run.settings_made},
                 {"problems", run.problems}};
  result.text = fmt::format(
      "a virtual chip with {} ports and {} heaters\n{} settings with every port lit in turn: {} "
      "readings\n{} sweeps of single heaters\ndata: {}\n",
      hidden.shape.ports(), hidden.shape.heater_count(), data.settings, data.readings.size(),
      data.sweeps.size(), line.output);
  for (const std::string& problem : run.problems) result.text += "problem: " + problem + "\n";
  return result;
}

}  // namespace

extern const Command calibrate_simulate_command{
    .name = "calibrate simulate",
    .operand = "chip.yaml",
    .summary = "readings of a virtual chip in a virtual laboratory",
    .endings = {".h5", ".hdf5", ".csv"},
    .options = {{"truth", "FILE", "writes the hidden chip here, as a device card", card_endings},
                {"earlier", "FILE",
                 "writes an earlier calibration here, 0.1 rad off, for fit --start", card_endings}},
    .run = do_simulate};

}  // namespace lightloom::experiments
