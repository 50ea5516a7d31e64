#pragma once

#include "calibration/products/model_comparison.hpp"

namespace lightloom::calibration {

/// How far the outputs of a core bend, held out, in units of the products.
struct Nonlinearity {
  Estimate straight;  // rms that the model leaves without bends
  Estimate bent;      // and with the square and the cube of every output's prediction
  double bend = 0;    // rms of the bends: square root of what they take away; 0 where they do not
  double sigmas = 0;  // by how many standard errors they take something away
};

/// Least squares of the residuals of `model` on the square and the cube of what it predicts for the
/// same output, with gains (or mixing) and offsets fitted at once.
Nonlinearity find_nonlinearity(const Products& products, ErrorModel model,
                               const Division& division);

}  // namespace lightloom::calibration
