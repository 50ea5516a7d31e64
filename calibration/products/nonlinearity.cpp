#include "calibration/products/nonlinearity.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/products/phase_regression.hpp"
#include "calibration/products/residual_statistics.hpp"
#include "core/parallel.hpp"

namespace lightloom::calibration {
namespace {

struct BendRows {
  const std::vector<int>& fitted;
  const std::vector<int>& held_out;
};

/// One half, less what the linear model explains of it: residuals, squares and cubes of the
/// predictions, (rows, outputs) each.
struct Curves {
  Eigen::MatrixXd residual, square, cube;
};

/// Takes the linear model out of y in both halves, as fitted in the first.
class LinearPart {
 public:
  LinearPart(const Eigen::MatrixXd& x, bool mixing) : x_(x), mixing_(mixing) {
    if (mixing) factor_ = factor_gram(x);
  }
  /// What the model predicts of y for the rows of `at`, fitted to the rows of x.
  [[nodiscard]] Eigen::MatrixXd predict(const Eigen::MatrixXd& y, const Eigen::MatrixXd& at) const {
    if (mixing_) return product(at, solve_gram(factor_, cross_product(x_, y)));
    return at * own_slopes({x_, y}).asDiagonal();
  }

 private:
  const Eigen::MatrixXd& x_;
  bool mixing_;
  GramFactor factor_;
};

/// What bends fitted in one half leave of the residuals of the other.
void add_bends(const Curves& fitted, const Curves& held_out, const std::vector<int>& rows,
               ResidualSums& bent) {
  Eigen::MatrixXd left = held_out.residual;
  for (Eigen::Index j = 0; j < left.cols(); ++j) {
    const auto s = fitted.square.col(j), c = fitted.cube.col(j), r = fitted.residual.col(j);
    const double ss = s.squaredNorm(), cc = c.squaredNorm(), sc = s.dot(c),
                 determinant = ss * cc - sc * sc;
    if (!(determinant > 1e-10 * ss * cc)) continue;  // two or three levels only: no curve
    const double a = (cc * s.dot(r) - sc * c.dot(r)) / determinant,
                 b = (ss * c.dot(r) - sc * s.dot(r)) / determinant;
    left.col(j) -= a * held_out.square.col(j) + b * held_out.cube.col(j);
  }
  bent.add(left, rows);
}

/// Powers of predictions, scaled so that they stay near 1.
Eigen::MatrixXd power(const Eigen::MatrixXd& predicted, double scale, int exponent) {
  return (predicted.array() / scale).pow(exponent);
}

struct BendSums {
  ResidualSums straight, bent;
};

/// A linear model, and the period of its offsets (1: none).
struct LinearModel {
  ErrorModel model;
  int period;
};

void add_bend_turn(const ProductMatrices& products, const BendRows& turn, const LinearModel& of,
                   BendSums& sums) {
  const Sides sides{products.expected, products.observed};
  const PhaseMeans means = phase_means(sides, turn.fitted, of.period);
  const Centred fitted = centred(sides, turn.fitted, means),
                held_out = centred(sides, turn.held_out, means);
  const LinearPart linear(fitted.x, mixes(of.model));
  const Eigen::MatrixXd near = linear.predict(fitted.y, fitted.x),
                        far = linear.predict(fitted.y, held_out.x);
  const double scale = std::max(near.norm() / std::sqrt(static_cast<double>(near.size())), 1e-300);
  Curves here{.residual = fitted.y - near, .square = {}, .cube = {}},
      there{.residual = held_out.y - far, .square = {}, .cube = {}};
  const auto add_power = [&](int exponent, Eigen::MatrixXd& curve, Eigen::MatrixXd& other) {
    curve = power(near, scale, exponent);
    const Eigen::RowVectorXd mean = curve.colwise().mean();
    curve.rowwise() -= mean;
    other = power(far, scale, exponent).rowwise() - mean;
    other -= linear.predict(curve, held_out.x);
    curve -= linear.predict(curve, fitted.x);
  };
  add_power(2, here.square, there.square);
  add_power(3, here.cube, there.cube);
  sums.straight.add(there.residual, turn.held_out);
  add_bends(here, there, turn.held_out, sums.bent);
}

}  // namespace

Nonlinearity find_nonlinearity(const ProductMatrices& products, ErrorModel model,
                               const Division& division) {
  const int period = has_period(model) ? division.period : 1;
  const ResidualSums nothing(products.vectors(), products.outputs());
  std::vector<BendSums> parts(static_cast<std::size_t>(division.divisions), {nothing, nothing});
  parallel_for_dynamic(division.divisions, [&](std::ptrdiff_t number) {
    const RowHalves halves = row_halves(products.vectors(), division, static_cast<int>(number));
    for (const BendRows& turn :
         {BendRows{halves.first, halves.second}, BendRows{halves.second, halves.first}})
      add_bend_turn(products, turn, {model, period}, parts[static_cast<std::size_t>(number)]);
  });
  BendSums total{nothing, nothing};
  for (const BendSums& part : parts) {
    total.straight.add(part.straight);
    total.bent.add(part.bent);
  }
  const std::vector<double> straight = total.straight.by_vector(), bent = total.bent.by_vector();
  std::vector<double> gain(straight.size());
  std::transform(straight.begin(), straight.end(), bent.begin(), gain.begin(), std::minus<>());
  const Estimate taken = estimate_mean(gain);
  return {.straight = estimate_rms(straight),
          .bent = estimate_rms(bent),
          .bend = std::sqrt(std::max(0.0, taken.value)),
          .sigmas = taken.standard_error > 0 ? taken.value / taken.standard_error : 0};
}

}  // namespace lightloom::calibration
