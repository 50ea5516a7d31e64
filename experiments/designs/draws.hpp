#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "experiments/designs/sweep_grid.hpp"

namespace lightloom::experiments {

/// How many points a design draws, and with which seed.
struct DrawAsked {
  std::size_t count = 0;
  std::uint64_t seed = 0;
};

/// Every combination of the axes' values, each axis only where its conditions hold. Throws `Error`
/// for more than `most_points`, and for an axis whose conditions never hold.
PointList every_combination(const std::vector<SweepAxis>& axes);

/// Points drawn one by one until `count` different ones are there. A point is a pure function of
/// the seed, the axes and its number. Throws `Error` when the axes do not have so many.
PointList random_points(const std::vector<SweepAxis>& axes, const DrawAsked& asked);

/// A Latin hypercube (McKay, Beckman, Conover, Technometrics 21, 1979): each axis is cut into
/// `count` equal strata, each of which holds one point, in an order of its own. Points that repeat
/// an earlier one, as values of a list and whole numbers make them, are left out.
PointList latin_hypercube(const std::vector<SweepAxis>& axes, const DrawAsked& asked);

/// The value that lies at `share` (0 to 1) of an axis: of a list each value has an equal part, of
/// integers too; numbers are rounded to 6 digits, or as many as tell 10^4 steps of the range apart.
double cell_at(const SweepAxis& axis, double share);

}  // namespace lightloom::experiments
