#include "calibration/products/correctors.hpp"

#include "calibration/products/phase_regression.hpp"
#include "calibration/products/residual_statistics.hpp"
#include "core/dense/symmetric_eigen.hpp"
#include "core/parallel.hpp"

namespace lightloom::calibration {
namespace {

std::vector<int> ranks_of(int outputs) {
  std::vector<int> ranks;
  for (int rank = 1; rank < outputs; rank *= 2) ranks.push_back(rank);
  ranks.push_back(outputs);
  return ranks;
}

/// Squares over outputs of every vector: without corrections, with each of them.
struct Squares {
  Squares(int vectors, std::size_t corrections)
      : values(Eigen::MatrixXd::Zero(vectors, static_cast<Eigen::Index>(corrections))) {}
  void add(Eigen::Index correction, const std::vector<int>& rows, const Eigen::VectorXd& squares) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      values(rows[i], correction) += squares[static_cast<Eigen::Index>(i)];
  }
  Eigen::MatrixXd values;  // (vectors, corrections)
};

constexpr Eigen::Index gains = 0, periodic = 1, first_rank = 2;

/// What each rank leaves of the residuals (rows, outputs) of the gains.
void add_ranks(const Centred& fitted, const Centred& held_out, const std::vector<int>& rows,
               Squares& squares) {
  const Eigen::VectorXd slopes = own_slopes(fitted);
  const GramFactor factor = factor_gram(fitted.x);
  const Eigen::MatrixXd cross = cross_product(fitted.x, fitted.y - fitted.x * slopes.asDiagonal());
  const Eigen::MatrixXd matrix = solve_gram(factor, cross);
  // Directions of the predictions x B in the fitted half, the strongest last.
  const Eigen::MatrixXd directions = symmetric_eigen(cross_product(matrix, cross)).vectors;
  const Eigen::MatrixXd left = product(held_out.y - held_out.x * slopes.asDiagonal(), directions);
  const Eigen::MatrixXd corrected = left - product(held_out.x, product(matrix, directions));
  const std::vector<int> ranks = ranks_of(static_cast<int>(slopes.size()));
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    const Eigen::Index rank = ranks[k];
    squares.add(first_rank + static_cast<Eigen::Index>(k), rows,
                left.leftCols(left.cols() - rank).rowwise().squaredNorm() +
                    corrected.rightCols(rank).rowwise().squaredNorm());
  }
}

struct CorrectorTurn {
  const std::vector<int>& fitted;
  const std::vector<int>& held_out;
};

/// What is fitted: an offset and gain of every place in a period, and mixing if there may be any.
struct CorrectorModel {
  bool mixing;
  int period;
};

void add_turn(const ProductMatrices& products, const CorrectorTurn& turn,
              const CorrectorModel& model, Squares& squares) {
  const auto [mixing, period] = model;
  const Sides sides{products.observed, products.expected};
  for (const Eigen::Index correction : {gains, periodic}) {
    const PhaseMeans means = phase_means(sides, turn.fitted, correction == gains ? 1 : period);
    const Centred fitted = centred(sides, turn.fitted, means),
                  held_out = centred(sides, turn.held_out, means);
    const Eigen::MatrixXd left = held_out.y - held_out.x * own_slopes(fitted).asDiagonal();
    squares.add(correction, turn.held_out, left.rowwise().squaredNorm());
    if (mixing && correction == periodic) add_ranks(fitted, held_out, turn.held_out, squares);
  }
}

Estimate estimate(const Eigen::VectorXd& squares, double times) {
  const Eigen::VectorXd scaled = squares / times;
  return estimate_rms({scaled.data(), scaled.data() + scaled.size()});
}

}  // namespace

Correctors fit_correctors(const ProductMatrices& products, ErrorModel largest,
                          const Division& division) {
  const std::vector<int> ranks = mixes(largest) ? ranks_of(products.outputs()) : std::vector<int>{};
  const Squares nothing(products.vectors(), first_rank + ranks.size());
  std::vector<Squares> parts(static_cast<std::size_t>(division.divisions), nothing);
  parallel_for_dynamic(division.divisions, [&](std::ptrdiff_t number) {
    const RowHalves halves = row_halves(products.vectors(), division, static_cast<int>(number));
    for (const CorrectorTurn& turn :
         {CorrectorTurn{halves.first, halves.second}, CorrectorTurn{halves.second, halves.first}})
      add_turn(products, turn, {mixes(largest), division.period},
               parts[static_cast<std::size_t>(number)]);
  });
  Squares sums = nothing;
  for (const Squares& part : parts) sums.values += part.values;
  const double outputs = products.outputs(), times = outputs * division.divisions;
  Correctors found;
  found.raw = estimate((products.observed - products.expected).rowwise().squaredNorm(), outputs);
  found.gains = estimate(sums.values.col(gains), times);
  found.periodic = estimate(sums.values.col(periodic), times);
  for (std::size_t k = 0; k < ranks.size(); ++k)
    found.mixing.push_back(
        {ranks[k], estimate(sums.values.col(first_rank + static_cast<Eigen::Index>(k)), times)});
  return found;
}

}  // namespace lightloom::calibration
