#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "calibration/products/products.hpp"
#include "calibration/products/residual_statistics.hpp"

namespace lightloom::calibration {

/// How products are divided to be predicted from the other half.
struct Division {
  int period = 1;
  int divisions = 8;  // random ones, each used both ways; results are means over them
  std::uint64_t seed = 0;
};

/// What the models leave, held out; models that do not fit into `largest` are left out.
struct ModelResiduals {
  std::array<ResidualStatistics, 4> of;  // by ErrorModel
  std::vector<ErrorModel> models;        // those that were tried, in order
  double signal_rms = 0;  // of what the gains make of the expected products, without offsets
};
ModelResiduals compare_models(const Products& products, ErrorModel largest,
                              const Division& division);
/// Whether `model` is one of the models that `largest` holds.
bool holds(ErrorModel largest, ErrorModel model);

/// Mean square over outputs of every vector, held out, that a gain of every output and offsets by
/// the number modulo the period of `division` leave.
std::vector<double> squares_of_period(const Products& products, const Division& division);

}  // namespace lightloom::calibration
