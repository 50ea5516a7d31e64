#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <cstring>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/mesh_fit.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/gauge.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/linearised_mesh.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "calibration/problem/solve.hpp"
#include "calibration/solvers/inexact_newton.hpp"
#include "calibration/solvers/least_squares.hpp"
#include "core/random/random.hpp"

#ifdef _OPENMP
#include <omp.h>

#include "tests/oracles/as_index.hpp"
#endif

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// A lossy chip with near pairs, measured by superpositions, every kind free, robust, with priors:
/// nothing of the model is left out.
struct InexactExample {
  ChipShape shape;
  std::vector<double> point;
  Measurements data;
  FitProblem problem;

  explicit InexactExample(int modes, int settings)
      : shape(chip_shape(card(modes))), point(hidden_parameters(shape, card(modes), 5, 1)) {
    VirtualChip chip(shape, point, {}, {5});
    const Stream stream({.seed = 3, .purpose = Purpose::test});
    Inputs inputs{3, modes, {}};
    for (std::uint64_t i = 0; i < as_index(3 * modes); ++i)
      inputs.fields.emplace_back(stream.normal(i, 0), stream.normal(i, 1));
    data = measure(chip, random_voltages(shape, settings, 6.5, 9), inputs);
    problem = {.shape = &shape, .data = &data};
    for (int s = 0; s < settings; ++s) problem.settings.push_back(s);
    std::vector<bool> all(point.size(), true);
    problem.free = free_set(all);
    problem.sigma = predicted_sigma(shape, data, point);
    problem.prior.mean = point;
    problem.prior.sigma.assign(point.size(), 0.3);
    problem.loss.huber = 2;
    for (std::size_t i = 0; i < point.size(); ++i) point[i] += 0.003 * stream.normal(i, 2);
  }
  static ChipCard card(int modes) {
    ChipCard chip{.modes = modes,
                  .self_heating = 0.05,
                  .splitter_sigma_rad = 0.1,
                  .arm_loss_sigma_db = 0.3,
                  .pair_sigma = 0.01,
                  .offset_sigma = 0.01};
    chip.layout.pair_reach_um = 130;
    return chip;
  }
};

TEST(LinearisedMesh, GradientAndProductsAreThoseOfTheNormalEquations) {
  for (const int modes : {2, 5}) {
    InexactExample e(modes, 4);
    ASSERT_GT(e.shape.parameters.count(ParameterKind::coupling), modes == 2 ? -1 : 5);
    const NormalEquations equations = normal_equations(e.problem, e.point);
    const auto n = static_cast<Eigen::Index>(equations.size);
    LinearisedMesh mesh(e.problem);
    Vector gradient(n), product(n), v(n);
    const double cost = mesh.linearise(e.point, {gradient.data(), static_cast<std::size_t>(n)});
    EXPECT_NEAR(cost, equations.cost, 1e-12 * equations.cost);
    const Eigen::Map<const Vector> expected(equations.gradient.data(), n);
    // Sums of some hundred terms, each at most the norm: 1e-16 times a few hundred.
    EXPECT_LT((gradient - expected).norm(), 1e-12 * expected.norm());
    const Stream stream({.seed = 8, .purpose = Purpose::test});
    const Eigen::Map<const Matrix> h(equations.hessian.data(), n, n);
    for (Eigen::Index i = 0; i < n; ++i)
      v[i] = stream.normal(static_cast<std::uint64_t>(i)) / std::sqrt(h(i, i));
    mesh.product({v.data(), static_cast<std::size_t>(n)},
                 {product.data(), static_cast<std::size_t>(n)});
    EXPECT_LT((product - h * v).norm(), 1e-12 * (h * v).norm()) << modes;
  }
}

TEST(LinearisedMesh, IsEqualToTheBitOnAnyNumberOfThreads) {
#ifdef _OPENMP
  ChipCard card{.modes = 12};
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 5, 1);
  VirtualChip chip(shape, truth, {}, {5});
  const Measurements data = measure(chip, random_voltages(shape, 6, 6.5, 9), single_ports(12));
  FitProblem problem{.shape = &shape, .data = &data, .settings = {0, 1, 2, 3, 4, 5}};
  problem.free = free_set(std::vector<bool>(truth.size(), true));
  problem.sigma = predicted_sigma(shape, data, truth);
  const int before = omp_get_max_threads();
  std::vector<std::vector<double>> results;
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    LinearisedMesh mesh(problem);
    std::vector<double> gradient(truth.size()), product(truth.size());
    mesh.linearise(truth, gradient);
    mesh.product(gradient, product);
    gradient.insert(gradient.end(), product.begin(), product.end());
    results.push_back(gradient);
  }
  omp_set_num_threads(before);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
#endif
}

