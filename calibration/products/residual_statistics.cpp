#include "calibration/products/residual_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

/// Fourth central moment over the square of the second; 0 where nothing varies.
double kurtosis(const Eigen::Ref<const Eigen::ArrayXd>& values) {
  const Eigen::ArrayXd squares = (values - values.mean()).square();
  const double variance = squares.mean();
  return variance > 0 ? squares.square().mean() / (variance * variance) : 0;
}

}  // namespace

ResidualSums::ResidualSums(int vectors, int outputs)
    : squares_(static_cast<std::size_t>(vectors)),
      times_(squares_.size()),
      output_squares_(static_cast<std::size_t>(outputs)),
      output_kurtosis_(output_squares_.size()) {}

void ResidualSums::add(const Eigen::MatrixXd& residuals, const std::vector<int>& rows) {
  const Eigen::VectorXd squares = residuals.rowwise().squaredNorm();
  const Eigen::ArrayXd means = residuals.rowwise().mean();
  const auto outputs = static_cast<double>(residuals.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto vector = static_cast<std::size_t>(rows[i]);
    squares_[vector] += squares[static_cast<Eigen::Index>(i)] / outputs;
    times_[vector] += 1;
  }
  for (Eigen::Index j = 0; j < residuals.cols(); ++j) {
    output_squares_[static_cast<std::size_t>(j)] += residuals.col(j).squaredNorm();
    output_kurtosis_[static_cast<std::size_t>(j)] += kurtosis(residuals.col(j).array());
  }
  pooled_ += kurtosis(Eigen::Map<const Eigen::ArrayXd>(residuals.data(), residuals.size()));
  common_ += (means - means.mean()).square().sum();
  rows_ += static_cast<double>(rows.size());
  halves_ += 1;
}

void ResidualSums::add(const ResidualSums& other) {
  const auto add_all = [](std::vector<double>& to, const std::vector<double>& from) {
    std::transform(to.begin(), to.end(), from.begin(), to.begin(), std::plus<>());
  };
  add_all(squares_, other.squares_);
  add_all(times_, other.times_);
  add_all(output_squares_, other.output_squares_);
  add_all(output_kurtosis_, other.output_kurtosis_);
  rows_ += other.rows_;
  halves_ += other.halves_;
  common_ += other.common_;
  pooled_ += other.pooled_;
}

std::vector<double> ResidualSums::by_vector() const {
  std::vector<double> means(squares_.size());
  for (std::size_t t = 0; t < means.size(); ++t)
    means[t] = times_[t] > 0 ? squares_[t] / times_[t] : 0;
  return means;
}

ResidualStatistics ResidualSums::statistics() const {
  const Estimate rms = estimate_rms(by_vector());
  ResidualStatistics found{.rms = rms.value,
                           .standard_error = rms.standard_error,
                           .common_mode = std::sqrt(common_ / rows_),
                           .kurtosis_pooled = pooled_ / halves_,
                           .deviation = {}};
  for (std::size_t j = 0; j < output_squares_.size(); ++j) {
    const double one = output_kurtosis_[j] / halves_;
    found.deviation.push_back(std::sqrt(output_squares_[j] / rows_));
    found.kurtosis_within += one / static_cast<double>(output_squares_.size());
    found.kurtosis_largest = std::max(found.kurtosis_largest, one);
  }
  return found;
}

Estimate estimate_mean(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / count;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (count * (count - 1)))};
}

Estimate estimate_rms(const std::vector<double>& squares) {
  const Estimate mean = estimate_mean(squares);
  const double root = std::sqrt(mean.value);
  return {root, root > 0 ? mean.standard_error / (2 * root) : 0};
}

}  // namespace lightloom::calibration
