#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "photonic/readout/product_errors.hpp"

namespace lightloom::photonic {

/// The frozen errors of one chip apart from any matrix of weights. Of weights, of an output r the
/// weights w_rc (core units) with root mean square s_r become
///     gain_r w_rc + cells_rc s_r,
/// which inputs of equal variance, independent of each other, turn into a share
/// sqrt(mean_c cells_rc^2) of what is expected of the output. Of outputs they become
///     gain_r w_rc + sum_k cells_rk w_kc / sqrt(outputs),
/// the same share for outputs of equal variance, independent of each other.
struct FrozenErrors {
  FrozenErrorOf of = FrozenErrorOf::weights;
  int outputs = 0, inputs = 0;  // inputs = outputs where outputs mix
  int period = 1;
  std::vector<double> gain{};         // (outputs)
  std::vector<double> cells{};        // (outputs, inputs)
  std::vector<double> offset{};       // (period, outputs), in full-scale products
  std::vector<double> noise_sigma{};  // (outputs), in full-scale products
  double noise_common = 0;            // as in ProductErrors
};

/// Which chip of a law, and how large its core is.
struct ErrorDraw {
  std::uint64_t seed = 0;
  std::uint32_t chip = 0;
  int outputs = 0, inputs = 0;
};

/// How the variance of what is mixed in goes with that of what was expected, over the principal
/// directions of the latter: the slope of its logarithm. 0 for errors of weights, which have as
/// much of it everywhere, 1 for outputs that mix; 0 where all directions are alike.
double frozen_slope(const ProductErrors& errors);

/// The frozen errors of a measured chip (`inputs` = `outputs`). Of weights: the part of the mixing
/// that is more than the gain of an output's regression on what was expected of it alone, counted
/// along the principal directions of what was expected, each at unit variance. Of outputs: the
/// mixing as it stands.
FrozenErrors frozen_errors(const ProductErrors& errors, FrozenErrorOf of);

/// The errors that a chip with these frozen errors shows to products of that covariance (outputs,
/// outputs), cells of weights along its principal directions: the inverse of `frozen_errors`. Needs
/// `inputs` = `outputs`.
ProductErrors product_errors(const FrozenErrors& frozen, std::span<const double> covariance,
                             double full_scale);

/// The law of chips that are off like a measured one; frozen errors are those of weights unless
/// their slope is above 1/2. The share is rid of what the fit's own uncertainty adds to it
/// (`vectors`), spreads are rid of what drawing adds to them.
ProductErrorLaw error_law(const ProductErrors& errors);

/// A chip of the law. An output's numbers do not depend on how many others there are.
FrozenErrors draw_frozen_errors(const ProductErrorLaw& law, const ErrorDraw& draw);

}  // namespace lightloom::photonic