TEST(RoughHessian, OfAllSettingsIsTheNormalMatrixInSinglePrecision) {
  InexactExample e(5, 6);
  const NormalEquations equations = normal_equations(e.problem, e.point);
  const auto n = static_cast<Eigen::Index>(equations.size);
  std::vector<double> rough(equations.hessian.size());
  rough_hessian(e.problem, e.point, 1e9, rough);
  const Eigen::Map<const Matrix> h(equations.hessian.data(), n, n), r(rough.data(), n, n);
  const Vector scale = h.diagonal().cwiseSqrt().cwiseInverse();
  const Matrix difference = scale.asDiagonal() * (r - h) * scale.asDiagonal();
  // 15 rows a setting: each entry rounds to 6e-8 of the diagonal's size some ten times.
  EXPECT_LT(difference.cwiseAbs().maxCoeff(), 1e-6);
  // Of half the settings it is an estimate: of the right size, not equal.
  rough_hessian(e.problem, e.point, 3 * 15.0 / static_cast<double>(n) - 1e-6, rough);
  const double trace = (scale.asDiagonal() * r * scale.asDiagonal()).trace();
  EXPECT_NEAR(trace / static_cast<double>(n), 1, 0.5);
  EXPECT_GT((scale.asDiagonal() * (r - h) * scale.asDiagonal()).cwiseAbs().maxCoeff(), 1e-3);
}

/// Fits one chip by each solver.
FitResult fitted(const ChipShape& shape, const Measurements& data, const std::vector<double>& start,
                 Solver solver) {
  FitCard card;
  card.solver = solver;
  card.tolerance = 1e-12;
  return fit_mesh(shape, data, card, start);
}

TEST(Inexact, FindsTheMinimumThatCeresFinds) {
  const ChipCard card{.modes = 6};
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 21, 0);
  VirtualChip chip(shape, truth, {}, {21});
  const Measurements data = measure(chip, random_voltages(shape, 30, 6.5, 9), single_ports(6));
  std::vector<double> start = design_start(shape, {});
  const Stream stream({.seed = 4, .purpose = Purpose::test});
  for (const ParameterKind kind : {ParameterKind::efficiency, ParameterKind::bias})
    for (int h = 0; h < shape.heater_count(); ++h) {
      const auto p = static_cast<std::size_t>(shape.parameters.at(kind, h));
      start[p] = truth[p] + (kind == ParameterKind::bias ? 0.1 : 1e-4) * stream.normal(p);
    }
  const FitResult ceres = fitted(shape, data, start, Solver::ceres),
                  ours = fitted(shape, data, start, Solver::inexact);
  ASSERT_TRUE(ceres.converged);
  EXPECT_TRUE(ours.converged);
  EXPECT_GT(ours.stages.back().inner_iterations, 0);
  EXPECT_EQ(ceres.stages.back().inner_iterations, 0);
  // The noise of the last stage follows the stage before, where both stop within 1e-5 of the cost:
  // some thousandths of a standard deviation, and n of them squared in chi^2.
  EXPECT_NEAR(ours.chi2, ceres.chi2, 1e-4 * ceres.free.size());
  for (const int p : ceres.free.parameters) {
    const auto i = static_cast<std::size_t>(p);
    EXPECT_LT(std::abs(ours.parameters[i] - ceres.parameters[i]), 0.02 * ceres.sigma[i])
        << shape.parameters.name(p);
  }
}

/// One problem of a mesh, noise and all held fixed, solved by both from the same start.
void expect_equal_minima(int modes, int settings) {
  const ChipCard card{.modes = modes};
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 21, 0);
  VirtualChip chip(shape, truth, {}, {21});
  const Measurements data =
      measure(chip, random_voltages(shape, settings, 6.5, 9), single_ports(modes));
  std::vector<bool> is_free = free_kinds(shape.parameters, fitted_kinds({}));
  hold_gauge(shape, is_free);
  FitProblem problem{.shape = &shape,
                     .data = &data,
                     .free = free_set(is_free),
                     .sigma = predicted_sigma(shape, data, truth),
                     .prior = design_prior(shape, {})};
  for (int s = 0; s < settings; ++s) problem.settings.push_back(s);
  std::vector<double> start = truth;
  const Stream stream({.seed = 4, .purpose = Purpose::test});
  for (const int p : problem.free.parameters) {
    const auto i = static_cast<std::size_t>(p);
    const bool phase = shape.parameters.kind_of(p) == ParameterKind::bias;
    start[i] += (phase ? 0.02 : 1e-4) * stream.normal(i);
  }
  const LeastSquaresOptions options{.max_iterations = 40, .function_tolerance = 1e-10};
  std::vector<double> by_ceres = start, ours = start, chosen = start;
  const LeastSquaresSummary ceres = solve(problem, by_ceres, options, Solver::ceres),
                            inexact = solve(problem, ours, options, Solver::inexact);
  ASSERT_TRUE(ceres.converged) << ceres.message;
  ASSERT_TRUE(inexact.converged) << inexact.message;
  solve(problem, chosen, options);
  EXPECT_EQ(chosen, ours);  // what `automatic` takes at this size
  // Both stop when the cost changes by 1e-10 of itself, each step lowering what is left at least
  // tenfold: within 1e-10 of the least cost, sqrt(2e-10 cost) standard deviations from its place.
  const double near = 1e-10 * ceres.final_cost;
  EXPECT_NEAR(inexact.final_cost, ceres.final_cost, near);
  const NormalEquations at = normal_equations(problem, by_ceres);
  const auto n = static_cast<Eigen::Index>(at.size);
  ASSERT_EQ(n, problem.free.size());
  Vector apart(n);
  for (Eigen::Index f = 0; f < n; ++f) {
    const auto i = static_cast<std::size_t>(problem.free.parameters[static_cast<std::size_t>(f)]);
    apart[f] = ours[i] - by_ceres[i];
  }
  const Eigen::Map<const Matrix> hessian(at.hessian.data(), n, n);
  EXPECT_LT(apart.dot(hessian * apart), std::pow(2 * std::sqrt(2 * near), 2));
}

