#include "calibration/problem/identifiability.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/model/gauge.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// Divides every column by its length; zero columns stay.
Vector scale_columns(Matrix& jacobian) {
  Vector lengths = jacobian.colwise().norm().transpose();
  const double largest = lengths.size() > 0 ? lengths.maxCoeff() : 0.0;
  for (Eigen::Index j = 0; j < lengths.size(); ++j) {
    if (lengths[j] <= 1e-14 * largest) lengths[j] = 0;
    jacobian.col(j) *= lengths[j] > 0 ? 1 / lengths[j] : 0.0;
  }
  return lengths;
}

std::string in_words(const FitProblem& problem, const Vector& direction) {
  std::vector<int> order(static_cast<std::size_t>(direction.size()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return std::abs(direction[a]) > std::abs(direction[b]); });
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, order.size()); ++i) {
    if (std::abs(direction[order[i]]) < 0.05) break;
    const int parameter = problem.free.parameters[static_cast<std::size_t>(order[i])];
    text += fmt::format("{}{:+.2f} {}", i == 0 ? "" : ", ", direction[order[i]],
                        problem.shape->parameters.name(parameter));
  }
  return text;
}

/// A Jacobian whose columns have length one, and the lengths that they had.
struct ScaledJacobian {
  const Matrix& scaled;
  const Vector& lengths;
};

/// The known directions that the Jacobian confirms, as orthonormal columns in scaled coordinates.
Matrix confirm_known(const FitProblem& problem, std::span<const double> parameters,
                     const ScaledJacobian& jacobian, Identifiability& result) {
  const auto& [scaled, lengths] = jacobian;
  Matrix basis(lengths.size(), 0);
  for (const NullDirection& known :
       known_null_directions(*problem.shape, problem.free, parameters)) {
    Vector v(lengths.size());
    for (Eigen::Index f = 0; f < v.size(); ++f) {
      const auto parameter =
          static_cast<std::size_t>(problem.free.parameters[static_cast<std::size_t>(f)]);
      v[f] = known.direction[parameter] * (lengths[f] > 0 ? lengths[f] : 1.0);
    }
    v.normalize();
    if ((scaled * v).norm() > 1e-7) continue;
    Vector fresh = v - basis * (basis.transpose() * v);
    fresh -= basis * (basis.transpose() * fresh);
    result.invisible.push_back(known.name);
    if (fresh.norm() < 1e-6) continue;
    basis.conservativeResize(Eigen::NoChange, basis.cols() + 1);
    basis.col(basis.cols() - 1) = fresh.normalized();
  }
  return basis;
}

}  // namespace

std::vector<int> dead_parameters(const FitProblem& problem, std::span<const double> parameters) {
  const auto size = static_cast<std::size_t>(problem.free.size());
  std::vector<double> squares(size);
  if (squares.empty()) return {};
  // Column lengths setting by setting, until every parameter has been seen.
  for (const int setting : problem.settings) {
    const DenseJacobian jacobian = dense_jacobian_of(problem, setting, parameters);
    const Eigen::Map<const Matrix> values(jacobian.values.data(), jacobian.rows, jacobian.columns);
    double largest = 0;
    for (std::size_t f = 0; f < size; ++f) {
      squares[f] += values.col(static_cast<Eigen::Index>(f)).squaredNorm();
      largest = std::max(largest, squares[f]);
    }
    const auto seen = [&](double square) { return square > 1e-24 * largest; };
    if (std::all_of(squares.begin(), squares.end(), seen)) return {};
  }
  const double largest = *std::max_element(squares.begin(), squares.end());
  std::vector<int> dead;
  for (std::size_t f = 0; f < size; ++f)
    if (squares[f] <= 1e-24 * largest) dead.push_back(problem.free.parameters[f]);
  return dead;
}

Identifiability identify(const FitProblem& problem, std::span<const double> parameters,
                         double tolerance) {
  DenseJacobian jacobian = dense_jacobian(problem, parameters);
  const Eigen::Map<const Matrix> values(jacobian.values.data(), jacobian.rows, jacobian.columns);
  Matrix scaled = values;
  const Vector lengths = scale_columns(scaled);
  Identifiability result{.parameters = jacobian.columns};
  for (Eigen::Index f = 0; f < lengths.size(); ++f)
    if (lengths[f] == 0)
      result.dead.push_back(problem.free.parameters[static_cast<std::size_t>(f)]);

  const RankDecision decision = decide_rank(scaled, tolerance);
  const Vector& s = decision.pivots;
  result.rank = decision.rank;
  if (result.rank > 0) result.smallest_kept = s[result.rank - 1] / s[0];
  result.gap =
      result.rank < s.size() && s[result.rank] > 0 ? s[result.rank - 1] / s[result.rank] : 1e300;
  const Matrix known = confirm_known(problem, parameters, {scaled, lengths}, result);
  const Matrix& null = decision.null_space;
  for (Eigen::Index j = 0; j < null.cols(); ++j) {
    const Vector rest = null.col(j) - known * (known.transpose() * null.col(j));
    if (rest.norm() > 0.1) result.unexplained.push_back(in_words(problem, rest.normalized()));
  }
  return result;
}

}  // namespace lightloom::calibration
