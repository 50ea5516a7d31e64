#include "calibration/fit/pulls.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/fit/fit_result.hpp"
#include "calibration/model/gauge.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

/// L^-1 d with L L^T the rows and columns `chosen` of `covariance`.
std::vector<double> decorrelated(const Eigen::MatrixXd& covariance, const std::vector<int>& chosen,
                                 const std::vector<double>& off) {
  return whitened(covariance(chosen, chosen), off);
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Standard error of the mean of independent `values`.
double error_of(std::span<const double> values) {
  if (values.size() < 2) return NAN;
  const double mean = mean_of(values), count = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (count - 1) / count);
}

/// Of one kind: `own`, chip by chip.
PullStatistics statistics_of(const std::vector<const ChipPulls*>& own) {
  PullStatistics result{.kind = own.front()->kind, .chips = own.size()};
  std::vector<double> means, squares, one, all;
  for (std::size_t c = 0; c < own.size(); ++c) {
    const std::vector<double>& pulls = own[c]->pulls;
    std::vector<double> squared;
    for (const double pull : pulls) squared.push_back(pull * pull);
    means.push_back(mean_of(pulls));
    squares.push_back(mean_of(squared));
    one.push_back(pulls[pulls.size() * c / own.size()]);
    all.insert(all.end(), own[c]->independent.begin(), own[c]->independent.end());
    result.count += pulls.size();
    for (const double pull : pulls) result.greatest = std::max(result.greatest, std::abs(pull));
  }
  result.mean = mean_of(means);
  result.mean_error = error_of(means);
  result.variance = mean_of(squares);
  result.variance_error = error_of(squares);
  result.one_per_chip = test_standard_normal(std::move(one));
  result.independent = test_standard_normal(std::move(all));
  return result;
}

}  // namespace

std::vector<ChipPulls> pulls_of(const ChipShape& shape, const FitResult& fit,
                                std::span<const double> truth) {
  const std::vector<double> there = in_gauge_of(shape, truth, fit.parameters);
  const Eigen::MatrixXd covariance = covariance_matrix(fit.triangle, fit.free.size());
  std::vector<ChipPulls> found;
  for (int kind = 0; kind < kinds; ++kind) {
    ChipPulls own{.kind = static_cast<ParameterKind>(kind)};
    std::vector<int> chosen;  // places among the free
    std::vector<double> off;
    for (int f = 0; f < fit.free.size(); ++f) {
      const int p = fit.free.parameters[static_cast<std::size_t>(f)];
      if (shape.parameters.kind_of(p) != own.kind) continue;
      const auto i = static_cast<std::size_t>(p);
      double difference = fit.parameters[i] - there[i];
      if (own.kind == ParameterKind::bias)
        difference = std::remainder(difference, 2 * std::numbers::pi);
      chosen.push_back(f);
      off.push_back(difference);
      own.parameters.push_back(p);
      own.pulls.push_back(difference / fit.sigma[i]);
    }
    if (chosen.empty()) continue;
    own.independent = decorrelated(covariance, chosen, off);
    found.push_back(std::move(own));
  }
  return found;
}

std::vector<PullStatistics> pull_statistics(const std::vector<std::vector<ChipPulls>>& chips) {
  std::vector<PullStatistics> all;
  for (int kind = 0; kind < kinds; ++kind) {
    std::vector<const ChipPulls*> own;
    for (const std::vector<ChipPulls>& chip : chips)
      for (const ChipPulls& one : chip)
        if (one.kind == static_cast<ParameterKind>(kind)) own.push_back(&one);
    if (!own.empty()) all.push_back(statistics_of(own));
  }
  return all;
}

}  // namespace lightloom::calibration
