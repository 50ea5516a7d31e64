#include "photonic/cores/core_cost.hpp"

#include <cmath>
#include <numbers>

#include "photonic/cores/mrr_core.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/devices/detection.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double um2_per_mm2 = 1e6;

bool is_butterfly(const CoreCard& card) { return card.mesh.topology == MeshKind::butterfly; }

double mesh_cells(const CoreCard& card) {
  const int modes = card.mesh_modes();
  return 0.5 * modes * (is_butterfly(card) ? std::log2(modes) : modes - 1);
}

/// Shifters of one mesh: two a device, one a mode behind, and those in front of compact devices.
double mesh_shifters(const CoreCard& card) {
  const bool compact = card.mesh.device == DeviceKind::compact;
  const Topology topology =
      compact ? make_topology(card.mesh.topology, card.mesh_modes()) : Topology{};
  return 2 * mesh_cells(card) + card.mesh_modes() +
         (compact ? static_cast<double>(outer_shifters(topology).size()) : 0.0);
}

/// Programmed phases of a mesh core: two meshes with their screens, and one attenuator a mode.
double mesh_devices(const CoreCard& card) { return 2 * mesh_shifters(card) + card.mesh_modes(); }

/// Mean set phase over all shifters of a mesh core whose meshes are Haar-random: k = 1 ... N-1
/// occurs N-k times (only 1 in a butterfly, whose 2x2s are), phi and screens are uniform over 2 pi,
/// attenuators sit at pi/2. Both phases of a compact device are uniform over 2 pi, and all are
/// where set-points make up for random biases.
double mean_mesh_phase(const CoreCard& card) {
  const int modes = card.mesh_modes();
  const double cells = mesh_cells(card);
  double thetas = 0;
  if (card.mesh.device == DeviceKind::compact || card.phase_bias == PhaseBias::uniform) {
    thetas = pi * cells;
  } else if (is_butterfly(card)) {
    thetas = cells * haar_mean_theta(1);
  } else {
    for (int k = 1; k < modes; ++k) thetas += (modes - k) * haar_mean_theta(k);
  }
  const double others = pi * (mesh_shifters(card) - cells);
  return (2 * (thetas + others) + 0.5 * pi * modes) / mesh_devices(card);
}

/// SVD (about 21 N^3, Golub and Van Loan) and two decompositions of 14 N^3; one ring set-point is a
/// table look-up, and each round of crosstalk correction evaluates every ring of a bus at every
/// wavelength of the bus.
double setting_operations(const CoreCard& card) {
  const double n = card.mesh_modes();
  const double weights = static_cast<double>(card.core_rows()) * card.core_columns();
  switch (card.kind) {
    case CoreKind::ideal:
      return 0;
    case CoreKind::mrr_bank:
      return weights *
             (1 + (card.correction == Correction::local
                       ? ring_correction_rounds * card.bank.channels * ring_evaluation_flop
                       : 0));
    case CoreKind::mzi_mesh:
      return (21 + 2 * 14) * n * n * n;
    case CoreKind::pcm_crossbar:
      return weights;  // one level look-up each
  }
  return 0;
}

double programmed_devices(const CoreCard& card) {
  if (card.kind == CoreKind::ideal) return 0;
  return card.kind == CoreKind::mzi_mesh
             ? mesh_devices(card)
             : static_cast<double>(card.core_rows()) * card.core_columns();
}

/// Devices that take area: a mesh's phases share their MZI.
double placed_devices(const CoreCard& card) {
  if (card.kind != CoreKind::mzi_mesh) return programmed_devices(card);
  return 2 * (mesh_cells(card) + card.mesh_modes()) + card.mesh_modes();
}

double mean_phase(const CoreCard& card) {
  switch (card.kind) {
    case CoreKind::mrr_bank:
      return card.bank.mean_shift_rad;
    case CoreKind::mzi_mesh:
      return mean_mesh_phase(card);
    case CoreKind::ideal:
    case CoreKind::pcm_crossbar:
      break;  // a written cell holds its state without power
  }
  return 0;
}

void fill_powers(const CoreCard& card, CoreCost& cost) {
  const double oscillators =
      card.kind == CoreKind::mzi_mesh ? card.core_rows() * card.laser.local_oscillator_mW : 0.0;
  const double inputs = card.core_columns() * card.laser.power_per_input_mW;
  cost.laser_power_mW = (inputs + oscillators) / card.laser.wall_plug;
  cost.settle_ns = card.shifter.settle_us * 1e3;
  cost.write_energy_pJ = card.shifter.write_energy_pJ;
  cost.hold_power_mW = card.shifter.pi_power_mW * mean_phase(card) / pi;
  cost.devices = static_cast<std::int64_t>(programmed_devices(card));
  cost.decompose_operations = setting_operations(card);
}

