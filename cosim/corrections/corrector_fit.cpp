#include "cosim/corrections/corrector_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/dense/factors.hpp"
#include "core/dense/symmetric_eigen.hpp"
#include "core/error.hpp"

namespace lightloom::cosim {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double ridges[] = {1e-10, 1e-6, 1e-4, 1e-2, 1};

Index fitted_rows(const LayerVectors& vectors) {
  return vectors.measured.rows() - vectors.held_out;
}

std::vector<float> row_major(const MatrixXd& matrix) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(matrix.size()));
  for (Index r = 0; r < matrix.rows(); ++r)
    for (Index c = 0; c < matrix.cols(); ++c) values.push_back(static_cast<float>(matrix(r, c)));
  return values;
}

std::vector<float> as_floats(const VectorXd& values) {
  return {values.data(), values.data() + values.size()};
}

/// The matrix (rows, columns) of numbers in row-major order.
MatrixXd matrix_of(const std::vector<float>& values, Index rows) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Index columns = static_cast<Index>(values.size()) / rows;
  return Eigen::Map<const RowMajor>(values.data(), rows, columns).cast<double>();
}

LayerCorrector fit_gains(const LayerVectors& vectors) {
  const Index rows = fitted_rows(vectors), outputs = vectors.measured.cols();
  LayerCorrector fit{.outputs = static_cast<int>(outputs)};
  for (Index o = 0; o < outputs; ++o) {
    const auto x = vectors.measured.col(o).head(rows), y = vectors.wanted.col(o).head(rows);
    const double mean_x = x.mean(), mean_y = y.mean();
    const double variance = (x.array() - mean_x).square().sum();
    const double covariance = ((x.array() - mean_x) * (y.array() - mean_y)).sum();
    const double gain = variance > 0 ? covariance / variance : 1;
    fit.gain.push_back(static_cast<float>(gain));
    fit.offset.push_back(static_cast<float>(mean_y - gain * mean_x));
  }
  return fit;
}

int phase_of(const LayerVectors& vectors, Index row, int period) {
  const LayerVectors::Place& place = vectors.places[static_cast<std::size_t>(row)];
  return vectors.count.phase(place.image, place.position, period);
}

LayerCorrector fit_offsets(const LayerVectors& vectors, int period) {
  const Index outputs = vectors.measured.cols();
  MatrixXd sums = MatrixXd::Zero(period, outputs);
  VectorXd counts = VectorXd::Zero(period);
  for (Index row = 0; row < fitted_rows(vectors); ++row) {
    const int phase = phase_of(vectors, row, period);
    sums.row(phase) += vectors.wanted.row(row) - vectors.measured.row(row);
    counts[phase] += 1;
  }
  for (Index phase = 0; phase < period; ++phase) sums.row(phase) /= std::max(1.0, counts[phase]);
  return {.outputs = static_cast<int>(outputs), .offset = row_major(sums), .period = period};
}

/// The regression of the error on an operand, both less their means where offsets are fitted too.
struct Regression {
  Regression(const LayerVectors& vectors, const MatrixXd& operand, bool offsets)
      : mean(VectorXd::Zero(operand.cols())), mean_error(VectorXd::Zero(vectors.wanted.cols())) {
    const Index rows = fitted_rows(vectors);
    MatrixXd x = operand.topRows(rows);
    MatrixXd error = vectors.wanted.topRows(rows) - vectors.measured.topRows(rows);
    if (offsets) {
      mean = x.colwise().mean();
      mean_error = error.colwise().mean();
      x.rowwise() -= mean.transpose();
      error.rowwise() -= mean_error.transpose();
    }
    gram = eigen_cross_product(x, x);
    cross = eigen_cross_product(x, error);
  }
  /// (operand, outputs): what the error is predicted by. `ridge` is relative.
  [[nodiscard]] MatrixXd solve(double ridge) const {
    MatrixXd penalised = gram;
    const double mean_square = gram.trace() / static_cast<double>(gram.rows());
    penalised.diagonal().array() += ridge * mean_square + 1e-300;
    return solve_positive(penalised, cross);
  }

  VectorXd mean, mean_error;
  MatrixXd gram, cross;
};

/// Factors (operand, rank) and (rank, outputs) of the predictions' strongest directions.
struct Factors {
  MatrixXd of_operand, of_outputs;
};
Factors strongest(const Regression& regression, const MatrixXd& matrix, Index rank) {
  const MatrixXd predicted = eigen_product(eigen_cross_product(matrix, regression.gram), matrix);
  const MatrixXd kept = symmetric_eigen(predicted).vectors.rightCols(rank);
  return {eigen_product(matrix, kept), kept.transpose()};
}

LayerCorrector mixing_of(const CorrectorChoice& choice, const Regression& regression,
                         const MatrixXd& matrix) {
  const Index outputs = matrix.cols();
  LayerCorrector corrector{.outputs = static_cast<int>(outputs)};
  MatrixXd used = matrix;
  if (choice.kind == CorrectorKind::pointwise) {
    corrector.mixing = row_major(MatrixXd::Identity(outputs, outputs) + matrix.transpose());
  } else {
    const Index rank = std::min<Index>({choice.rank, outputs, matrix.rows()});
    const Factors factors = strongest(regression, matrix, rank);
    used = eigen_product(factors.of_operand, factors.of_outputs);
    corrector.rank = static_cast<int>(rank);
    corrector.operand = choice.kind == CorrectorKind::low_rank_input ? CorrectorOperand::inputs
                                                                     : CorrectorOperand::outputs;
    corrector.left = row_major(factors.of_outputs.transpose());
    corrector.right = row_major(factors.of_operand.transpose());
  }
  if (choice.offsets)
    corrector.offset = as_floats(regression.mean_error - used.transpose() * regression.mean);
  return corrector;
}

