#include "experiments/studies/accuracy/calibrated_chips.hpp"

#include "calibration/model/chip_card.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"

namespace lightloom::experiments {
namespace {

using calibration::ProgrammedChips;

/// The design that an mzi-mesh core's card gives its heaters.
std::vector<double> design_of(const calibration::ChipShape& shape, const photonic::CoreCard& core) {
  calibration::ChipCard design;
  if (const photonic::MeshCoreCard* own = photonic::find_mesh_part(core)) {
    design.pi_voltage_V = own->heater.pi_voltage_V;
    design.device_loss_db = own->mesh.device_loss_db;
  }
  return calibration::design_parameters(shape, design);
}

}  // namespace

ProgrammedChips programmed_chips(const photonic::CoreCard& core, const CalibrationUse& use) {
  const calibration::DeviceFile device =
      calibration::device_of(use.has_device() ? use.device : use.truth);
  ProgrammedChips chips{.shape = device.shape, .believed = device.parameters, .truth = {}};
  if (use.has_truth()) {
    const calibration::DeviceFile truth = calibration::device_of(use.truth);
    require(truth.parameters.size() == device.parameters.size(),
            "calibration: the truth has {} ports and the device {}", truth.shape.ports(),
            device.shape.ports());
    chips.truth = {truth.parameters};
  } else if (!use.posterior.empty()) {
    chips.truth = read_posterior(use.posterior, device.shape.parameters.size());
  } else {
    chips.truth = {device.parameters};
  }
  if (use.knowledge == ProgrammedBy::none) chips.believed = design_of(device.shape, core);
  if (use.knowledge == ProgrammedBy::perfect) {
    require(chips.truth.size() == 1,
            "calibration: knowledge: perfect needs one truth (not chips drawn from a posterior)");
    chips.believed = chips.truth.front();
  }
  return chips;
}

std::unique_ptr<photonic::TensorCore> make_chips(const photonic::CoreCard& core,
                                                 const CalibrationUse& use) {
  if (!use.used()) return photonic::make_core(core);
  return calibration::make_calibrated_core(core, programmed_chips(core, use));
}

void write_posterior(const std::string& path, const std::vector<std::vector<double>>& samples) {
  Labelled file;
  std::vector<std::int64_t> sample, parameter;
  std::vector<double> values;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    sample.push_back(static_cast<std::int64_t>(s));
    values.insert(values.end(), samples[s].begin(), samples[s].end());
  }
  for (std::size_t p = 0; !samples.empty() && p < samples.front().size(); ++p)
    parameter.push_back(static_cast<std::int64_t>(p));
  file.add_axis({.name = "sample", .values = sample, .unit = "1", .long_name = "chip drawn"});
  file.add_axis({.name = "parameter",
                 .values = parameter,
                 .unit = "1",
                 .long_name = "in the order of the device card's sections"});
  file.add({.name = "parameters",
            .axes = {"sample", "parameter"},
            .values = values,
            .unit = "",
            .long_name = "chips drawn from what the fit leaves open"});
  write_labelled(path, file);
}

std::vector<std::vector<double>> read_posterior(const std::string& path, int parameters) {
  const Labelled file = read_labelled(path);
  const Variable* found = file.variable("parameters");
  const auto* values =
      found == nullptr ? nullptr : std::get_if<std::vector<double>>(&found->values);
  const auto size = static_cast<std::size_t>(parameters);
  require(values != nullptr && found->axes == std::vector<std::string>{"sample", "parameter"} &&
              !values->empty() && values->size() % size == 0 && file.axis("parameter") != nullptr &&
              size_of(file.axis("parameter")->values) == size,
          "{}: holds no chips of {} parameters (the file of `lightloom calibrate fit --posterior` "
          "of the same chip)",
          path, parameters);
  std::vector<std::vector<double>> samples;
  for (std::size_t first = 0; first < values->size(); first += size)
    samples.emplace_back(values->begin() + static_cast<std::ptrdiff_t>(first),
                         values->begin() + static_cast<std::ptrdiff_t>(first + size));
  return samples;
}

}  // namespace lightloom::experiments
