#include <cmath>

#include "calibration/calibrate.hpp"
#include "calibration/measurement/data_check.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// What the device should have read.
Measurements predicted(const DeviceFile& device, Measurements data) {
  const std::size_t block = data.block();
  for (int s = 0; s < data.settings; ++s)
    predict({device.shape, device.parameters}, data.voltages_of(s), data.inputs,
            {data.readings.data() + static_cast<std::size_t>(s) * block, block});
  data.monitor.clear();
  data.sweeps.clear();
  data.notes["predicted"] = "by a device card";
  return data;
}

Shown do_predict(const CommandLine& line, ProgressSink& /*progress*/) {
  const DeviceFile device = read_device(operand(line, 0, "a device card"));
  const std::string path = operand(line, 1, "measurements (.h5 or .csv)");
  at_most_operands(line, 2);
  if (!line.output.empty()) require_writable(line.output);
  const Measurements data = read_measurements(path);
  const DataReport report = check_data(device.shape, data);
  const std::vector<std::string> errors = texts_of(report.errors, {DataFault::few_settings});
  if (!errors.empty()) throw Error(fmt::format("{}: {}", path, errors.front()));
  const ResidualMap map = residual_map(device.shape, data, device.parameters);
  double squares = 0;
  for (const double rms : map.by_setting) squares += rms * rms;
  const double chi2 = squares / static_cast<double>(map.by_setting.size());
  const std::vector<std::string> swaps = find_swaps(device.shape, data, device.parameters);
  Shown result;
  result.json = {{"settings", data.settings},
                 {"readings", data.readings.size()},
                 {"rms", std::sqrt(chi2)},
                 {"chi2_per_reading", chi2},
                 {"swaps", swaps},
                 {"warnings", report.warnings},
                 {"residual_rms",
                  {{"by_detector", map.by_detector},
                   {"by_input", map.by_input},
                   {"by_setting", map.by_setting}}}};
  result.text = fmt::format(
      "{} readings of {} settings\nRMS of reading minus prediction: {:.3f} times the noise\n",
      data.readings.size(), data.settings, std::sqrt(chi2));
  for (const std::string& swap : swaps) result.text += swap + "\n";
  if (line.output.empty()) return result;
  write_measurements(line.output, predicted(device, data));
  result.json["predicted"] = line.output;
  result.text += fmt::format("predicted readings: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command calibrate_predict_command{
    .name = "calibrate predict",
    .operand = "device.yaml data.h5",
    .summary = "what a fitted device should read, against what it reads",
    .endings = {".h5", ".hdf5", ".csv"},
    .options = {},
    .run = do_predict};

}  // namespace lightloom::experiments