void fill_parts(const CoreCard& card, CoreCost& cost) {
  const double rows = card.core_rows(), columns = card.core_columns(), rate = card.symbol_rate_GHz;
  const bool light = card.kind != CoreKind::ideal;
  const double modulator = light ? card.modulator.energy_fJ * 1e-3 : 0.0;
  const double amplifier = light ? card.detector.tia_power_mW / rate : 0.0;
  cost.input_energy_pJ = card.input_dac.energy_pJ() + modulator;
  cost.output_energy_pJ = card.output_adc.energy_pJ() + amplifier;
  cost.parts = {
      {"DAC", columns * card.input_dac.energy_pJ(),
       columns * card.input_dac.area_um2 * card.input_dac.interleaved(rate) / um2_per_mm2},
      {"ADC", rows * card.output_adc.energy_pJ(),
       rows * card.output_adc.area_um2 * card.output_adc.interleaved(rate) / um2_per_mm2}};
  if (light) {
    cost.parts.push_back({"laser", cost.laser_power_mW / rate, 0});
    cost.parts.push_back(
        {"modulator", columns * modulator, columns * card.modulator.area_um2 / um2_per_mm2});
    cost.parts.push_back(
        {"receiver", rows * amplifier,
         rows * (card.detector.tia_area_um2 + 2 * card.detector.diode_area_um2) / um2_per_mm2});
    cost.parts.push_back({"phase shifters", programmed_devices(card) * cost.hold_power_mW / rate,
                          placed_devices(card) * card.shifter.area_um2 / um2_per_mm2});
  }
  for (const CoreCost::Part& part : cost.parts) cost.area_mm2 += part.area_mm2;
}

}  // namespace

double mean_devices_met(const CoreCard& card) {
  const int n = card.mesh_modes();
  if (is_butterfly(card)) return std::log2(n);  // every path alike
  if (!card.mesh.balanced_edges) return n - 1;
  return card.mesh.topology == MeshKind::reck ? std::max(1, 2 * n - 3) : n;
}

double insertion_loss_db(const CoreCard& card) {
  const double before = card.laser.coupling_loss_db + card.modulator.loss_db;
  switch (card.kind) {
    case CoreKind::ideal:
      return 0;
    case CoreKind::mrr_bank:
      return before + card.bank.insertion_loss_db + 10 * std::log10(card.core_rows());
    case CoreKind::mzi_mesh:
      return before + (2 * mean_devices_met(card) + 1) * card.mesh.device_loss_db;
    case CoreKind::pcm_crossbar:
      return before + card.pcm.insertion_loss_db + 10 * std::log10(card.core_rows());
  }
  return 0;
}

double detected_power_mW(const CoreCard& card) {
  return card.laser.power_per_input_mW * std::pow(10.0, -insertion_loss_db(card) / 10);
}

ReadoutNoise readout_noise(const CoreCard& card) {
  switch (card.kind) {
    case CoreKind::ideal:
      return card.noise;
    case CoreKind::mrr_bank:
    case CoreKind::pcm_crossbar:
      return intensity_readout(card.laser, card.detector, detected_power_mW(card),
                               card.bandwidth_Hz(), card.modulator);
    case CoreKind::mzi_mesh:
      return homodyne_readout(card.laser, card.detector, detected_power_mW(card),
                              card.bandwidth_Hz());
  }
  return {};
}

CoreCost core_cost(const CoreCard& card) {
  CoreCost cost;
  cost.symbol_rate_GHz = card.symbol_rate_GHz;
  if (card.kind != CoreKind::ideal) fill_powers(card, cost);
  fill_parts(card, cost);
  return cost;
}

CoreDescription describe_core(const CoreCard& card) {
  CoreDescription description;
  description.kind = kind_name(card.kind);
  description.rows = card.core_rows();
  description.columns = card.core_columns();
  description.coding = card.kind == CoreKind::ideal      ? InputCoding::digital
                       : card.kind == CoreKind::mzi_mesh ? InputCoding::field
                                                         : InputCoding::intensity;
  description.input_dac = card.input_dac;
  description.output_adc = card.output_adc;
  description.noise = readout_noise(card);
  description.noisy_cells = card.kind == CoreKind::pcm_crossbar;
  description.cost = core_cost(card);
  return description;
}

}  // namespace lightloom::photonic
