#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cosim/cost/cost_simulation.hpp"

namespace lightloom::cosim {

/// What is turned until the proposal stops paying.
enum class Quantity {
  bandwidth,         // effective DRAM bandwidth, as a factor of the card's
  settle_time,       // of the core's settings, ns
  batch,             // images at once
  generator_rate,    // MACs per ns of an electronic generator; of others: factor of its rate
  generator_energy,  // pJ per MAC of an electronic generator; of others: factor of its energy
};
std::string_view quantity_name(Quantity quantity);
/// Its unit; "1" for a factor of what the card has.
std::string_view quantity_unit(const CostInput& ours, Quantity quantity);
/// The quantity named `name` (bandwidth, settle, batch, generator_rate, generator_energy). Throws
/// `Error`.
Quantity quantity_named(const std::string& name);

enum class Metric { time, energy };

/// One value of the quantity, both sides simulated in full.
struct BreakEvenPoint {
  double value = 0;
  double ours = 0;  // ns or pJ
  double baseline = 0;
  [[nodiscard]] double gain() const { return ours > 0 ? baseline / ours : 0; }
};

/// A stretch of the quantity over which the two sides are equal within a tolerance.
struct EqualStretch {
  double from = 0, to = 0;
  [[nodiscard]] bool holds(double value) const { return value >= from && value <= to; }
};

struct BreakEven {
  Quantity quantity = Quantity::bandwidth;
  Metric metric = Metric::time;
  std::vector<BreakEvenPoint> sweep;  // over the range, logarithmic
  std::vector<double> crossings;  // values at which the gain passes 1, ascending; none: it does not
  double card_value = 0;          // of the card as it is
  double tolerance = 0;           // relative, of `equal`
  std::vector<EqualStretch> equal;  // where |gain - 1| <= tolerance, ascending
};

/// Where two sides break even: at one value, or over a stretch on which nothing can be said that
/// is larger than the tolerance.
struct BreakEvenAnswer {
  EqualStretch at;  // from == to: one value
  [[nodiscard]] bool stretch() const { return at.to > at.from; }
};
/// The stretches of `equal` that are more than a tenth of their value wide, and the crossings
/// outside of them, ascending. Several crossings on one plateau are one answer.
std::vector<BreakEvenAnswer> break_even_answers(const BreakEven& found);

struct BreakEvenRange {
  double low = 0, high = 0;
  int points = 25;
};
/// A range of some decades around the card's value.
BreakEvenRange default_range(const CostInput& ours, Quantity quantity);

/// What is turned, what is compared, and where.
struct BreakEvenQuestion {
  Quantity quantity = Quantity::bandwidth;
  Metric metric = Metric::time;
  BreakEvenRange range;
  double tolerance = 0.005;  // relative difference of the sides that counts as none, at least 0
};

/// Turns `quantity` in both inputs over the range, simulates both at every point, and refines every
/// crossing by bisection to a relative width of 1e-4 (batch: to neighbouring whole numbers, of
/// which the upper one is given). The ends of equal stretches are refined alike, to the last value
/// inside. Plateaus and crossings that lie between two neighbouring points of the range are not
/// seen. Throws `Error` for an empty range or a negative tolerance.
BreakEven find_break_even(const CostInput& ours, const CostInput& baseline,
                          const BreakEvenQuestion& question);

}  // namespace lightloom::cosim
