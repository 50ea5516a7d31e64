#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "core/random/random.hpp"

#ifdef _OPENMP
#include <omp.h>

#include "tests/oracles/as_index.hpp"
#endif

namespace lightloom::calibration {
namespace {

const std::vector<ParameterKind> every_kind{
    ParameterKind::efficiency,  ParameterKind::curvature, ParameterKind::bias,
    ParameterKind::alpha,       ParameterKind::beta,      ParameterKind::arm_gain,
    ParameterKind::device_gain, ParameterKind::crosstalk, ParameterKind::input_gain,
    ParameterKind::output_gain, ParameterKind::offset,    ParameterKind::coupling};

Inputs superpositions(int ports, int count) {
  const Stream stream({.seed = 3, .purpose = Purpose::test});
  Inputs inputs{count, ports, {}};
  for (std::uint64_t i = 0; i < as_index(ports * count); ++i)
    inputs.fields.emplace_back(stream.normal(i, 0), stream.normal(i, 1));
  return inputs;
}

ChipCard lossy_card(int modes) {
  ChipCard card{.modes = modes,
                .self_heating = 0.05,
                .splitter_sigma_rad = 0.1,
                .arm_loss_sigma_db = 0.3,
                .pair_sigma = 0.01,
                .offset_sigma = 0.01};
  card.layout.pair_reach_um = 130;  // near pairs have couplings of their own
  return card;
}

struct JacobianExample {
  ChipShape shape;
  std::vector<double> truth;
  Measurements data;
  FitProblem problem;

  JacobianExample(const ChipCard& card, const Inputs& inputs, int settings)
      : shape(chip_shape(card)), truth(hidden_parameters(shape, card, 5, 1)) {
    VirtualChip chip(shape, truth, {}, {5});
    data = measure(chip, random_voltages(shape, settings, 6.5, 9), inputs);
    problem = {.shape = &shape, .data = &data};
    for (int s = 0; s < settings; ++s) problem.settings.push_back(s);
    problem.free = free_set(free_kinds(shape.parameters, every_kind));
    problem.sigma.assign(data.readings.size(), 1.0);
  }
};

/// Largest difference of any analytic column from central differences, relative to the column's
/// largest entry.
double worst_column(const JacobianExample& e, const DenseJacobian& jacobian) {
  double worst = 0;
  const auto rows = static_cast<std::size_t>(jacobian.rows);
  for (std::size_t f = 0; f < e.problem.free.parameters.size(); ++f) {
    const auto p = static_cast<std::size_t>(e.problem.free.parameters[f]);
    const double step = 1e-5 * std::max(0.1, std::abs(e.truth[p]));
    std::vector<double> up = e.truth, down = e.truth;
    up[p] += step;
    down[p] -= step;
    const std::vector<double> r_up = residuals(e.problem, up), r_down = residuals(e.problem, down);
    double size = 0, difference = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      const double slope = (r_down[row] - r_up[row]) / (up[p] - down[p]);
      size = std::max(size, std::abs(slope));
      difference = std::max(difference, std::abs(slope - jacobian.values[f * rows + row]));
    }
    // Columns that vanish are compared with the slopes of order 1 of the others.
    worst = std::max(worst, difference / std::max(size, 1e-3));
  }
  return worst;
}

TEST(MeshJacobian, EqualsCentralDifferencesForALossyChipAndAnyInputs) {
  for (const int modes : {2, 3, 6}) {
    const JacobianExample e(lossy_card(modes), superpositions(modes, 3), 2);
    EXPECT_EQ(e.shape.parameters.count(ParameterKind::coupling) > 20, modes == 6);
    // Differences: round-off 1e-16 over a step of 1e-6, and h^2 / 6 with h = V^4 1e-6 at gamma_2.
    EXPECT_LT(worst_column(e, dense_jacobian(e.problem, e.truth)), 3e-6) << modes;
  }
}

TEST(MeshJacobian, EqualsCentralDifferencesForAnIdealChip) {
  const ChipCard card{.modes = 5,
                      .heater_sigma = 0,
                      .splitter_sigma_rad = 0,
                      .device_loss_db = 0,
                      .crosstalk_amplitude = 0,
                      .input_sigma_db = 0,
                      .output_sigma_db = 0};
  const JacobianExample e(card, single_ports(5), 2);
  EXPECT_LT(worst_column(e, dense_jacobian(e.problem, e.truth)), 3e-6);
}

TEST(MeshJacobian, CheckerCatchesADerivativeThatIsWrong) {
  const JacobianExample e(lossy_card(4), single_ports(4), 2);
  DenseJacobian wrong = dense_jacobian(e.problem, e.truth);
  const int alpha =
      e.problem.free
          .position[static_cast<std::size_t>(e.shape.parameters.at(ParameterKind::alpha, 2))];
  const auto rows = static_cast<std::size_t>(wrong.rows);
  for (std::size_t row = 0; row < rows; ++row)
    wrong.values[static_cast<std::size_t>(alpha) * rows + row] *= 1.001;
  EXPECT_GT(worst_column(e, wrong), 5e-4);
}

TEST(MeshJacobian, NormalEquationsAreTheProductsOfTheDenseJacobian) {
  JacobianExample e(lossy_card(4), single_ports(4), 3);
  e.problem.prior.mean = e.truth;
  e.problem.prior.sigma.assign(e.truth.size(), 0.5);
  std::vector<double> point = e.truth;
  for (std::size_t i = 0; i < point.size(); ++i) point[i] += 0.01;
  const NormalEquations equations = normal_equations(e.problem, point);
  const DenseJacobian jacobian = dense_jacobian(e.problem, point);
  const std::vector<double> r = residuals(e.problem, point);
  const auto rows = static_cast<std::size_t>(jacobian.rows),
             n = static_cast<std::size_t>(jacobian.columns);
  for (std::size_t i = 0; i < n; ++i) {
    double gradient = 0.01 / 0.25;
    for (std::size_t row = 0; row < rows; ++row)
      gradient -= jacobian.values[i * rows + row] * r[row];
    EXPECT_NEAR(equations.gradient[i], gradient, 1e-9 * (1 + std::abs(gradient)));
    for (std::size_t j = 0; j < n; ++j) {
      double sum = i == j ? 4.0 : 0.0, size = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        sum += jacobian.values[i * rows + row] * jacobian.values[j * rows + row];
        size += std::abs(jacobian.values[i * rows + row] * jacobian.values[j * rows + row]);
      }
      EXPECT_NEAR(equations.hessian[j * n + i], sum, 1e-11 * (1 + size));
    }
  }
  EXPECT_NEAR(equations.cost, fit_cost(e.problem, point), 1e-12 * equations.cost);
}

TEST(MeshJacobian, NormalEquationsAreTheSameBitsOnAnyNumberOfThreads) {
#ifdef _OPENMP
  const JacobianExample e(lossy_card(6), single_ports(6), 3);
  std::vector<NormalEquations> found;
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    found.push_back(normal_equations(e.problem, e.truth));
  }
  omp_set_num_threads(before);
  for (const NormalEquations& other : found) {
    EXPECT_EQ(other.hessian, found[0].hessian);
    EXPECT_EQ(other.gradient, found[0].gradient);
    EXPECT_EQ(other.cost, found[0].cost);
  }
#else
  GTEST_SKIP() << "built without OpenMP";
#endif
}

}  // namespace
}  // namespace lightloom::calibration
