#pragma once

#include "core/cards/card.hpp"

namespace lightloom::nn {

/// SmartExchange decomposition.
struct ExchangeCard {
  double theta = 4e-3;  // coefficients below are zero
  double row_theta =
      0;  // 3x3 only: rows of coefficients with a smaller L1 norm are zero (release: 5 theta)
  int iterations = 30;       // of the alternation at most
  double tolerance = 1e-10;  // it stops at a smaller change of the coefficients
};
/// Keys: theta, row_theta, iterations, tolerance.
void describe(Section& section, ExchangeCard& card);

/// SmartDeal training (arXiv 2101.01163): coefficients are powers of two and move by one exponent
/// when a small counter of gradient signs fills, so that no full-precision copy of them is needed.
struct BucketOptions {
  double momentum = 0.9;  // of the averaged gradient, kept in single precision; 0: signs alone
  double weight_decay = 0;
  double dead_zone = 0;  // proposed steps of at most this magnitude do not count
  int switch_bar = 1;    // signs that fill a counter
  double theta = 4e-3;   // coefficients below become zero: that of the decomposition
};
/// Keys: momentum, weight_decay, dead_zone, switch_bar.
void describe(Section& section, BucketOptions& options);

}  // namespace lightloom::nn
