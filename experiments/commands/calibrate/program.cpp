#include "calibration/calibrate.hpp"
#include "calibration/calibration_card.hpp"
#include "calibration/measurement/data_check.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/chip_model.hpp"
#include "calibration/model/device_card.hpp"
#include "calibration/programming/voltages.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "experiments/results/files/mesh_settings_file.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

std::string voltage_table(const ChipShape& shape, const std::vector<double>& voltages) {
  std::string text = "heater,voltage_V,name\n";
  for (std::size_t h = 0; h < voltages.size(); ++h)
    text += fmt::format("{},{},\"{}\"\n", h, number_text(voltages[h]),
                        heater_name(shape.topology, static_cast<int>(h)));
  return text;
}

/// The hidden chip of the same mesh.
DeviceFile read_truth(const CommandLine& line, const DeviceFile& device) {
  DeviceFile truth = read_device(line.value("truth"));
  require(truth.shape.ports() == device.shape.ports(), "the truth has {} ports, the device {}",
          truth.shape.ports(), device.shape.ports());
  require(truth.shape.topology.kind == device.shape.topology.kind,
          "the truth is a {} mesh, the device a {} one", topology_name(truth.shape.topology.kind),
          topology_name(device.shape.topology.kind));
  return truth;
}

/// An error of matrices that doubles round to, and no chip is known better than.
constexpr double rounding = 1e-12;

std::string worth_text(const ProgrammingComparison& error) {
  if (error.uncalibrated <= rounding)
    return "the design is the hidden chip: there is nothing to calibrate\n";
  if (error.fitted <= rounding)
    return "the fitted card is the hidden chip: what is left of the error is rounding\n";
  return fmt::format("{:.1f} times better than uncalibrated\n", error.uncalibrated / error.fitted);
}

/// Random targets on the hidden chip: what the card was worth.
Shown compare(const CommandLine& line, const DeviceFile& device, double max_voltage_V) {
  require(
      line.has("truth"),
      "lightloom calibrate program needs a matrix, or --truth hidden.yaml for a comparison over "
      "random matrices");
  const DeviceFile truth = read_truth(line, device);
  const auto targets = static_cast<int>(line.number("targets", 16, 1));
  ChipCard design;
  design.pi_voltage_V = line.real("pi-voltage", design.pi_voltage_V, 1e-6);
  const ProgrammingComparison error = compare_programming(
      device.shape, {design_parameters(device.shape, design), device.parameters, truth.parameters},
      {max_voltage_V, targets, line.seed.value_or(0)});
  Shown result;
  result.json = {
      {"targets", targets},
      {"error",
       {{"uncalibrated", error.uncalibrated},
        {"heaters_only", error.heaters_only},
        {"fitted", error.fitted},
        {"perfect", error.perfect}}},
      {"improvement", error.fitted > rounding ? Json(error.uncalibrated / error.fitted) : Json()}};
  TextTable table({fmt::format("{} random unitaries, programmed with", targets), "error"});
  table.row({"the design", fmt::format("{:.4f}", error.uncalibrated)});
  table.row(
      {"fitted heaters, splitters taken as perfect", fmt::format("{:.4f}", error.heaters_only)});
  table.row({"the fitted card", fmt::format("{:.4f}", error.fitted)});
  table.row({"the truth", fmt::format("{:.4f}", error.perfect)});
  result.text = table.text() + worth_text(error);
  return result;
}

/// --target: unitary (default) or nearest.
bool is_nearest(const CommandLine& line) {
  const std::string word = line.value("target", "unitary");
  require(word == "unitary" || word == "nearest",
          "--target {}: must be one of unitary, nearest (one mesh makes no other matrices)", word);
  return word == "nearest";
}

/// Voltages in words and for scripts; `error` is the expected one.
Shown programmed(const ProgrammedMatrix& made, photonic::MeshKind mesh, double max_voltage_V,
                 double error) {
  const Programming& set = made.set;
  Shown result;
  result.json = {{"modes", made.target.size},
                 {"voltages_V", set.voltages},
                 {"out_of_range", set.out_of_range},
                 {"unreachable", set.unreachable},
                 {"rounded", made.rounded},
                 {"inputs", order_name(made.inputs_reversed)},
                 {"outputs", order_name(made.outputs_reversed)},
                 {"expected_error", error}};
  result.text = fmt::format(
      "{} heaters; {} would need more than {} V, {} MZIs cannot make their ratio\nexpected error "
      "up to port phases: {:.4g}\n",
      set.voltages.size(), set.out_of_range, max_voltage_V, set.unreachable, error);
  if (made.rounded)
    result.text +=
        "the matrix is not quite unitary (single precision, few decimals): the nearest unitary is "
        "set\n";
  if (mesh == photonic::MeshKind::butterfly)
    result.text += fmt::format("inputs {}, outputs {}\n", order_name(made.inputs_reversed),
                               order_name(made.outputs_reversed));
  return result;
}

Shown do_program(const CommandLine& line, ProgressSink& /*progress*/) {
  const DeviceFile device = read_device(operand(line, 0, "a device card"));
  at_most_operands(line, 2);
  const double max_voltage_V = line.real("max-voltage", 6.5, 1e-6);
  if (line.operands.size() < 2) return compare(line, device, max_voltage_V);
  if (!line.output.empty()) require_writable(line.output);
  const ProgrammedMatrix made =
      program(device.shape, device.parameters, read_matrix(line.operands[1]),
              {.max_voltage_V = max_voltage_V,
               .nearest = is_nearest(line),
               .tolerance = line.has("tolerance") ? line.real("tolerance", 0, 1e-300) : 0});
  const std::vector<double>& voltages = made.set.voltages;
  const double error = error_up_to_port_phases(
      realised_matrix(device.shape, device.parameters, voltages), made.target);
  Shown result = programmed(made, device.shape.topology.kind, max_voltage_V, error);
  if (line.has("truth")) {
    const DeviceFile truth = read_truth(line, device);
    const double real = error_up_to_port_phases(
        realised_matrix(truth.shape, truth.parameters, voltages), made.target);
    result.json["error"] = real;
    result.text += fmt::format("error on the hidden chip: {:.4g}\n", real);
  }
  if (line.output.empty()) return result;
  write_file(line.output, voltage_table(device.shape, voltages));
  result.json["voltages"] = line.output;
  result.text += fmt::format("voltages: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command calibrate_program_command{
    .name = "calibrate program",
    .operand = "device.yaml [matrix]",
    .summary = "voltages for a matrix, or how well random ones are programmed",
    .endings = {".csv"},
    .options = {{"truth", "FILE", "the hidden chip, to compare with"},
                {"target", "NAME", "unitary (default) or nearest (unitary)"},
                {"tolerance", "X",
                 "largest |U U^H - 1| taken for unitary (2e-6 root of the modes)"},
                {"targets", "N", "random matrices without a given one (16)"},
                {"max-voltage", "V", "of the drivers (6.5)"},
                {"pi-voltage", "V", "design value of V_pi (4.36)"}},
    .run = do_program};

}  // namespace lightloom::experiments
