#include "calibration/products/model_comparison.hpp"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <vector>

#include "calibration/products/correctors.hpp"
#include "tests/calibration/products/simulated_products.hpp"

namespace lightloom::calibration {
namespace {

ProductMatrices mixed_example() {
  return matrices_of(simulate_products(example_errors(), expected_products(331, 7, 5), 3));
}

/// Mean square left in `held_out` by least squares on the other rows, offsets as columns of their
/// own, by QR: no centring, no normal equations.
double left_by_qr(const Sides& sides, const RowHalves& halves, int period) {
  const auto design = [&](const std::vector<int>& rows) {
    Eigen::MatrixXd all =
        Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(rows.size()), sides.x.cols() + period);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      all.row(static_cast<Eigen::Index>(i)).head(sides.x.cols()) = sides.x.row(rows[i]);
      all(static_cast<Eigen::Index>(i), sides.x.cols() + rows[i] % period) = 1;
    }
    return all;
  };
  const auto wanted = [&](const std::vector<int>& rows) {
    Eigen::MatrixXd all(static_cast<Eigen::Index>(rows.size()), sides.y.cols());
    for (std::size_t i = 0; i < rows.size(); ++i)
      all.row(static_cast<Eigen::Index>(i)) = sides.y.row(rows[i]);
    return all;
  };
  double sum = 0;
  const auto turn = [&](const std::vector<int>& fitted, const std::vector<int>& held_out) {
    const Eigen::MatrixXd solution = design(fitted).colPivHouseholderQr().solve(wanted(fitted));
    sum += (wanted(held_out) - design(held_out) * solution).squaredNorm();
  };
  turn(halves.first, halves.second);
  turn(halves.second, halves.first);
  return sum / static_cast<double>(sides.y.size());
}

TEST(ModelComparison, LeavesWhatLeastSquaresByQrLeaves) {
  const ProductMatrices products = mixed_example();
  const Division division{.period = 3, .divisions = 1, .seed = 9};
  const RowHalves halves = row_halves(331, division, 0);
  const ModelResiduals found = compare_models(products, ErrorModel::both, division);
  const Sides forwards{products.expected, products.observed},
      backwards{products.observed, products.expected};
  EXPECT_NEAR(found.of[static_cast<int>(ErrorModel::both)].rms,
              std::sqrt(left_by_qr(forwards, halves, 3)), 1e-10);
  EXPECT_NEAR(found.of[static_cast<int>(ErrorModel::mixing)].rms,
              std::sqrt(left_by_qr(forwards, halves, 1)), 1e-10);
  const Correctors correctors = fit_correctors(products, ErrorModel::both, division);
  ASSERT_EQ(correctors.mixing.size(), 4u);  // 1, 2, 4, 7
  EXPECT_EQ(correctors.mixing.back().rank, 7);
  EXPECT_NEAR(correctors.mixing.back().rms.value, std::sqrt(left_by_qr(backwards, halves, 3)),
              1e-10);
}

TEST(ModelComparison, HalvesHoldWholePeriodsAndNoParity) {
  for (const int period : {1, 2, 4, 7}) {
    const Division division{.period = period, .seed = 4};
    for (int number = 0; number < 5; ++number) {
      const RowHalves halves = row_halves(203, division, number);
      std::vector<int> all = halves.first;
      all.insert(all.end(), halves.second.begin(), halves.second.end());
      std::sort(all.begin(), all.end());
      ASSERT_EQ(all.size(), 203u);
      for (int t = 0; t < 203; ++t) EXPECT_EQ(all[static_cast<std::size_t>(t)], t);
      std::vector<int> phases(static_cast<std::size_t>(period), 0);
      for (const int t : halves.first) ++phases[static_cast<std::size_t>(t % period)];
      for (const int count : phases) EXPECT_EQ(count, 203 / period / 2);
      const auto odd =
          std::count_if(halves.first.begin(), halves.first.end(), [](int t) { return t % 2 == 1; });
      EXPECT_NEAR(static_cast<double>(odd) / static_cast<double>(halves.first.size()), 0.5, 0.25);
    }
    EXPECT_NE(row_halves(203, division, 0).first, row_halves(203, division, 1).first);
  }
}

