#pragma once

#include <vector>

#include "calibration/products/model_comparison.hpp"

namespace lightloom::calibration {

/// What a digital correction of the observed products leaves of their error, held out, in units of
/// the products.
struct Corrected {
  int rank = 0;  // of the mixing that is added to gains and offsets; outputs: a full matrix
  Estimate rms;
};

/// Corrections that predict the expected products from the observed ones.
struct Correctors {
  Estimate raw;       // observed - expected, nothing corrected
  Estimate gains;     // a gain and an offset of every output
  Estimate periodic;  // and offsets by the number modulo the period
  std::vector<Corrected>
      mixing;  // and a matrix of rank 1, 2, 4, ... and full, empty without mixing
};

/// Least squares on one half of the vectors, judged on the other. Of rank r: the matrix of that
/// rank that comes nearest to the predictions of the full one in the half it is fitted to (reduced-
/// rank regression, Izenman 1975), beside the gains, which stay what they were.
Correctors fit_correctors(const Products& products, ErrorModel largest, const Division& division);

}  // namespace lightloom::calibration
