#include "photonic/cores/core_cost.hpp"

#include <cmath>
#include <numbers>

#include "photonic/cores/core_table.hpp"
#include "photonic/readout/detection.hpp"

namespace lightloom::photonic {
namespace {

constexpr double um2_per_mm2 = 1e6;

/// What takes power all the time, during the work that follows the symbols of a product too.
CoreCost::Part powered(const std::string& component, double power_mW, const CoreCost& cost) {
  return {.component = component,
          .energy_pJ_per_symbol = power_mW / cost.symbol_rate_GHz,
          .energy_pJ_per_product = power_mW * cost.product_ns};
}

double lit_inputs(const CoreCard& card, const CoreOptics& optics) {
  return optics.lit_inputs > 0 ? optics.lit_inputs : card.core_columns();
}

/// Electrical power of the laser, and what of it does not wait for symbols.
void add_laser(const CoreCard& card, const CoreOptics& optics, CoreCost& cost) {
  const double inputs = lit_inputs(card, optics) * card.laser.power_per_input_mW;
  const double power_mW = (inputs + optics.oscillators_mW) / card.laser.wall_plug;
  if (card.laser.duty == LaserDuty::always)
    cost.static_power_mW = power_mW;
  else
    cost.laser_power_mW = power_mW;
  cost.parts.push_back(powered("laser", power_mW, cost));
}

void add_devices(const CoreCard& card, const CoreDevices& devices, CoreCost& cost) {
  cost.settle_ns = card.shifter.settle_us * 1e3;
  cost.write_energy_pJ = card.shifter.write_energy_pJ;
  cost.hold_power_mW = card.shifter.pi_power_mW * devices.mean_phase_rad / std::numbers::pi;
  cost.devices = static_cast<std::int64_t>(devices.programmed);
  cost.decompose_operations = devices.setting_operations;
  if (!devices.cells) return;
  cost.settle_ns = devices.cells->settle_ns;
  cost.write_energy_pJ = devices.cells->write_energy_pJ;
  cost.hold_power_mW = 0;
}

/// What an output pays a symbol of something that it pays a conversion.
double per_symbol(double energy_pJ, const CoreCost& cost) {
  return energy_pJ * cost.conversions / cost.symbols;
}

/// Symbols and conversions of a read phase, and the mean rate that they come to.
void set_rhythm(const CoreCard& card, InputCoding coding, const std::vector<PrecisionPart>& table,
                CoreCost& cost) {
  const int bits = magnitude_bits(coding, card.input_dac.bits);
  cost.symbols = symbols_of(card.reads, bits);
  cost.conversions = conversions_of(card.reads, bits);
  cost.utilisation = card.precision.utilisation;
  double conversion_ns = card.output_adc.conversion_ns(), phase_ns = 0;
  for (const PrecisionPart& part : table) {
    if (part.per == PaidPer::phase) phase_ns += part.time_ns;
    if (part.per == PaidPer::conversion) conversion_ns += part.time_ns;
    if (part.per == PaidPer::product) cost.product_ns += part.time_ns;
  }
  cost.symbol_rate_GHz = card.symbol_rate_GHz;
  if (!(phase_ns > 0) && conversion_ns > 0)
    phase_ns = cost.symbols / card.symbol_rate_GHz + cost.conversions * conversion_ns;
  if (phase_ns > 0) cost.symbol_rate_GHz = cost.symbols / phase_ns;
}

/// Every slice of a weight has its own converter at every output.
void add_converters(const CoreCard& card, int slices, CoreCost& cost) {
  const double columns = card.core_columns(), outputs = card.core_rows();
  const Converter &dac = card.input_dac, &adc = card.output_adc;
  cost.input_energy_pJ = card.reads.in_bits() ? dac.one_bit_energy_pJ() : dac.energy_pJ();
  cost.output_energy_pJ = per_symbol(slices * adc.energy_pJ(), cost);
  const double conversion_rate_GHz = per_symbol(cost.symbol_rate_GHz, cost);
  cost.parts = {
      {"DAC", columns * cost.input_energy_pJ,
       columns * dac.area_um2 * dac.interleaved(card.symbol_rate_GHz) / um2_per_mm2},
      {"ADC", outputs * cost.output_energy_pJ,
       outputs * slices * adc.area_um2 * adc.interleaved(conversion_rate_GHz) / um2_per_mm2}};
}

/// What the table of precisions adds to the converters.
void add_precision(const CoreCard& card, int slices, const std::vector<PrecisionPart>& table,
                   CoreCost& cost) {
  const double rows = card.core_rows(), columns = card.core_columns();
  for (const PrecisionPart& part : table) {
    CoreCost::Part each{.component = part.part};
    switch (part.per) {
      case PaidPer::phase:
        cost.phase_energy_pJ += part.energy_pJ;
        each.energy_pJ_per_symbol = part.energy_pJ / cost.symbols;
        break;
      case PaidPer::product:
        cost.product_energy_pJ += part.energy_pJ;
        each.energy_pJ_per_product = part.energy_pJ;
        break;
      case PaidPer::conversion:
        cost.output_energy_pJ += per_symbol(slices * part.energy_pJ, cost);
        each.energy_pJ_per_symbol = rows * per_symbol(slices * part.energy_pJ, cost);
        break;
      case PaidPer::symbol:
        cost.input_energy_pJ += part.energy_pJ;
        each.energy_pJ_per_symbol = columns * part.energy_pJ;
        break;
    }
    cost.parts.push_back(std::move(each));
  }
}

void add_light_parts(const CoreCard& card, double pairs, CoreCost& cost) {
  const double rows = card.core_rows(), columns = card.core_columns(), rate = cost.symbol_rate_GHz;
  const double modulator = card.modulator.energy_fJ * 1e-3;
  const double amplifier = card.detector.tia_power_mW / rate;
  cost.input_energy_pJ += modulator;
  cost.output_energy_pJ += amplifier;
  cost.parts.push_back(
      {"modulator", columns * modulator, columns * card.modulator.area_um2 / um2_per_mm2});
  cost.parts.push_back(
      {"receiver", rows * amplifier,
       rows * (card.detector.tia_area_um2 + 2 * pairs * card.detector.diode_area_um2) /
           um2_per_mm2});
}

void add_powered_part(const CoreDevices::Part& part, CoreCost& cost) {
  cost.static_power_mW += part.power_mW;
  cost.parts.push_back(powered(part.component, part.power_mW, cost));
  cost.parts.back().area_mm2 = part.area_mm2;
}

void add_other_parts(const CoreDevices& devices, CoreCost& cost) {
  for (const CoreDevices::Part& part : devices.others) add_powered_part(part, cost);
}

void add_device_parts(const CoreCard& card, const CoreDevices& devices, CoreCost& cost) {
  if (devices.cells) {
    cost.output_energy_pJ += devices.cells->read_energy_pJ / card.core_rows();
    cost.parts.push_back({"cells", devices.cells->read_energy_pJ, devices.cells->area_mm2});
  } else {
    cost.parts.push_back(powered("phase shifters", devices.programmed * cost.hold_power_mW, cost));
    cost.parts.back().area_mm2 = devices.placed * card.shifter.area_um2 / um2_per_mm2;
  }
  add_other_parts(devices, cost);
}

/// A vector that is read several times takes so many symbols, and all that they take.
void repeat_readings(int readings, CoreCost& cost) {
  if (readings == 1) return;
  cost.symbol_rate_GHz /= readings;
  cost.input_energy_pJ *= readings;
  cost.output_energy_pJ *= readings;
  cost.phase_energy_pJ *= readings;
  for (CoreCost::Part& part : cost.parts) part.energy_pJ_per_symbol *= readings;
}

/// A bank of levels for every column, and a switch for each of them at every device.
void add_sparse_dac(const CoreCard& card, CoreCost& cost) {
  const SparseDac& dac = card.sparse_dac;
  if (!dac.used()) return;
  const double levels = 1.0 * card.core_columns() * dac.levels,
               switches = static_cast<double>(cost.devices) * dac.levels;
  cost.sparse_dac = dac;
  for (const CoreDevices::Part& part :
       {CoreDevices::Part{"level bank", levels * dac.level_power_mW,
                          levels * dac.level_area_um2 / um2_per_mm2},
        CoreDevices::Part{"weight switches", switches * dac.switch_leakage_nW * 1e-6,
                          switches * dac.switch_area_um2 / um2_per_mm2}})
    add_powered_part(part, cost);
}

double summed_area_mm2(const CoreCost& cost) {
  double sum = 0;
  for (const CoreCost::Part& part : cost.parts) sum += part.area_mm2;
  return sum;
}

/// Area of `count` converters that work at `rate_GHz`.
double converters_mm2(const Converter& converter, double count, double rate_GHz) {
  return count * converter.area_um2 * converter.interleaved(rate_GHz) / um2_per_mm2;
}

/// A core that modulates both operands: `inputs` and `weights` values a symbol, and every output
/// of every vector is converted once a tile.
CoreCost dynamic_cost(const CoreCard& card, const CoreOptics& optics, const CoreDevices& devices) {
  const DynamicOperands& operands = optics.operands;
  const double rate = card.symbol_rate_GHz, inputs = operands.input_elements(),
               weights = operands.weight_elements(card.core_rows()),
               outputs = 1.0 * card.core_rows() * operands.vectors,
               symbols = operands.symbols(card.core_columns()),
               modulator = card.modulator.energy_fJ * 1e-3,
               amplifier = card.detector.tia_power_mW / rate;
  const Converter &dac = card.input_dac, &weight_dac = operands.weight_dac, &adc = card.output_adc;
  CoreCost cost{.symbol_rate_GHz = rate,
                .input_energy_pJ = dac.energy_pJ() + modulator,
                .output_energy_pJ = adc.energy_pJ()};
  cost.parts = {
      {"DAC", inputs * dac.energy_pJ() + weights * weight_dac.energy_pJ(),
       converters_mm2(dac, inputs, rate) + converters_mm2(weight_dac, weights, rate)},
      {"ADC", outputs / symbols * adc.energy_pJ(), converters_mm2(adc, outputs, rate / symbols)}};
  add_laser(card, optics, cost);
  cost.parts.push_back({"modulator", (inputs + weights) * modulator,
                        (inputs + weights) * card.modulator.area_um2 / um2_per_mm2});
  cost.parts.push_back(
      {"receiver", outputs * amplifier,
       outputs * (card.detector.tia_area_um2 + 2 * optics.pairs * card.detector.diode_area_um2) /
           um2_per_mm2});
  add_other_parts(devices, cost);
  cost.area_mm2 = summed_area_mm2(cost);
  return cost;
}

}  // namespace

CoreOptics core_optics(const CoreCard& card) { return core_entry(card.kind).optics(card); }

CoreDevices core_devices(const CoreCard& card) {
  const CoreEntry& entry = core_entry(card.kind);
  return entry.devices ? entry.devices(card) : CoreDevices{};
}

double input_loss_db(const CoreCard& card) {
  return card.laser.coupling_loss_db + card.modulator.loss_db;
}

double power_behind_mW(const CoreCard& card, double loss_db) {
  return card.laser.power_per_input_mW * std::pow(10.0, -loss_db / 10);
}

ReadoutNoise intensity_noise(const CoreCard& card, double loss_db, double pairs) {
  return intensity_readout({card.laser, in_parallel(card.detector, pairs), card.modulator},
                           power_behind_mW(card, loss_db), card.bandwidth_Hz());
}

ReadoutNoise homodyne_noise(const CoreCard& card, double loss_db) {
  return homodyne_readout(card.laser, card.detector, power_behind_mW(card, loss_db),
                          card.bandwidth_Hz());
}

double lit_inputs(const CoreCard& card) { return lit_inputs(card, core_optics(card)); }

double insertion_loss_db(const CoreCard& card) { return core_optics(card).insertion_loss_db; }

double detected_power_mW(const CoreCard& card) {
  return power_behind_mW(card, insertion_loss_db(card));
}

ReadoutNoise readout_noise(const CoreCard& card) { return core_optics(card).noise; }

std::vector<PrecisionPart> precision_of(const CoreCard& card) {
  if (card.precision.entries.empty()) return {};
  const double weights = static_cast<double>(card.core_rows()) * card.core_columns();
  return precision_parts(card.precision,
                         {.output_bits = card.output_adc.bits, .input_bits = card.input_dac.bits},
                         weights);
}

CoreCost core_cost(const CoreCard& card) {
  const CoreOptics optics = core_optics(card);
  const std::vector<PrecisionPart> precision = precision_of(card);
  const CoreDevices devices = core_devices(card);
  if (optics.operands.present()) return dynamic_cost(card, optics, devices);
  const bool programmed = core_entry(card.kind).devices != nullptr;
  CoreCost cost;
  set_rhythm(card, optics.coding, precision, cost);
  cost.weight_path = card.weight_path;
  if (programmed) add_devices(card, devices, cost);
  add_converters(card, optics.slices, cost);
  add_precision(card, optics.slices, precision, cost);
  if (optics.light) {
    add_laser(card, optics, cost);
    add_light_parts(card, optics.pairs, cost);
  }
  if (programmed) add_device_parts(card, devices, cost);
  add_sparse_dac(card, cost);
  cost.area_mm2 = summed_area_mm2(cost);
  repeat_readings(card.readings, cost);
  return cost;
}

DynamicOperands core_operands(const CoreCard& card) {
  const CoreOptics optics = core_optics(card);
  DynamicOperands operands = optics.operands;
  if (!operands.present()) return operands;
  operands.weight_energy_pJ = operands.weight_dac.energy_pJ() + card.modulator.energy_fJ * 1e-3;
  operands.receiver_energy_pJ = card.detector.tia_power_mW / card.symbol_rate_GHz;
  return operands;
}

CoreDescription describe_core(const CoreCard& card) {
  const CoreOptics optics = core_optics(card);
  CoreDescription description;
  description.kind = card.kind;
  description.rows = card.core_rows();
  description.columns = card.core_columns();
  description.coding = optics.coding;
  description.input_range = card.input_range;
  description.weight_scales = card.weight_scales;
  description.input_dac = card.input_dac;
  description.output_adc = card.output_adc;
  description.noise = optics.noise;
  description.noisy_cells = optics.noisy_cells;
  description.slices = optics.slices;
  description.readings = card.readings;
  description.reads = card.reads;
  description.signs = core_entry(card.kind).signs;
  description.blocks = card.blocks;
  description.operands = core_operands(card);
  description.cost = core_cost(card);
  return description;
}

}  // namespace lightloom::photonic
