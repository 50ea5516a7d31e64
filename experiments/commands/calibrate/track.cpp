#include <cmath>

#include "calibration/fit/tracking.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

Shown do_track(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string card = operand(line, 0, "a device card");
  const DeviceFile device = read_device(card);
  const Measurements data = read_measurements(operand(line, 1, "measurements (.h5 or .csv)"));
  at_most_operands(line, 2);
  if (!line.output.empty()) require_writable(line.output);
  const DriftBelief belief{.phase_sigma_rad = line.real("limit", 0.1, 1e-9)};
  const Tracked tracked = track(device, data, belief);
  double moved = 0;
  for (int h = 0; h < device.shape.heater_count(); ++h) {
    const auto p = static_cast<std::size_t>(device.shape.parameters.at(ParameterKind::bias, h));
    moved +=
        std::pow(tracked.parameters[p] - device.parameters[p], 2) / device.shape.heater_count();
  }
  Shown result;
  result.json = {{"settings", data.settings},
                 {"rms_before", tracked.before},
                 {"rms_after", tracked.after},
                 {"phase_moved_rad", std::sqrt(moved)},
                 {"converged", tracked.summary.converged}};
  result.text = fmt::format(
      "{} settings: RMS over the noise {:.2f} with the card, {:.2f} after\nphases moved by {:.4f} "
      "rad "
      "(RMS)\n{}",
      data.settings, tracked.before, tracked.after, std::sqrt(moved),
      tracked.after > 1.5 ? "more than phases and port gains moved: fit again from all data\n"
                          : "");
  if (line.output.empty()) return result;
  write_file(line.output, to_yaml(device_card(device.shape, tracked.parameters, tracked.sigma)));
  result.json["device"] = line.output;
  result.text += fmt::format("device card: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command calibrate_track_command{
    .name = "calibrate track",
    .operand = "device.yaml few.h5",
    .summary = "a drifted device from few readings",
    .endings = card_endings,
    .options = {{"limit", "RAD", "drift of the phases to expect (0.1)"}},
    .run = do_track};

}  // namespace lightloom::experiments
