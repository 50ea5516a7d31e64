#pragma once

#include <string>
#include <vector>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"

namespace lightloom::calibration {

/// How many of the unknowns of a chip the data determine, with nothing held by hand.
struct Visibility {
  int unknowns = 0;  // of all kinds the fit frees, gauge entries included
  int rank = 0;
  std::vector<std::string> null_directions;  // in words
  std::vector<std::string> unexplained;      // directions that only these data leave open
  bool by_jacobian = false;                  // else certified as below
};

struct VisibilityOptions {
  FitCard card;           // of the fit
  int dense_limit = 900;  // unknowns
};

/// Up to `dense_limit` unknowns: pivots of the Jacobian over some of the settings. Above:
/// the known null directions are tried on the model itself, and the rest is certified by a Cholesky
/// factorisation of the scaled J^T J without priors, whose pivots stay above 1e-12 only at full
/// rank.
Visibility visibility_of(const ChipShape& shape, const Measurements& data, const FitResult& fit,
                         const VisibilityOptions& options);

}  // namespace lightloom::calibration
