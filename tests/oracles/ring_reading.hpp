#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <vector>

#include "tests/oracles/ring_fields.hpp"

namespace lightloom::oracle {

/// A row of a ring bank as its light and its electrons see it, symbol by symbol.
struct RingRow {
  std::vector<photonic::Ring> rings;  // (input)
  std::vector<double> phases;         // (input) of a turn, from each ring's own line
  int channels = 8;                   // of a bus
  double full_A = 1e-4;               // photocurrent of a full-scale input that comes through whole
  double dark_A = 25e-9;              // per diode
  int diodes = 2;                     // of the row, all of them dark currents
  double uneven = 0;                  // the pair reads (1 + u) i_drop - (1 - u) i_through
  double amplifier_A2 = 0;            // variance of its noise, referred to the input
  double bandwidth_Hz = 2.5e9;
  double rin_per_Hz = 1e-15;  // of the laser, common to all lines
};

/// One reading of inputs x in [0, 1], in units of a full-scale input at weight 1, after what a
/// calibration in the dark and with steady light takes out. Draws the laser, the electrons of every
/// diode and the amplifier.
class RingRowReader {
 public:
  explicit RingRowReader(const RingRow& row) : row_(row) {
    for (std::size_t first = 0; first < row.rings.size();) {
      const std::size_t count =
          std::min(static_cast<std::size_t>(row.channels), row.rings.size() - first);
      const BusLight light = bus_light(std::span(row.rings).subspan(first, count),
                                       std::span(row.phases).subspan(first, count), row.channels);
      drop_.insert(drop_.end(), light.drop.begin(), light.drop.end());
      through_.insert(through_.end(), light.through.begin(), light.through.end());
      first += count;
    }
  }

  double read(std::span<const double> x, std::mt19937_64& random) const {
    std::normal_distribution<double> normal;
    const double laser = 1 + std::sqrt(row_.rin_per_Hz * row_.bandwidth_Hz) * normal(random);
    double drop_A = 0, through_A = 0;
    for (std::size_t j = 0; j < x.size(); ++j) {
      drop_A += row_.full_A * laser * x[j] * drop_[j];
      through_A += row_.full_A * laser * x[j] * through_[j];
    }
    const double dark_A = row_.dark_A * row_.diodes / 2;
    const double above = electrons(drop_A + dark_A, normal(random)),
                 below = electrons(through_A + dark_A, normal(random));
    const double amplifier = std::sqrt(row_.amplifier_A2) * normal(random);
    const double known = row_.uneven * (steady(x) + 2 * dark_A);
    return ((1 + row_.uneven) * above - (1 - row_.uneven) * below + amplifier - known) /
           row_.full_A;
  }

 private:
  /// A current as it is counted within a symbol.
  [[nodiscard]] double electrons(double current_A, double normal) const {
    constexpr double charge_C = 1.602176634e-19;
    return current_A + std::sqrt(2 * charge_C * current_A * row_.bandwidth_Hz) * normal;
  }
  /// Mean current of both diodes by light.
  [[nodiscard]] double steady(std::span<const double> x) const {
    double sum = 0;
    for (std::size_t j = 0; j < x.size(); ++j) sum += row_.full_A * x[j] * (drop_[j] + through_[j]);
    return sum;
  }

  RingRow row_;
  std::vector<double> drop_, through_;
};

}  // namespace lightloom::oracle
