#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "calibration/least_squares.hpp"
#include "core/random.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// r = A x - b + 0.1 sin(x) stacked on 0.1 x: curved, well posed, n unknowns.
NormalFunction curved(const Matrix& a, const Vector& b) {
  return [&a, &b](std::span<const double> at, double& cost, std::span<double> gradient,
                  std::span<double> hessian) {
    const Eigen::Map<const Vector> x(at.data(), static_cast<Eigen::Index>(at.size()));
    Vector r(a.rows() + x.size());
    r << a * x - b + 0.1 * (a * x).array().sin().matrix(), 0.1 * x;
    cost = 0.5 * r.squaredNorm();
    if (hessian.empty()) return true;
    Matrix j(r.size(), x.size());
    j << (1 + 0.1 * (a * x).array().cos()).matrix().asDiagonal() * a,
        0.1 * Matrix::Identity(x.size(), x.size());
    Eigen::Map<Vector>(gradient.data(), x.size()) = j.transpose() * r;
    Eigen::Map<Matrix>(hessian.data(), x.size(), x.size()) = j.transpose() * j;
    return true;
  };
}

TEST(SlowDamped, EndsWhereDenseGaussNewtonDoesAboveAThousandUnknowns) {
  const int n = 1050;
  const Stream stream({.seed = 6, .purpose = Purpose::test});
  Matrix a(n + 60, n);
  Vector b(n + 60);
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    b[i] = stream.normal(static_cast<std::uint64_t>(i), 1u << 20);
    for (Eigen::Index j = 0; j < n; ++j)
      a(i, j) = stream.normal(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(j)) /
                std::sqrt(n);
  }
  const NormalFunction function = curved(a, b);
  const LeastSquaresOptions options{.max_iterations = 60, .function_tolerance = 1e-13};
  std::vector<double> damped(n, 0.3);
  const LeastSquaresSummary ours = minimise_damped(function, damped, options);
  EXPECT_TRUE(ours.converged) << ours.message;
  // The reference: undamped steps with Eigen's own factorisation.
  Vector x = Vector::Constant(n, 0.3), gradient(n);
  Matrix hessian(n, n);
  double cost = 0, size = 1;
  for (int step = 0; step < 20 && size > 1e-12; ++step) {
    function({x.data(), n}, cost, {gradient.data(), n},
             {hessian.data(), static_cast<std::size_t>(hessian.size())});
    const Vector change = hessian.ldlt().solve(gradient);
    x -= change;
    size = change.norm() / x.norm();
  }
  ASSERT_LE(size, 1e-12);
  EXPECT_NEAR(ours.final_cost, cost, 1e-9 * cost);
  // Curvature along every direction is at least 0.1^2: a cost within e of the least is within
  // sqrt(2 e) / 0.1 of its place.
  EXPECT_LT((Eigen::Map<Vector>(damped.data(), n) - x).norm(), 10 * std::sqrt(2e-9 * cost));
}

}  // namespace
}  // namespace lightloom::calibration