/// Of several penalties and no correction at all, what the held-out vectors choose.
LayerFit fit_mixing(const CorrectorChoice& choice, const LayerVectors& vectors) {
  const bool of_inputs = choice.kind == CorrectorKind::low_rank_input;
  const MatrixXd& operand = of_inputs ? vectors.inputs : vectors.measured;
  const Regression regression(vectors, operand, choice.offsets);
  LayerFit best{.corrector = {.outputs = static_cast<int>(vectors.measured.cols())}, .error = {}};
  best.error = held_out_error(best.corrector, vectors);
  for (const double ridge : ridges) {
    LayerFit fit{.corrector = mixing_of(choice, regression, regression.solve(ridge)), .error = {}};
    fit.error = held_out_error(fit.corrector, vectors);
    if (fit.error.after < best.error.after) best = std::move(fit);
  }
  return best;
}

}  // namespace

HeldOutError held_out_error(const LayerCorrector& corrector, const LayerVectors& vectors) {
  const Index rows = vectors.held_out, outputs = vectors.measured.cols();
  const MatrixXd measured = vectors.measured.bottomRows(rows),
                 wanted = vectors.wanted.bottomRows(rows);
  MatrixXd y = measured;
  for (std::size_t o = 0; o < corrector.gain.size(); ++o)
    y.col(static_cast<Index>(o)) *= corrector.gain[o];
  if (!corrector.mixing.empty())
    y = eigen_product(measured, matrix_of(corrector.mixing, outputs).transpose());
  if (corrector.rank > 0) {
    const MatrixXd left = matrix_of(corrector.left, outputs),
                   right = matrix_of(corrector.right, corrector.rank);
    const bool of_inputs = corrector.operand == CorrectorOperand::inputs;
    const MatrixXd operand = of_inputs ? MatrixXd(vectors.inputs.bottomRows(rows)) : measured;
    y += eigen_product(eigen_product(operand, right.transpose()), left.transpose());
  }
  if (!corrector.offset.empty()) {
    const MatrixXd offset = matrix_of(corrector.offset, corrector.period);
    for (Index row = 0; row < rows; ++row)
      y.row(row) +=
          offset.row(phase_of(vectors, vectors.measured.rows() - rows + row, corrector.period));
  }
  const double norm = wanted.norm();
  if (!(norm > 0)) return {};
  return {.before = (wanted - measured).norm() / norm, .after = (wanted - y).norm() / norm};
}

LayerFit fit_corrector(const CorrectorChoice& choice, const LayerVectors& vectors) {
  switch (choice.kind) {
    case CorrectorKind::gain:
    case CorrectorKind::interleave: {
      LayerFit fit{.corrector = choice.kind == CorrectorKind::gain
                                    ? fit_gains(vectors)
                                    : fit_offsets(vectors, choice.period),
                   .error = {}};
      fit.error = held_out_error(fit.corrector, vectors);
      return fit;
    }
    default:
      return fit_mixing(choice, vectors);
  }
}

double frozen_share(const LayerVectors& vectors) {
  // The other way round: what was wanted predicts what was measured.
  LayerVectors forward = vectors;
  std::swap(forward.measured, forward.wanted);
  const double gains = fit_corrector({.kind = CorrectorKind::gain}, forward).error.after;
  const double mixing =
      fit_corrector({.kind = CorrectorKind::pointwise, .offsets = true}, forward).error.after;
  if (!(gains > 0)) return 0;
  return std::max(0.0, 1 - mixing * mixing / (gains * gains));
}

SharedEquations::SharedEquations(int outputs) : outputs_(outputs) {}

void SharedEquations::add(const LayerVectors& vectors) {
  const Index rows = fitted_rows(vectors);
  const MatrixXd y = vectors.measured.topRows(rows), wanted = vectors.wanted.topRows(rows);
  const double power = wanted.squaredNorm() / static_cast<double>(wanted.cols());
  if (!(power > 0)) return;
  layers_.push_back(
      {eigen_cross_product(y, y) / power, eigen_cross_product(y, wanted - y) / power});
}

MatrixXd SharedEquations::solve(double ridge) const {
  MatrixXd mixing = MatrixXd::Identity(outputs_, outputs_);
  Index from = 0;
  while (from < outputs_) {  // rows that the same layers have
    Index to = outputs_;
    for (const Layer& layer : layers_)
      if (layer.gram.rows() > from) to = std::min(to, layer.gram.rows());
    MatrixXd gram = MatrixXd::Zero(outputs_, outputs_);
    MatrixXd cross = MatrixXd::Zero(outputs_, to - from);
    for (const Layer& layer : layers_) {
      const Index width = layer.gram.rows();
      if (width <= from) continue;
      gram.topLeftCorner(width, width) += layer.gram;
      cross.topRows(width) += layer.cross.middleCols(from, to - from);
    }
    gram.diagonal().array() += ridge * gram.trace() / static_cast<double>(outputs_) + 1e-300;
    mixing.middleRows(from, to - from) += solve_positive(gram, cross).transpose();
    from = to;
  }
  return mixing;
}

LayerCorrector shared_part(const MatrixXd& mixing, int outputs) {
  return {.outputs = outputs, .mixing = row_major(mixing.topLeftCorner(outputs, outputs))};
}

}  // namespace lightloom::cosim
