#include "calibration/laboratory/heater_bench.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lightloom::calibration {

constexpr double turn = 2 * std::numbers::pi;

Instrument instrument_of(VirtualChip& chip) {
  return [&chip](std::span<const double> voltages, int input) {
    const auto ports = static_cast<std::size_t>(chip.shape().ports());
    Inputs one{1, chip.shape().ports(), std::vector<photonic::Complex>(ports)};
    one.fields[static_cast<std::size_t>(input)] = 1;
    double source = 1;
    std::vector<double> powers = chip.read(voltages, one, &source);
    for (double& power : powers) power /= source;
    return powers;
  };
}

Bench::Bench(const ChipShape& shape, const Instrument& instrument, const SweepPlan& plan)
    : shape_(shape),
      instrument_(instrument),
      plan_(plan),
      squares_(static_cast<std::size_t>(shape.heater_count())),
      known_(static_cast<std::size_t>(shape.heater_count()), {.gamma = plan.gamma}),
      stream_(address_of(family::bench_states, plan.seed)) {
  scatter();
}

std::vector<double> Bench::read(int input) {
  ++readings_;
  return instrument_(volts(), input);
}

std::vector<double> Bench::volts() const {
  std::vector<double> result;
  result.reserve(squares_.size());
  for (const double square : squares_)
    result.push_back(std::sqrt(std::clamp(square, 0.0, limit())));
  return result;
}

void Bench::scatter() {
  ++shot_;
  for (std::size_t h = 0; h < squares_.size(); ++h)
    squares_[h] = limit() * stream_.uniform(h, shot_);
}

void Bench::scatter_phi() {
  ++shot_;
  for (std::size_t h = 1; h < squares_.size(); h += 2)
    squares_[h] = limit() * stream_.uniform(h, shot_);
}

void Bench::set_heat(int heater, double phase_rad) {
  square(heater) = (phase_rad - turn * std::floor(phase_rad / turn)) / known(heater).gamma;
}

void Bench::set_theta(int cell, double target_rad) {
  if (theta(cell).found) set_heat(2 * cell, target_rad - theta(cell).bias_rad);
}

std::vector<bool> Bench::silent() const {
  std::vector<bool> silent;
  for (const HeaterKnowledge& heater : known_) silent.push_back(heater.silent);
  return silent;
}

std::vector<int> Bench::ports_near(int cell) const {
  const int ports = shape_.ports(), count = std::min(plan_.lit_ports, ports);
  const int top = shape_.topology.cells[static_cast<std::size_t>(cell)].top;
  const int first = std::clamp(top + 1 - count / 2, 0, ports - count);
  std::vector<int> result;
  for (int p = first; p < first + count; ++p) result.push_back(p);
  return result;
}

}  // namespace lightloom::calibration
