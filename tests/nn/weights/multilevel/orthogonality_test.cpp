#include "nn/weights/multilevel/orthogonality.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random/random.hpp"
#include "tests/nn/weights/multilevel/fixture.hpp"

namespace lightloom::nn {
namespace {

TEST(Orthogonality, VanishesAtOrthonormalFactors) {
  const std::vector<float> rows{0.6f, 0.8f, 0.0f, -0.8f, 0.6f, 0.0f};
  std::vector<float> d(6);
  EXPECT_NEAR(rows_from_orthonormal({rows, 1, 2, 3}, 1.0, d), 0.0, 1e-12);
  const std::vector<float> columns{3.0f, -8.0f, 4.0f, 6.0f, 0.0f, 0.0f};  // of any length
  EXPECT_NEAR(columns_from_orthogonal({columns, 1, 3, 2}, 1.0, d), 0.0, 1e-12);
  for (const float value : d) EXPECT_NEAR(value, 0.0f, 1e-6f);
}

TEST(Orthogonality, RowTermIsTheSquaredFrobeniusNormWithItsGradient) {
  std::vector<float> a = normals(2 * 3 * 5, 0.5, 8), d(a.size()), ignored(a.size());
  const MatrixStack stack{a, 2, 3, 5};
  double expected = 0;
  for (std::size_t m = 0; m < 2; ++m)
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) {
        double dot = i == j ? -1 : 0;
        for (std::size_t s = 0; s < 5; ++s)
          dot += double{a[(m * 3 + i) * 5 + s]} * a[(m * 3 + j) * 5 + s];
        expected += dot * dot;
      }
  EXPECT_NEAR(rows_from_orthonormal(stack, 0.7, d), 0.7 * expected, 1e-5 * expected);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float kept = a[i];
    a[i] = kept + 1e-2f;
    const double up = rows_from_orthonormal(stack, 0.7, ignored);
    a[i] = kept - 1e-2f;
    const double down = rows_from_orthonormal(stack, 0.7, ignored);
    a[i] = kept;
    EXPECT_NEAR(d[i], (up - down) / 2e-2, 5e-3) << i;
  }
}

TEST(Orthogonality, ColumnTermPullsAcrossColumnsOnly) {
  // With the norms held, the gradient of a column has no part that only the norm would answer to.
  std::vector<float> a = normals(6 * 2, 1.0, 8), d(a.size());
  const double value = columns_from_orthogonal({a, 1, 6, 2}, 1.0, d);
  double norms[2] = {0, 0}, cross = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 2; ++j) norms[j] += double{a[2 * i + j]} * a[2 * i + j];
    cross += double{a[2 * i]} * a[2 * i + 1];
  }
  const double cosine = cross / std::sqrt(norms[0] * norms[1]);
  EXPECT_NEAR(value, 2 * cosine * cosine, 1e-5);
  for (std::size_t i = 0; i < 6; ++i) {
    const double unit = a[2 * i + 1] / std::sqrt(norms[1]);
    EXPECT_NEAR(d[2 * i], 4 * cosine * unit / std::sqrt(norms[0]), 1e-4);
  }
}

MultilevelSource source_with(OrthogonalityForm form, int intra, int cross) {
  SourceCard card = multilevel(intra, cross, {3, 6, 3});
  card.settings.of<MultilevelCard>().orthogonality = {.lambda = 0.05, .form = form};
  const LayerShape shape{
      .name = "c", .in_channels = 8, .out_channels = 12, .kernel_height = 3, .kernel_width = 3};
  MultilevelSource source = generator(card, shape);
  source.encode(normals(shape.weights(), 0.1, 8));
  return source;
}

TEST(Orthogonality, FormsDifferByTheEntriesOfEachTerm) {
  MultilevelSource mean = source_with(OrthogonalityForm::mean, 2, 5);
  MultilevelSource sum = source_with(OrthogonalityForm::sum, 2, 5);
  EXPECT_GT(mean.regularise(), 0);
  EXPECT_GT(sum.regularise(), 0);
  for (std::size_t p = 0; p < 3; ++p) {
    const double entries = p == 2 ? 5 * 5 : 5 * 2 * 2;
    const Parameter &a = *mean.parameters()[p], &b = *sum.parameters()[p];
    for (std::size_t i = 0; i < a.gradient.size(); ++i)
      EXPECT_NEAR(entries * a.gradient[i], b.gradient[i], 1e-4 * (1 + std::abs(b.gradient[i])));
  }
}

TEST(Orthogonality, OneBasisPerKernelIsWellDefined) {
  // Sum form at B_i = 1: the U term is zero, the basis term pulls each row to unit norm. Mean form:
  // V alone.
  MultilevelSource sum = source_with(OrthogonalityForm::sum, 1, 5);
  sum.regularise();
  for (const float d : sum.parameters()[1]->gradient) EXPECT_NEAR(d, 0.0f, 1e-5f);
  double largest = 0;
  for (const float d : sum.parameters()[0]->gradient)
    largest = std::max(largest, std::abs(double{d}));
  EXPECT_GT(largest, 1e-4);
  MultilevelSource mean = source_with(OrthogonalityForm::mean, 1, 5);
  mean.regularise();
  for (const float d : mean.parameters()[0]->gradient) EXPECT_EQ(d, 0.0f);
}

}  // namespace
}  // namespace lightloom::nn
