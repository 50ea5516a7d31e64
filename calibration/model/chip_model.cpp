#include "calibration/model/chip_model.hpp"

#include <cassert>
#include <cmath>

#include "calibration/model/field_pair.hpp"
#include "photonic/devices/heater.hpp"
#include "photonic/meshes/propagate.hpp"

namespace lightloom::calibration {
using photonic::Cell;
using photonic::Complex;
using photonic::Transfer;

Inputs single_ports(int ports) {
  Inputs inputs{ports, ports, {}};
  inputs.fields.resize(static_cast<std::size_t>(ports) * static_cast<std::size_t>(ports));
  for (std::size_t p = 0; p < static_cast<std::size_t>(ports); ++p)
    inputs.fields[p * static_cast<std::size_t>(ports) + p] = 1;
  return inputs;
}

HeatKernel crosstalk_kernel(const HeaterNeighbour& n, double amplitude, double decay_um) {
  const double near = std::exp(-n.near_um / decay_um), far = std::exp(-n.far_um / decay_um);
  const double slope = (n.near_um * near - n.far_um * far) / (decay_um * decay_um);
  return {amplitude * (near - far), near - far, amplitude * slope};
}

std::vector<HeatKernel> crosstalk_kernels(const ChipShape& shape,
                                          std::span<const double> parameters) {
  const auto first = static_cast<std::size_t>(shape.parameters.first(ParameterKind::crosstalk));
  std::vector<HeatKernel> kernels;
  for (const HeaterNeighbour& n : shape.distances)
    kernels.push_back(crosstalk_kernel(n, parameters[first], parameters[first + 1]));
  return kernels;
}

std::vector<double> neighbour_kernels(const ChipShape& shape, std::span<const double> parameters) {
  const std::vector<HeatKernel> kernels = crosstalk_kernels(shape, parameters);
  std::vector<double> values;
  values.reserve(shape.neighbours.size());
  const double* own = parameters.data() + shape.parameters.first(ParameterKind::coupling);
  for (const HeaterNeighbour& n : shape.neighbours)
    values.push_back(kernels[static_cast<std::size_t>(n.pair)].value +
                     (n.coupling >= 0 ? own[n.coupling] : 0.0));
  return values;
}

void heater_phases(const ChipShape& shape, std::span<const double> parameters,
                   std::span<const double> voltages, std::span<double> phases_rad) {
  const ParameterLayout& at = shape.parameters;
  const auto heaters = static_cast<std::size_t>(shape.heater_count());
  assert(voltages.size() == heaters && phases_rad.size() == heaters);
  const double* gamma = &parameters[static_cast<std::size_t>(at.first(ParameterKind::efficiency))];
  const double* gamma2 = &parameters[static_cast<std::size_t>(at.first(ParameterKind::curvature))];
  const double* bias = &parameters[static_cast<std::size_t>(at.first(ParameterKind::bias))];
  const double* kernel = &parameters[static_cast<std::size_t>(at.first(ParameterKind::crosstalk))];
  std::vector<double> heat(heaters);
  for (std::size_t j = 0; j < heaters; ++j) {
    const double v2 = voltages[j] * voltages[j];
    heat[j] = photonic::HeaterLaw{gamma[j], gamma2[j]}.phase(v2);
    phases_rad[j] = bias[j] + heat[j];
  }
  if (kernel[0] == 0 && at.count(ParameterKind::coupling) == 0) return;
  const std::vector<double> gammas = neighbour_kernels(shape, parameters);
  for (std::size_t i = 0; i < gammas.size(); ++i)
    phases_rad[static_cast<std::size_t>(shape.neighbours[i].victim)] +=
        gammas[i] * heat[static_cast<std::size_t>(shape.neighbours[i].aggressor)];
}

photonic::Fabrication fabrication_of(const ChipShape& shape, std::span<const double> parameters) {
  const ParameterLayout& at = shape.parameters;
  const auto value = [&](ParameterKind kind, int i) {
    return parameters[static_cast<std::size_t>(at.at(kind, i))];
  };
  photonic::Fabrication cells(shape.topology.cells.size());
  for (int k = 0; k < shape.cells(); ++k) {
    photonic::MziErrors& cell = cells[static_cast<std::size_t>(k)];
    cell.alpha_rad = value(ParameterKind::alpha, k);
    cell.beta_rad = value(ParameterKind::beta, k);
    cell.theta_top.log_gain = value(ParameterKind::arm_gain, 2 * k);
    cell.phi_top.log_gain = value(ParameterKind::arm_gain, 2 * k + 1);
  }
  return cells;
}

photonic::MeshSettings settings_of(const ChipShape& shape, std::span<const double> parameters,
                                   std::span<const double> phases_rad) {
  photonic::MeshSettings settings = photonic::zero_settings(shape.topology);
  for (std::size_t k = 0; k < settings.theta.size(); ++k) {
    settings.theta[k] = phases_rad[2 * k];
    settings.phi[k] = phases_rad[2 * k + 1];
  }
  const int first = shape.parameters.first(ParameterKind::screen);
  for (std::size_t p = 0; p < settings.screen.size(); ++p)
    settings.screen[p] = parameters[static_cast<std::size_t>(first) + p];
  return settings;
}

void chip_transfers(const ChipShape& shape, std::span<const double> parameters,
                    std::span<const double> phases_rad, std::span<Transfer> transfers) {
  photonic::cell_transfers(
      {shape.topology, photonic::DeviceKind::mzi, settings_of(shape, parameters, phases_rad),
       fabrication_of(shape, parameters)},
      transfers);
  const double gain =
      parameters[static_cast<std::size_t>(shape.parameters.first(ParameterKind::device_gain))];
  if (gain == 0) return;
  const double amplitude = std::exp(gain / 2);
  for (Transfer& t : transfers) amplify(t, amplitude);
}

namespace {

/// One vector through the mesh; cells that no light has reached are skipped.
void propagate_one(const ChipShape& shape, std::span<const Transfer> transfers, double* re,
                   double* im) {
  for (std::size_t k = 0; k < transfers.size(); ++k) {
    const Cell& cell = shape.topology.cells[k];
    const FieldPair in{{re[cell.top], im[cell.top]}, {re[cell.bottom], im[cell.bottom]}};
    if (in.top == 0.0 && in.bottom == 0.0) continue;
    const FieldPair out = apply(transfers[k], in);
    re[cell.top] = out.top.real();
    im[cell.top] = out.top.imag();
    re[cell.bottom] = out.bottom.real();
    im[cell.bottom] = out.bottom.imag();
  }
}

}  // namespace

void predict_at(const ChipModel& chip, std::span<const double> phases_rad, const Inputs& inputs,
                std::span<double> readings) {
  const auto& [shape, parameters] = chip;
  std::vector<Transfer> transfers(shape.topology.cells.size());
  chip_transfers(shape, parameters, phases_rad, transfers);
  predict_by(chip, transfers, inputs, readings);
}

void predict_by(const ChipModel& chip, std::span<const Transfer> transfers, const Inputs& inputs,
                std::span<double> readings) {
  const ChipShape& shape = chip.shape;
  const std::span<const double> parameters = chip.parameters;
  const auto ports = static_cast<std::size_t>(shape.ports());
  const auto count = static_cast<std::size_t>(inputs.count);
  assert(inputs.ports == shape.ports() && readings.size() == count * ports);
  const ParameterLayout& at = shape.parameters;
  const auto value = [&](ParameterKind kind, std::size_t i) {
    return parameters[static_cast<std::size_t>(at.first(kind)) + i];
  };
  std::vector<double> re(ports * count), im(ports * count);
  for (std::size_t p = 0; p < ports; ++p) {
    const double coupling = std::exp(value(ParameterKind::input_gain, p) / 2);
    for (std::size_t k = 0; k < count; ++k) {
      re[p * count + k] = coupling * inputs.fields[k * ports + p].real();
      im[p * count + k] = coupling * inputs.fields[k * ports + p].imag();
    }
  }
  if (inputs.count == 1)
    propagate_one(shape, transfers, re.data(), im.data());
  else
    photonic::propagate<double>(shape.topology, transfers, {},
                                {re.data(), im.data(), shape.ports(), inputs.count, inputs.count});
  for (std::size_t p = 0; p < ports; ++p) {
    const double gain = std::exp(value(ParameterKind::output_gain, p)),
                 offset = value(ParameterKind::offset, p);
    for (std::size_t k = 0; k < count; ++k) {
      const double r = re[p * count + k], i = im[p * count + k];
      readings[k * ports + p] = gain * (r * r + i * i) + offset;
    }
  }
}

void predict(const ChipModel& chip, std::span<const double> voltages, const Inputs& inputs,
             std::span<double> readings) {
  std::vector<double> phases(voltages.size());
  heater_phases(chip.shape, chip.parameters, voltages, phases);
  predict_at(chip, phases, inputs, readings);
}

}  // namespace lightloom::calibration
