#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

namespace lightloom::calibration {

// Decompositions and large products of dense matrices, compiled once: every unit that makes its own
// from Eigen's templates takes seconds to build. Triangles R are (n, n), column-major, upper half.

/// B^T B by tiles of columns, each the work of one thread.
void gram(const Eigen::MatrixXd& base, Eigen::MatrixXd& result);
void gram(const Eigen::MatrixXf& base, Eigen::MatrixXf& result);

/// The diagonal of (J^T J)^-1 for J (rows, columns), row-major: variances of a small fit over that
/// of one residual.
std::vector<double> inverse_gram_diagonal(std::span<const double> jacobian, std::size_t rows,
                                          std::size_t columns);

/// Rank of a matrix by the pivots of a pivoted QR: those below `tolerance` times the largest count
/// as zero.
struct RankDecision {
  int rank = 0;
  Eigen::VectorXd pivots;      // sizes, largest first
  Eigen::MatrixXd null_space;  // orthonormal columns
};
RankDecision decide_rank(const Eigen::MatrixXd& matrix, double tolerance);

/// x of least |a x - b| by pivoted QR.
struct PivotedSolution {
  Eigen::VectorXd x;
  Eigen::Index rank = 0;
  Eigen::MatrixXd covariance;  // (a^T a)^-1, infinite below full rank
};
PivotedSolution solve_pivoted(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, double threshold);

/// R^-1, by blocks of columns, each the work of one thread.
Eigen::MatrixXd inverse_of_triangle(std::span<const double> triangle, int n);
/// M M^T, the upper half; zero below.
Eigen::MatrixXd outer_gram(const Eigen::MatrixXd& m);
/// b = R^-T b, by tiles of columns, each the work of one thread.
void solve_transposed(std::span<const double> triangle, Eigen::MatrixXd& b);
/// The same for one vector, and b = R^-1 b.
void solve_transposed(std::span<const double> triangle, Eigen::VectorXd& b);
void solve_upper(std::span<const double> triangle, Eigen::VectorXd& b);
/// H^-1 = R^-1 R^-T.
Eigen::MatrixXd covariance_matrix(std::span<const double> triangle, int n);
/// L^-1 d with L L^T = `covariance`.
std::vector<double> whitened(const Eigen::MatrixXd& covariance, std::span<const double> d);

/// What is known of some parameters: J^T J + priors, with its Cholesky factor.
class Information {
 public:
  /// `matrix` (n, n), symmetric. Throws `Error` where it is not positive definite: some parameter
  /// has neither a prior nor a reading.
  Information(std::span<const double> matrix, int n);

  /// log det(1 + J H^-1 J^T): what rows J (count, n; column-major) would add to the log det.
  [[nodiscard]] double gain(std::span<const double> rows, int count) const;
  /// Adds J^T J.
  void add(std::span<const double> rows, int count);
  [[nodiscard]] double log_det() const;

 private:
  void factorise();

  Eigen::MatrixXd matrix_;
  Eigen::MatrixXd factor_;  // L in the lower half
};

}  // namespace lightloom::calibration
