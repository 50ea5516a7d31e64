// What correctors remove, against laws: nothing of a chip here, only vectors.
#include "cosim/corrections/corrector_fit.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::cosim {
namespace {

using Eigen::MatrixXd;

/// Independent standard normal numbers.
MatrixXd normals(int rows, int columns, std::uint32_t number) {
  const Stream stream({.seed = 7, .purpose = Purpose::test, .chip = number});
  MatrixXd matrix(rows, columns);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      matrix(r, c) =
          stream.normal(static_cast<std::uint64_t>(r) * 4096u + static_cast<std::uint64_t>(c));
  return matrix;
}

/// Vectors through weights (outputs, inputs) and through the chip's instead, plus noise of so much.
struct Case {
  MatrixXd weights, chip;
  int vectors = 6000;
  double noise = 0;
  double spectrum = 0;  // exponent: input k has the variance (k + 1)^-spectrum
};
LayerVectors vectors_of(const Case& given) {
  LayerVectors vectors;
  vectors.inputs = normals(given.vectors, static_cast<int>(given.weights.cols()), 1);
  for (int k = 0; k < vectors.inputs.cols(); ++k)
    vectors.inputs.col(k) *= std::pow(k + 1, -0.5 * given.spectrum);
  vectors.wanted = vectors.inputs * given.weights.transpose();
  vectors.measured =
      vectors.inputs * given.chip.transpose() +
      given.noise * normals(given.vectors, static_cast<int>(given.weights.rows()), 2);
  for (int v = 0; v < given.vectors; ++v)
    vectors.places.push_back({static_cast<std::uint64_t>(v / 100), v % 100});
  vectors.count = {.positions = 100, .passes = 1};
  vectors.held_out = given.vectors / 4;
  return vectors;
}

double left_of(const CorrectorChoice& choice, const LayerVectors& vectors) {
  const HeldOutError error = fit_corrector(choice, vectors).error;
  return error.after / error.before;
}

constexpr CorrectorChoice pointwise{.kind = CorrectorKind::pointwise};

TEST(CorrectorFit, RemovesIndependentWeightErrorsByTheLawOfInputsAndOutputs) {
  const int outputs = 33;
  for (const int inputs : {66, 99, 297}) {
    const MatrixXd weights = normals(outputs, inputs, 3);
    const LayerVectors vectors =
        vectors_of({weights, weights + 0.1 * normals(outputs, inputs, 4), 9000});
    // Of errors in `inputs` directions `outputs` can be seen; the excess of least squares is that
    // of `outputs` numbers an output from 6750 vectors, 0.25 %.
    EXPECT_NEAR(left_of(pointwise, vectors), std::sqrt(1 - 33.0 / inputs), 0.05) << inputs;
    EXPECT_GT(left_of({.kind = CorrectorKind::gain}, vectors), 0.98) << inputs;
  }
}

TEST(CorrectorFit, RemovesAllOfASquareMatrixsErrorAndMoreWhereInputsAreColoured) {
  const MatrixXd square = normals(33, 33, 3), wide = normals(33, 297, 3);
  EXPECT_LT(left_of(pointwise, vectors_of({square, square + 0.1 * normals(33, 33, 4)})), 1e-4);
  const MatrixXd chip = wide + 0.1 * normals(33, 297, 4);
  const double white = left_of(pointwise, vectors_of({wide, chip}));
  const double coloured =
      left_of(pointwise, vectors_of({.weights = wide, .chip = chip, .spectrum = 1}));
  EXPECT_LT(coloured, 0.85 * white);
}

TEST(CorrectorFit, RemovesWhatMixesOutputsToRoundOffAndGainsAloneDoNot) {
  const int outputs = 33, inputs = 297;
  const MatrixXd weights = normals(outputs, inputs, 3);
  const MatrixXd mixed = (MatrixXd::Identity(outputs, outputs) +
                          0.1 / std::sqrt(33.0) * normals(outputs, outputs, 5)) *
                         weights;
  const LayerVectors vectors = vectors_of({weights, mixed});
  EXPECT_LT(left_of(pointwise, vectors), 1e-4);  // single precision on 10 % of error
  EXPECT_GT(left_of({.kind = CorrectorKind::gain}, vectors), 0.95);
  double former = left_of({.kind = CorrectorKind::gain}, vectors);
  for (const int rank : {1, 4, 16, 33}) {
    const double left = left_of({.kind = CorrectorKind::low_rank_output, .rank = rank}, vectors);
    EXPECT_LT(left, former) << rank;
    former = left;
  }
  EXPECT_LT(former, 1e-4) << "the full rank is the mixing itself";
}

TEST(CorrectorFit, FindsErrorsOfLowRankOnTheSideThatTheyAreOn) {
  const int outputs = 17, inputs = 90;
  const MatrixXd weights = normals(outputs, inputs, 3);
  const MatrixXd chip = weights + 0.2 * normals(outputs, 2, 6) * normals(2, inputs, 8);
  const LayerVectors vectors = vectors_of({weights, chip});
  EXPECT_LT(left_of({.kind = CorrectorKind::low_rank_input, .rank = 2}, vectors), 1e-4);
  EXPECT_GT(left_of({.kind = CorrectorKind::low_rank_input, .rank = 1}, vectors), 0.3);
  EXPECT_GT(left_of({.kind = CorrectorKind::low_rank_output, .rank = 2}, vectors), 0.3);
}

TEST(CorrectorFit, FindsGainsAndOffsetsAndThoseOfAPeriod) {
  const int outputs = 9, inputs = 40;
  const MatrixXd weights = normals(outputs, inputs, 3);
  LayerVectors vectors = vectors_of({weights, weights});
  vectors.measured = 0.8 * vectors.measured.array() - 3;
  EXPECT_LT(left_of({.kind = CorrectorKind::gain}, vectors), 1e-5);
  LayerVectors periodic = vectors_of({weights, weights});
  const MatrixXd offsets = normals(5, outputs, 9);
  for (int v = 0; v < periodic.measured.rows(); ++v)
    periodic.measured.row(v) += offsets.row(v % 5);  // 100 positions: images begin at phase 0
  EXPECT_LT(left_of({.kind = CorrectorKind::interleave, .period = 5}, periodic), 1e-5);
  EXPECT_GT(left_of({.kind = CorrectorKind::interleave, .period = 4}, periodic), 0.5);
  EXPECT_GT(left_of({.kind = CorrectorKind::gain}, periodic), 0.5);
}

TEST(CorrectorFit, NeverLeavesMoreThanThereWasOnVectorsThatJudge) {
  const int outputs = 33, inputs = 297;
  const MatrixXd weights = normals(outputs, inputs, 3);
  // Nothing is frozen, and there are fewer vectors than numbers of an adapter.
  const LayerVectors noise =
      vectors_of({.weights = weights, .chip = weights, .vectors = 200, .noise = 0.01});
  for (const CorrectorKind kind : {CorrectorKind::pointwise, CorrectorKind::low_rank_input})
    EXPECT_LE(left_of({.kind = kind}, noise), 1.0);
}

TEST(CorrectorFit, AForeignChipsCorrectorHurts) {
  const int outputs = 33, inputs = 66;
  const MatrixXd weights = normals(outputs, inputs, 3);
  const LayerVectors own = vectors_of({weights, weights + 0.1 * normals(outputs, inputs, 4)}),
                     other = vectors_of({weights, weights + 0.1 * normals(outputs, inputs, 10)});
  const LayerCorrector corrector = fit_corrector(pointwise, own).corrector;
  EXPECT_LT(held_out_error(corrector, own).after, 0.8 * held_out_error(corrector, own).before);
  EXPECT_GT(held_out_error(corrector, other).after, 1.1 * held_out_error(corrector, other).before);
}

TEST(CorrectorFit, TellsFrozenErrorsFromNoise) {
  const int size = 33;
  const MatrixXd weights = normals(size, size, 3), error = normals(size, size, 4);
  // Variances of an output's error: frozen 0.01 * 33 (a gain's share of it is 1/33), noise s^2.
  const double frozen = 0.01 * 32;
  for (const double noise : {0.0, 0.3, 1.0}) {
    const LayerVectors vectors = vectors_of({weights, weights + 0.1 * error, 9000, noise});
    EXPECT_NEAR(frozen_share(vectors), frozen / (frozen + noise * noise), 0.05) << noise;
  }
}

TEST(CorrectorFit, OneMixingServesWhatLayersHaveInCommonAndNotWhatIsTheirOwn) {
  // Both chips' outputs are mixed by the top left of one matrix, which is block diagonal.
  const int wide = 12, narrow = 5;
  MatrixXd inverse = MatrixXd::Zero(wide, wide);
  inverse.topLeftCorner(narrow, narrow) = normals(narrow, narrow, 5);
  inverse.bottomRightCorner(wide - narrow, wide - narrow) =
      normals(wide - narrow, wide - narrow, 6);
  inverse = MatrixXd::Identity(wide, wide) + 0.1 * inverse;
  const MatrixXd mixing = inverse.inverse();
  SharedEquations equations(wide);
  for (const int outputs : {wide, narrow}) {
    const MatrixXd weights = normals(outputs, 60, static_cast<std::uint32_t>(outputs));
    equations.add(vectors_of({weights, inverse.topLeftCorner(outputs, outputs) * weights}));
  }
  const MatrixXd found = equations.solve(1e-9);
  EXPECT_LT((found - mixing).norm() / mixing.norm(), 1e-6);
  const LayerCorrector part = shared_part(found, narrow);
  ASSERT_EQ(part.mixing.size(), 25u);
  EXPECT_FLOAT_EQ(part.mixing[7], static_cast<float>(found(1, 2)));

  SharedEquations apart(narrow);
  std::vector<LayerVectors> layers;
  for (const std::uint32_t number : {20u, 30u}) {
    const MatrixXd weights = normals(narrow, 60, number);
    const MatrixXd own =
        MatrixXd::Identity(narrow, narrow) + 0.1 * normals(narrow, narrow, number + 1);
    layers.push_back(vectors_of({weights, own * weights}));
    apart.add(layers.back());
  }
  const LayerCorrector common = shared_part(apart.solve(1e-9), narrow);
  for (const LayerVectors& layer : layers) {
    const HeldOutError error = held_out_error(common, layer);
    EXPECT_GT(error.after, 0.4 * error.before) << "a layer's own mixing is not removed";
  }
}

}  // namespace
}  // namespace lightloom::cosim