TEST(ModelComparison, ACorrectionOfARankTakesAwayAnErrorOfThatRank) {
  // Without noise: expected = g observed + U V^T observed, U and V of two columns with an empty
  // diagonal, so that gains alone are not touched by it.
  const ProductMatrices random = mixed_example();
  Eigen::MatrixXd mixing = Eigen::MatrixXd::Zero(7, 7);
  mixing(0, 5) = 0.3;
  mixing(1, 6) = 0.2;
  ProductMatrices products{.expected = {}, .observed = random.expected};
  products.expected = 1.2 * products.observed + products.observed * mixing.transpose();
  const Correctors found = fit_correctors(products, ErrorModel::both, {.period = 3});
  const double mixed = 5 * std::sqrt((0.3 * 0.3 + 0.2 * 0.2) / 7);
  EXPECT_NEAR(found.gains.value, mixed, 0.1 * mixed);
  EXPECT_NEAR(found.mixing[0].rms.value, 5 * 0.2 / std::sqrt(7.0), 0.05);  // one of two is left
  EXPECT_LT(found.mixing[1].rms.value, 0.05 * mixed);  // gains have a little of it by chance
  EXPECT_LT(found.mixing[3].rms.value, 1e-9);
}

/// Rows of a matrix less the means of their phases among `fitted`.
Eigen::MatrixXd less_phases(const Eigen::MatrixXd& all, const std::vector<int>& rows,
                            const std::vector<int>& fitted, int period) {
  Eigen::MatrixXd means = Eigen::MatrixXd::Zero(period, all.cols());
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(period);
  for (const int t : fitted) {
    means.row(t % period) += all.row(t);
    counts(t % period) += 1;
  }
  Eigen::MatrixXd left(static_cast<Eigen::Index>(rows.size()), all.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    left.row(static_cast<Eigen::Index>(i)) =
        all.row(rows[i]) - means.row(rows[i] % period) / counts(rows[i] % period);
  return left;
}

/// Sum of squares that reduced-rank regression by its definition leaves of one half: the singular
/// value decomposition of what least squares by QR predicts of the other.
double left_by_rank(const ProductMatrices& products, const std::vector<int>& fitted,
                    const std::vector<int>& held_out, int rank) {
  constexpr int period = 3;
  const auto half = [&](const Eigen::MatrixXd& all, const std::vector<int>& rows) {
    return less_phases(all, rows, fitted, period);
  };
  const Eigen::MatrixXd x = half(products.observed, fitted), y = half(products.expected, fitted);
  Eigen::VectorXd slopes(x.cols());
  for (Eigen::Index k = 0; k < x.cols(); ++k)
    slopes(k) = x.col(k).dot(y.col(k)) / x.col(k).squaredNorm();
  const Eigen::MatrixXd full = x.colPivHouseholderQr().solve(y - x * slopes.asDiagonal());
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(x * full, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::MatrixXd strongest = svd.matrixV().leftCols(rank);
  const Eigen::MatrixXd other = half(products.observed, held_out);
  return (half(products.expected, held_out) - other * slopes.asDiagonal() -
          other * full * strongest * strongest.transpose())
      .squaredNorm();
}

TEST(ModelComparison, RanksBetweenAreThoseOfReducedRankRegression) {
  const ProductMatrices products = mixed_example();  // with noise
  const Division division{.period = 3, .divisions = 1, .seed = 9};
  const RowHalves halves = row_halves(331, division, 0);
  const Correctors found = fit_correctors(products, ErrorModel::both, division);
  for (std::size_t k = 0; k < 4; ++k) {
    const int rank = std::vector{1, 2, 4, 7}[k];
    EXPECT_EQ(found.mixing[k].rank, rank);
    const double squares = left_by_rank(products, halves.first, halves.second, rank) +
                           left_by_rank(products, halves.second, halves.first, rank);
    EXPECT_NEAR(found.mixing[k].rms.value, std::sqrt(squares / (331 * 7.0)), 1e-9) << rank;
  }
}

TEST(ModelComparison, RawErrorsAreDifferences) {
  const ProductMatrices products = mixed_example();
  const Correctors found = fit_correctors(products, ErrorModel::gains, {});
  EXPECT_TRUE(found.mixing.empty());
  EXPECT_NEAR(found.raw.value,
              (products.observed - products.expected).norm() / std::sqrt(331.0 * 7), 1e-12);
}

}  // namespace
}  // namespace lightloom::calibration
