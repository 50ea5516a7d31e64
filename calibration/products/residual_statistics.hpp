#pragma once

#include <Eigen/Core>
#include <vector>

#include "calibration/products/product_results.hpp"

namespace lightloom::calibration {

/// Adds up residuals of several halves of the data. Every vector counts as often as it is added.
class ResidualSums {
 public:
  ResidualSums(int vectors, int outputs);

  /// Residuals (rows, outputs) of the vectors `rows`, of one half at a time: fourth moments are
  /// about the means of this half.
  void add(const Eigen::MatrixXd& residuals, const std::vector<int>& rows);
  void add(const ResidualSums& other);

  [[nodiscard]] ResidualStatistics statistics() const;
  /// Mean square over outputs of every vector, averaged over the times it was added.
  [[nodiscard]] std::vector<double> by_vector() const;

 private:
  std::vector<double> squares_, times_;                   // (vectors)
  std::vector<double> output_squares_, output_kurtosis_;  // (outputs)
  double rows_ = 0, halves_ = 0, common_ = 0, pooled_ = 0;
};

/// Of values that are independent of each other; at least two.
Estimate estimate_mean(const std::vector<double>& values);
/// Root of the mean of squares.
Estimate estimate_rms(const std::vector<double>& squares);

}  // namespace lightloom::calibration
