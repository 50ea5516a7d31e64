#pragma once

#include <cstdint>
#include <vector>

#include "calibration/products/phase_regression.hpp"
#include "calibration/products/product_results.hpp"

namespace lightloom::calibration {

/// Rows of a measurement in two halves, each in order.
struct RowHalves {
  std::vector<int> first, second;
};

/// How products are divided to be predicted from the other half.
struct Division {
  int period = 1;
  int divisions = 8;  // random ones, each used both ways; results are means over them
  std::uint64_t seed = 0;
};

/// Random halves that respect a period: whole blocks of `period` neighbouring rows go to one half
/// or the other, so that every phase of the period is in both and neither half is all of one parity
/// (odd and even rows have different offsets where the period is even). What is left of the last
/// block goes to the second half. The same
/// for the same division and number; at least two whole blocks.
RowHalves row_halves(int rows, const Division& division, int number);

/// What the models leave that `largest` holds.
ModelResiduals compare_models(const ProductMatrices& products, ErrorModel largest,
                              const Division& division);
/// Whether `model` is one of the models that `largest` holds.
bool holds(ErrorModel largest, ErrorModel model);

/// Mean square over outputs of every vector, held out, that a gain of every output and offsets by
/// the number modulo the period of `division` leave.
std::vector<double> squares_of_period(const ProductMatrices& products, const Division& division);

}  // namespace lightloom::calibration
