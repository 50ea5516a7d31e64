#pragma once

#include "calibration/elements/fringe_model.hpp"

namespace lightloom::calibration {

/// Where gamma is looked for, rad/V^2.
struct GammaRange {
  double low = 0, high = 0;
};

/// Gaps and span of the sorted V^2 of a sweep.
struct SquareSampling {
  double widest = 0, usual = 0, span = 0;
};
SquareSampling sampling_of(const FringeSweepData& data);

/// From an eighth of a fringe over the whole span to half a turn per gap: per widest gap at even
/// steps of V^2, where a faster fringe looks like a slower one; at uneven steps, which tell,
/// further.
GammaRange range_of(const SquareSampling& sampling);

/// Best model of a law over a range of gamma, without a guess; with self-heating over shares of
/// -0.3 to 0.3 of the phase at the end of the sweep.
FringeSolution best_fringe(FringeLaw law, const GammaRange& range, const FringeSweepData& data);

/// All gamma of the quadratic law, others free, whose sum of squares is at most `limit`: the hulls
/// of connected stretches, from a grid and bisection at their ends.
std::vector<GammaRange> gammas_within(const GammaRange& range, double limit,
                                      const FringeSweepData& data);

}  // namespace lightloom::calibration