TEST(Inexact, FindsWhatCeresFindsAboveTheSizeFromWhichItIsTaken) { expect_equal_minima(12, 32); }

TEST(SlowInexact, FindsWhatCeresFindsAboveAThousandUnknowns) { expect_equal_minima(20, 24); }

/// r = A x - b + 0.1 sin(x) stacked on 0.1 x: curved, well posed, n unknowns.
struct Curved {
  Matrix a;
  Vector b, at;

  explicit Curved(int n) : a(n + 60, n), b(n + 60), at(n) {
    const Stream stream({.seed = 6, .purpose = Purpose::test});
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
      b[i] = stream.normal(static_cast<std::uint64_t>(i), 1u << 20);
      for (Eigen::Index j = 0; j < n; ++j)
        a(i, j) = stream.normal(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(j)) /
                  std::sqrt(n);
    }
  }
  [[nodiscard]] Vector residuals(const Vector& x) const {
    Vector r(a.rows() + x.size());
    r << a * x - b + 0.1 * (a * x).array().sin().matrix(), 0.1 * x;
    return r;
  }
  [[nodiscard]] Matrix jacobian(const Vector& x) const {
    Matrix j(a.rows() + x.size(), x.size());
    j << (1 + 0.1 * (a * x).array().cos()).matrix().asDiagonal() * a,
        0.1 * Matrix::Identity(x.size(), x.size());
    return j;
  }
  /// `spoil` multiplies every other row and column of the preconditioner's matrix.
  InexactProblem problem(double spoil) {
    const auto map = [](std::span<const double> x) {
      return Eigen::Map<const Vector>(x.data(), static_cast<Eigen::Index>(x.size()));
    };
    return {.cost = [=, this](auto x) { return 0.5 * residuals(map(x)).squaredNorm(); },
            .linearise =
                [=, this](auto x, std::span<double> gradient) {
                  at = map(x);
                  const Vector r = residuals(at);
                  Eigen::Map<Vector>(gradient.data(), at.size()) = jacobian(at).transpose() * r;
                  return 0.5 * r.squaredNorm();
                },
            .product =
                [=, this](auto v, std::span<double> result) {
                  const Matrix j = jacobian(at);
                  Eigen::Map<Vector>(result.data(), at.size()) = j.transpose() * (j * map(v));
                },
            .hessian =
                [=, this](std::span<double> h) {
                  const Matrix j = jacobian(at);
                  Vector factor = Vector::Ones(at.size());
                  for (Eigen::Index i = 0; i < factor.size(); i += 2) factor[i] = spoil;
                  Eigen::Map<Matrix>(h.data(), at.size(), at.size()) =
                      factor.asDiagonal() * (j.transpose() * j) * factor.asDiagonal();
                }};
  }
};

TEST(Inexact, EndsWhereDenseGaussNewtonDoesWithABadPreconditionerToo) {
  const int n = 120;
  Curved curved(n);
  // The reference: undamped steps with Eigen's own factorisation.
  Vector x = Vector::Constant(n, 0.3);
  double size = 1;
  for (int step = 0; step < 20 && size > 1e-12; ++step) {
    const Matrix j = curved.jacobian(x);
    const Vector change = (j.transpose() * j).ldlt().solve(j.transpose() * curved.residuals(x));
    x -= change;
    size = change.norm() / x.norm();
  }
  ASSERT_LE(size, 1e-12);
  const double cost = 0.5 * curved.residuals(x).squaredNorm();
  int products[2] = {};
  for (const double spoil : {1.0, 3.0}) {
    std::vector<double> found(n, 0.3);
    const LeastSquaresSummary summary = minimise_inexact(
        curved.problem(spoil), found, {.max_iterations = 100, .function_tolerance = 1e-13});
    EXPECT_TRUE(summary.converged) << summary.message;
    EXPECT_NEAR(summary.final_cost, cost, 1e-9 * cost);
    // Curvature along every direction is at least 0.1^2: a cost within e of the least is within
    // sqrt(2 e) / 0.1 of its place.
    EXPECT_LT((Eigen::Map<Vector>(found.data(), n) - x).norm(), 10 * std::sqrt(2e-9 * cost));
    products[spoil > 1 ? 1 : 0] = summary.inner_iterations;
  }
  EXPECT_GT(products[1], 2 * products[0]);  // else the preconditioner would not matter
}

}  // namespace
}  // namespace lightloom::calibration
