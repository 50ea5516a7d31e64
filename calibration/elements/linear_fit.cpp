#include "calibration/elements/linear_fit.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "calibration/elements/student.hpp"
#include "calibration/solvers/dense.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

void check(const std::vector<TableColumn>& columns, std::span<const double> y) {
  require(!columns.empty(), "linear fit: no columns");
  require(y.size() > columns.size(), "linear fit: {} rows for {} coefficients (one more is needed)",
          y.size(), columns.size());
  for (const TableColumn& column : columns) {
    require(column.values.size() == y.size(), "linear fit: column '{}' has {} rows, y has {}",
            column.name, column.values.size(), y.size());
    for (const double value : column.values)
      require(std::isfinite(value), "linear fit: column '{}' holds {}", column.name, value);
  }
  for (const double value : y) require(std::isfinite(value), "linear fit: y holds {}", value);
}

/// Pairs of columns that are nearly in proportion, and columns of zeros.
void name_alike(const std::vector<TableColumn>& columns, const Matrix& scaled, LinearFit& fit) {
  for (Eigen::Index j = 0; j < scaled.cols(); ++j) {
    const auto b = static_cast<std::size_t>(j);
    if (scaled.col(j).norm() == 0)
      fit.problems.push_back(fmt::format("column '{}' is zero everywhere", columns[b].name));
    for (Eigen::Index i = 0; i < j; ++i)
      if (std::abs(scaled.col(i).dot(scaled.col(j))) > 0.999)
        fit.problems.push_back(fmt::format(
            "columns '{}' and '{}' are in proportion: rows in which they differ are needed",
            columns[static_cast<std::size_t>(i)].name, columns[b].name));
  }
}

}  // namespace

LinearFit fit_linear(const std::vector<TableColumn>& columns, std::span<const double> y,
                     RowWeights weights) {
  check(columns, y);
  const auto rows = static_cast<Eigen::Index>(y.size()),
             count = static_cast<Eigen::Index>(columns.size());
  Matrix a(rows, count);
  Vector right(rows), weight = Vector::Ones(rows);
  for (Eigen::Index i = 0; i < rows; ++i) {
    right[i] = y[static_cast<std::size_t>(i)];
    if (weights == RowWeights::relative) {
      require(right[i] != 0, "linear fit: y is 0 in row {} (relative weights divide by it)", i);
      weight[i] = 1 / std::abs(right[i]);
    }
    for (Eigen::Index j = 0; j < count; ++j)
      a(i, j) = columns[static_cast<std::size_t>(j)].values[static_cast<std::size_t>(i)];
  }
  Matrix scaled = weight.asDiagonal() * a;
  const Vector lengths = scaled.colwise().norm().transpose();
  for (Eigen::Index j = 0; j < count; ++j) scaled.col(j) /= lengths[j] > 0 ? lengths[j] : 1.0;
  LinearFit fit{.freedom = static_cast<int>(rows - count)};
  name_alike(columns, scaled, fit);
  const Vector weighted = weight.cwiseProduct(right);
  const auto [x, rank, covariance] = solve_pivoted(scaled, weighted, 1e-10);
  if (rank < count && fit.problems.empty())
    fit.problems.push_back(fmt::format("the rows determine {} of {} coefficients", rank, count));
  const double squares = (weighted - scaled * x).squaredNorm();
  const double sigma = std::sqrt(squares / fit.freedom);
  const double reach = student_95(fit.freedom);
  for (Eigen::Index j = 0; j < count; ++j) {
    const double scale = lengths[j] > 0 ? lengths[j] : 1.0, value = x[j] / scale,
                 deviation = sigma * std::sqrt(covariance(j, j)) / scale;
    fit.coefficients.push_back({columns[static_cast<std::size_t>(j)].name, value, deviation,
                                value - reach * deviation, value + reach * deviation});
  }
  const Vector residual = right - a * x.cwiseQuotient(lengths.cwiseMax(1e-300));
  fit.rms = std::sqrt(residual.squaredNorm() / static_cast<double>(rows));
  fit.greatest = residual.cwiseAbs().maxCoeff();
  const double total = (right.array() - right.mean()).matrix().squaredNorm();
  fit.r_squared = total > 0 ? 1 - residual.squaredNorm() / total : 1;
  return fit;
}

