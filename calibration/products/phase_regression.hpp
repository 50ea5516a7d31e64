#pragma once

#include <Eigen/Core>
#include <span>

#include "calibration/products/products.hpp"

namespace lightloom::calibration {

// Least squares of y on x and on one offset of every output and phase (number of the row modulo a
// period). Subtracting the mean of every phase from both sides leaves exactly the least squares of
// what remains (Frisch and Waugh 1933), so offsets are never unknowns of a solution.

/// Both arrays of products, (vectors, outputs) each.
struct ProductMatrices {
  Eigen::MatrixXd expected;
  Eigen::MatrixXd observed;

  [[nodiscard]] int vectors() const { return static_cast<int>(expected.rows()); }
  [[nodiscard]] int outputs() const { return static_cast<int>(expected.cols()); }
};
ProductMatrices matrices_of(const Products& products);

/// Means of every phase, (period, columns) each.
struct PhaseMeans {
  Eigen::MatrixXd x, y;
  [[nodiscard]] int period() const { return static_cast<int>(x.rows()); }
};

/// Two sides of a regression: (all rows, columns) each.
struct Sides {
  const Eigen::MatrixXd& x;
  const Eigen::MatrixXd& y;
};

/// Some rows of both sides, less the means of their phases; (rows, columns) each.
struct Centred {
  Eigen::MatrixXd x, y;
};

/// Means over the rows that are named. Every phase must have one.
PhaseMeans phase_means(const Sides& sides, std::span<const int> rows, int period);
Centred centred(const Sides& sides, std::span<const int> rows, const PhaseMeans& means);

/// Slope of every column of y on the same column of x.
Eigen::VectorXd own_slopes(const Centred& data);

/// Upper triangle R with R^T R = x^T x.
struct GramFactor {
  Eigen::MatrixXd triangle;
};
GramFactor factor_gram(const Eigen::MatrixXd& x);
/// (x^T x)^-1 b.
Eigen::MatrixXd solve_gram(const GramFactor& factor, Eigen::MatrixXd b);
/// Diagonal of (x^T x)^-1.
Eigen::VectorXd inverse_diagonal(const GramFactor& factor);

/// B of least |y - x B|, (columns of x, columns of y).
Eigen::MatrixXd coefficients(const Centred& data);

/// a b and a^T b, the same bits on any number of threads.
Eigen::MatrixXd product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);
Eigen::MatrixXd cross_product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

}  // namespace lightloom::calibration
