#include "calibration/laboratory/virtual_chip.hpp"

#include <cassert>
#include <cmath>
#include <numbers>

#include "calibration/model/chip_card.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

constexpr double log_gain_per_db = std::numbers::ln10 / 10;

void add_normals(const Stream& stream, std::uint64_t shot, double sigma, std::span<double> values) {
  if (sigma == 0) return;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += sigma * stream.normal(i, shot);
}

}  // namespace

void describe(Section& section, LaboratoryCard& card) {
  section.card("noise", card.noise);
  section.value("max_voltage_V", card.max_voltage_V, positive);
  section.value("source_drift", card.source_drift, {.low = 0, .high = 0.3});
  section.value("monitor_sigma", card.monitor_sigma, {.low = 0, .high = 0.3});
  section.value("phase_drift_rad", card.phase_drift_rad, not_negative);
  section.value("drift_settings", card.drift_settings, positive);
  section.value("outlier_fraction", card.outlier_fraction, fraction);
  section.value("saturation", card.saturation, not_negative);
}

std::vector<double> hidden_parameters(const ChipShape& shape, const ChipCard& card,
                                      std::uint64_t seed, std::uint32_t chip) {
  std::vector<double> values = design_parameters(shape, card);
  const auto stream = [&](Purpose purpose) {
    return Stream({.seed = seed, .purpose = purpose, .chip = chip});
  };
  const Stream heaters = stream(Purpose::heater_spread);
  const std::span<double> gamma = values_of(shape, values, ParameterKind::efficiency);
  for (std::size_t h = 0; h < gamma.size(); ++h)
    gamma[h] *= 1 + card.heater_sigma * heaters.normal(h);
  const auto dead_limit = static_cast<int>(gamma.size());
  for (const int heater : card.dead_heaters) {
    require(heater < dead_limit, "dead_heaters: the chip has no heater {} (it has {})", heater,
            dead_limit);
    gamma[static_cast<std::size_t>(heater)] = 0;
    values_of(shape, values, ParameterKind::curvature)[static_cast<std::size_t>(heater)] = 0;
  }
  add_normals(stream(Purpose::phase_bias), 0, card.bias_sigma_rad,
              values_of(shape, values, ParameterKind::bias));
  const Stream splitters = stream(Purpose::splitter_error);
  for (double& alpha : values_of(shape, values, ParameterKind::alpha))
    alpha = card.splitter_mean_rad;
  for (double& beta : values_of(shape, values, ParameterKind::beta)) beta = card.splitter_mean_rad;
  add_normals(splitters, 0, card.splitter_sigma_rad,
              values_of(shape, values, ParameterKind::alpha));
  add_normals(splitters, 1, card.splitter_sigma_rad, values_of(shape, values, ParameterKind::beta));
  const Stream losses = stream(Purpose::loss_error);
  add_normals(losses, 0, card.arm_loss_sigma_db * log_gain_per_db,
              values_of(shape, values, ParameterKind::arm_gain));
  add_normals(losses, 1, card.input_sigma_db * log_gain_per_db,
              values_of(shape, values, ParameterKind::input_gain));
  add_normals(losses, 2, card.output_sigma_db * log_gain_per_db,
              values_of(shape, values, ParameterKind::output_gain));
  add_normals(stream(Purpose::converter), 0, card.offset_sigma,
              values_of(shape, values, ParameterKind::offset));
  values_of(shape, values, ParameterKind::crosstalk)[0] = card.crosstalk_amplitude;
  add_normals(heaters, 1, card.pair_sigma, values_of(shape, values, ParameterKind::coupling));
  return values;
}

VirtualChip::VirtualChip(ChipShape shape, std::vector<double> hidden,
                         const LaboratoryCard& laboratory, const LaboratorySeed& seed)
    : shape_(std::move(shape)),
      hidden_(std::move(hidden)),
      laboratory_(laboratory),
      seed_(seed),
      phase_drift_(static_cast<std::size_t>(shape_.heater_count())),
      state_(shape_, hidden_) {
  assert(hidden_.size() == static_cast<std::size_t>(shape_.parameters.size()));
}

