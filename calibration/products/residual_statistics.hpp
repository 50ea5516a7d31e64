#pragma once

#include <Eigen/Core>
#include <vector>

namespace lightloom::calibration {

/// What a model leaves of products it was not fitted to, in units of the products.
struct ResidualStatistics {
  double rms = 0;
  double standard_error = 0;      // of `rms`, vectors taken as independent of each other
  double common_mode = 0;         // rms over vectors of the mean over outputs
  double kurtosis_pooled = 0;     // of all residuals as one sample; 3: normal
  double kurtosis_within = 0;     // mean over outputs of each one's own
  double kurtosis_largest = 0;    // of one output
  std::vector<double> deviation;  // (outputs) rms of each output
};

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

/// A mean with its standard error.
struct Estimate {
  double value = 0, standard_error = 0;
};
/// Of values that are independent of each other; at least two.
Estimate estimate_mean(const std::vector<double>& values);
/// Root of the mean of squares.
Estimate estimate_rms(const std::vector<double>& squares);

}  // namespace lightloom::calibration
