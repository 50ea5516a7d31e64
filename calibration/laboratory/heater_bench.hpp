#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "calibration/laboratory/virtual_chip.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {

/// Sets all voltages, lights one port, returns the powers at all ports relative to the source's.
using Instrument = std::function<std::vector<double>(std::span<const double> voltages, int input)>;
/// A virtual chip as an instrument.
Instrument instrument_of(VirtualChip& chip);

struct SweepPlan {
  double max_voltage_V = 6.5;
  double gamma = 0.165;       // design value, rad/V^2
  int gamma_points = 12;      // of the sweep that finds gamma
  int theta_points = 6;       // of theta, over one turn, in the scan that finds its phase
  int lit_ports = 4;          // next to the MZI, lit in turn in both
  int scattered_states = 6;   // of all other heaters, at most, until a heater shows
  int points = 16;            // of a recorded sweep
  int states = 5;             // of stray light, over which a recorded reading is averaged
  double floor_power = 0.02;  // readings below it are taken to be no more certain than it
  std::uint64_t seed = 1;
};

/// What is known of a heater while the laboratory looks for laws.
struct HeaterKnowledge {
  double gamma = 0;         // rad/V^2
  double bias_rad = 0;      // of theta, with its neighbours' heat
  bool silent = false;      // moves no reading
  bool found = false;       // bias_rad is known modulo pi
  bool bar_found = false;   // and the bar state from the cross state,
  bool bar_by_law = false;  // by the fringe itself
};

/// A chip in a laboratory: what its heaters hold, and what is known of them. Shape and instrument
/// must outlive it.
class Bench {
 public:
  Bench(const ChipShape& shape, const Instrument& instrument, const SweepPlan& plan);
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  [[nodiscard]] const ChipShape& shape() const { return shape_; }
  [[nodiscard]] const SweepPlan& plan() const { return plan_; }
  /// V^2 at the drivers' limit.
  [[nodiscard]] double limit() const { return plan_.max_voltage_V * plan_.max_voltage_V; }
  /// V^2 held by every heater.
  [[nodiscard]] const std::vector<double>& squares() const { return squares_; }
  [[nodiscard]] double& square(int heater) { return squares_[static_cast<std::size_t>(heater)]; }
  void hold(std::vector<double> squares) { squares_ = std::move(squares); }
  [[nodiscard]] std::vector<double> volts() const;
  /// Powers at all ports with light in one.
  std::vector<double> read(int input);
  /// Random V^2 for all heaters, or for the phi heaters alone.
  void scatter();
  void scatter_phi();
  /// Adds `phase_rad` to what the heater holds, within one turn from 0 V.
  void set_heat(int heater, double phase_rad);
  /// Brings a cell's theta to `target_rad`; leaves it where it is not known.
  void set_theta(int cell, double target_rad);
  [[nodiscard]] HeaterKnowledge& known(int heater) {
    return known_[static_cast<std::size_t>(heater)];
  }
  [[nodiscard]] HeaterKnowledge& theta(int cell) { return known(2 * cell); }
  /// Which heaters move no reading.
  [[nodiscard]] std::vector<bool> silent() const;
  /// The `plan.lit_ports` ports next to a cell.
  [[nodiscard]] std::vector<int> ports_near(int cell) const;
  [[nodiscard]] int readings() const { return readings_; }

 private:
  const ChipShape& shape_;
  const Instrument& instrument_;
  SweepPlan plan_;
  std::vector<double> squares_;         // (heaters)
  std::vector<HeaterKnowledge> known_;  // (heaters)
  Stream stream_;
  std::uint64_t shot_ = 0;  // of the random states
  int readings_ = 0;
};

}  // namespace lightloom::calibration