void VirtualChip::drift() {
  const double sigma = laboratory_.phase_drift_rad;
  const Stream stream(address_of(family::phase_drift, seed_.seed, seed_.chip));
  // Exact step of an Ornstein-Uhlenbeck process that starts at rest.
  const double kept = std::exp(-1 / laboratory_.drift_settings);
  const double kick = sigma * std::sqrt(1 - kept * kept);
  for (std::size_t h = 0; h < phase_drift_.size(); ++h)
    phase_drift_[h] =
        kept * phase_drift_[h] + kick * stream.normal(h, static_cast<std::uint64_t>(setting_));
}

void VirtualChip::predict(std::span<const double> voltages, const Inputs& inputs,
                          std::span<double> readings) {
  if (laboratory_.phase_drift_rad == 0) {
    predict_by({shape_, hidden_}, state_.at(voltages), inputs, readings);
    return;
  }
  drift();
  std::vector<double> phases(voltages.size());
  heater_phases(shape_, hidden_, voltages, phases);
  for (std::size_t h = 0; h < phases.size(); ++h) phases[h] += phase_drift_[h];
  predict_at({shape_, hidden_}, phases, inputs, readings);
}

std::vector<double> VirtualChip::read(std::span<const double> voltages, const Inputs& inputs,
                                      double* source) {
  const auto shot = static_cast<std::uint64_t>(setting_);
  const auto rows = static_cast<std::size_t>(inputs.count) * static_cast<std::size_t>(inputs.ports);
  std::vector<double> readings(rows);
  predict(voltages, inputs, readings);
  const Stream laser({.seed = seed_.seed, .purpose = Purpose::laser, .chip = seed_.chip});
  const double power = 1 + laboratory_.source_drift * laser.normal(0, shot);
  if (source != nullptr)
    *source = laboratory_.source_drift == 0
                  ? 1.0
                  : power * (1 + laboratory_.monitor_sigma * laser.normal(1, shot));
  const Stream noise(address_of(family::laboratory_reading, seed_.seed, seed_.chip));
  for (std::size_t row = 0; row < rows; ++row) {
    double& y = readings[row];
    y *= power;
    y += laboratory_.noise.sigma(y) * noise.normal(2 * row, shot);
    if (laboratory_.outlier_fraction > 0 &&
        noise.uniform(2 * row + 1, shot) < laboratory_.outlier_fraction)
      y = laser.uniform(2 + row, shot);
    if (laboratory_.saturation > 0) y = std::min(y, laboratory_.saturation);
  }
  ++setting_;
  return readings;
}

std::vector<double> random_voltages(const ChipShape& shape, int settings, double max_voltage_V,
                                    std::uint64_t seed) {
  const Stream stream(address_of(family::laboratory_settings, seed));
  const auto heaters = static_cast<std::size_t>(shape.heater_count());
  std::vector<double> voltages(static_cast<std::size_t>(settings) * heaters);
  for (std::size_t i = 0; i < voltages.size(); ++i)
    voltages[i] = max_voltage_V * std::sqrt(stream.uniform(i % heaters, i / heaters));
  return voltages;
}

Measurements measure(VirtualChip& chip, const std::vector<double>& voltages, const Inputs& inputs) {
  const auto heaters = static_cast<std::size_t>(chip.shape().heater_count());
  assert(voltages.size() % heaters == 0);
  Measurements result{.inputs = inputs, .settings = static_cast<int>(voltages.size() / heaters)};
  result.voltages = voltages;
  result.noise = chip.laboratory().noise;
  const bool drifts = chip.laboratory().source_drift > 0;
  for (int s = 0; s < result.settings; ++s) {
    double source = 1;
    const std::vector<double> readings = chip.read(result.voltages_of(s), inputs, &source);
    result.readings.insert(result.readings.end(), readings.begin(), readings.end());
    if (drifts) result.monitor.push_back(source);
  }
  return result;
}

}  // namespace lightloom::calibration
