#pragma once

#include <span>
#include <string>
#include <vector>

namespace lightloom::calibration {

/// One coefficient of a linear model with its 95 % interval (Student's t).
struct Coefficient {
  std::string name;
  double value = 0, sigma = 0, low = 0, high = 0;
};

/// y = sum of coefficient times column. For energies measured over counted events (activates,
/// reads, bytes, conversions, seconds), detector readings over power, converter codes over voltage.
struct LinearFit {
  std::vector<Coefficient> coefficients;
  double rms = 0;                     // of the residuals
  double r_squared = 0;               // 1 - residual / total sum of squares about the mean
  double greatest = 0;                // largest residual in size: INL of a converter in units of y
  int freedom = 0;                    // rows - coefficients
  std::vector<std::string> problems;  // in words: columns that cannot be told apart, a curve, ...
};

/// Column of a linear model.
struct TableColumn {
  std::string name;
  std::vector<double> values;
};

/// Least squares with equal weights, by pivoted QR of columns scaled to length 1. `relative`: the
/// standard deviation of y is in proportion to y (energies over decades), so rows are divided by y.
/// Throws `Error` for fewer rows than columns, unequal lengths, NaN.
enum class RowWeights { equal, relative };
LinearFit fit_linear(const std::vector<TableColumn>& columns, std::span<const double> y,
                     RowWeights weights = RowWeights::equal);

/// Names in words what a linear model leaves: the square of what it predicts, as one column more,
/// stands out by five standard deviations (Ramsey 1969). "" where it does not, or rows are too few.
std::string linear_misfit(const std::vector<TableColumn>& columns, std::span<const double> y,
                          RowWeights weights = RowWeights::equal);

/// y = offset + slope x, and in `problems` whether a parabola fits significantly better (a detector
/// that compresses, a converter that bends) and which readings stand alone (one in twenty at most,
/// beyond eight standard deviations of the others), which are left out.
LinearFit fit_line(std::span<const double> x, std::span<const double> y);

}  // namespace lightloom::calibration