namespace {

double middle_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The line and whether it bends.
LinearFit line_through(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<TableColumn> columns{{"offset", std::vector<double>(x.size(), 1.0)}, {"slope", x}};
  LinearFit fit = fit_linear(columns, y);
  if (fit.freedom < 3 || !fit.problems.empty()) return fit;
  double mean = 0;
  for (const double value : x) mean += value / static_cast<double>(x.size());
  columns.push_back({"curvature", {}});
  for (const double value : x) columns.back().values.push_back((value - mean) * (value - mean));
  const LinearFit bent = fit_linear(columns, y);
  // Five standard deviations of a normal distribution, as wide as Student's t for this freedom.
  const double limit = 5 * student_95(bent.freedom) / student_95(1000);
  if (bent.problems.empty() &&
      std::abs(bent.coefficients[2].value) > limit * bent.coefficients[2].sigma)
    fit.problems.push_back(fmt::format(
        "the line bends: a parabola of {:.3g} per unit squared fits {:.3g} times better (it "
        "saturates or compresses)",
        bent.coefficients[2].value, fit.rms / std::max(bent.rms, 1e-300)));
  return fit;
}

/// Takes readings out that stand alone, worst first, and says which.
std::vector<std::string> drop_lone_readings(std::vector<double>& x, std::vector<double>& y) {
  std::vector<std::string> problems;
  if (x.size() != y.size()) return problems;
  for (std::size_t n = y.size() / 20 + (y.size() >= 10 ? 1 : 0); n > 0; --n) {
    // Lines through all pairs of a half of the readings apart: one reading moves few of them.
    std::vector<double> slopes, offsets, sizes;
    const std::size_t half = y.size() / 2;
    for (std::size_t i = 0; i + half < y.size(); ++i)
      if (x[i + half] != x[i]) slopes.push_back((y[i + half] - y[i]) / (x[i + half] - x[i]));
    if (slopes.empty()) return problems;
    const double slope = middle_of(slopes);
    for (std::size_t i = 0; i < y.size(); ++i) offsets.push_back(y[i] - slope * x[i]);
    const double offset = middle_of(offsets);
    for (const double one : offsets) sizes.push_back(std::abs(one - offset));
    const auto worst = std::max_element(sizes.begin(), sizes.end()) - sizes.begin();
    const double greatest = sizes[static_cast<std::size_t>(worst)];
    std::vector<double> others = sizes;
    others.erase(others.begin() + worst);
    const double next = *std::max_element(others.begin(), others.end());
    if (!(greatest > 8 * middle_of(others) / 0.6745) || !(greatest > 2 * next)) return problems;
    problems.push_back(fmt::format("the reading {:.6g} at {:.6g} stands alone and is left out",
                                   *(y.begin() + worst), *(x.begin() + worst)));
    x.erase(x.begin() + worst);
    y.erase(y.begin() + worst);
  }
  return problems;
}

}  // namespace

std::string linear_misfit(const std::vector<TableColumn>& columns, std::span<const double> y,
                          RowWeights weights) {
  const LinearFit fit = fit_linear(columns, y, weights);
  if (fit.freedom < 3 || !fit.problems.empty()) return "";
  std::vector<TableColumn> more = columns;
  more.push_back({"square", {}});
  for (std::size_t i = 0; i < y.size(); ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < columns.size(); ++c)
      sum += fit.coefficients[c].value * columns[c].values[i];
    more.back().values.push_back(sum * sum);
  }
  const LinearFit bent = fit_linear(more, y, weights);
  const Coefficient& square = bent.coefficients.back();
  const double limit = 5 * student_95(bent.freedom) / student_95(1000);
  if (!bent.problems.empty() || !(std::abs(square.value) > limit * square.sigma)) return "";
  return fmt::format(
      "the values are no sum of these columns: they bend {} by {:.3g} of themselves squared (an "
      "event that is "
      "not counted, or one that costs more the more there are)",
      square.value > 0 ? "upwards" : "downwards", std::abs(square.value));
}

LinearFit fit_line(std::span<const double> x, std::span<const double> y) {
  std::vector<double> at(x.begin(), x.end()), values(y.begin(), y.end());
  std::vector<std::string> alone = drop_lone_readings(at, values);
  LinearFit fit = line_through(at, values);
  fit.problems.insert(fit.problems.begin(), alone.begin(), alone.end());
  return fit;
}

}  // namespace lightloom::calibration
