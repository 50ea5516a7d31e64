// What moves, resizes and multiplies maps, against plain loops.
#include <gtest/gtest.h>

#include <algorithm>

#include "nn/ops/maps/gather.hpp"
#include "nn/ops/maps/matrix_product.hpp"
#include "nn/ops/maps/resize.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

using reference::Doubles;
using reference::random_doubles;

TEST(Gather, TakesFromSeveralMapsRepeatsLeavesOutAndFills) {
  // Two maps of 3 and 2 numbers: places 0 to 2 and 3 to 4 of every image.
  const auto table = std::make_shared<const Places>(Places{.from = {4, 0, -1, 0, 3}, .fill = 0.5f});
  const std::int64_t sizes[] = {3, 2};
  const Gather gather(table, sizes);
  Tensor a({2, 1, 1, 3}), b({2, 1, 1, 2}), y({2, 1, 1, 5});
  const std::vector<float> first{1, 2, 3, 4, 5, 6}, second{7, 8, 9, 10};
  std::copy(first.begin(), first.end(), a.data());
  std::copy(second.begin(), second.end(), b.data());
  const Tensor* inputs[] = {&a, &b};
  gather.forward(inputs, y);
  const std::vector<float> expected{8, 1, 0.5f, 1, 7, 10, 4, 0.5f, 4, 9};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), y.data()));

  Tensor dy({2, 1, 1, 5}), da({2, 1, 1, 3}), db({2, 1, 1, 2});
  for (int i = 0; i < 10; ++i) dy.data()[i] = static_cast<float>(1 << i);
  gather.backward(0, dy, da);
  gather.backward(1, dy, db);
  // Element 0 of the first map went to places 1 and 3: 2 + 8 in the first image.
  const std::vector<float> first_gradient{10, 0, 0, 64 + 256, 0, 0},
      second_gradient{16, 1, 512, 32};
  EXPECT_TRUE(std::equal(first_gradient.begin(), first_gradient.end(), da.data()));
  EXPECT_TRUE(std::equal(second_gradient.begin(), second_gradient.end(), db.data()));
}

TEST(Gather, MovesLongRunsAsSingleElements) {
  const MapShape map{3, 5, 7};
  Places table;
  for (int p = 14; p >= 0; --p)  // pixels backwards: runs of seven
    for (int c = 0; c < 7; ++c) table.from.push_back(p * 7 + c);
  const std::int64_t sizes[] = {map.size()};
  const Gather gather(std::make_shared<const Places>(table), sizes);
  const TensorShape shape(3, map);
  const Doubles x = random_doubles(static_cast<std::size_t>(shape.size()), 0);
  const Tensor in = reference::tensor(x, shape);
  Tensor y(shape);
  const Tensor* inputs[] = {&in};
  gather.forward(inputs, y);
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(y.data()[i], in.data()[i / 105 * 105 + as_index(table.from[i % 105])]);
}

TEST(MatrixProduct, AndItsGradientsAreSumsOfProducts) {
  const TensorShape left(2, 3, 4, 5), right(2, 3, 5, 7), out(2, 3, 4, 7);
  const Doubles a = random_doubles(as_index(left.size()), 0),
                b = random_doubles(as_index(right.size()), 1),
                dy = random_doubles(as_index(out.size()), 2);
  const auto product = [](const Doubles& l, const Doubles& r) {
    Doubles y(2 * 3 * 4 * 7, 0.0);
    for (std::size_t n = 0; n < 6; ++n)
      for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 7; ++j)
          for (std::size_t k = 0; k < 5; ++k)
            y[(n * 4 + i) * 7 + j] += l[(n * 4 + i) * 5 + k] * r[(n * 5 + k) * 7 + j];
    return y;
  };
  const Tensor x = reference::tensor(a, left), w = reference::tensor(b, right);
  Tensor y(out), da(left), db(right);
  matrix_product(x, w, y);
  reference::expect_near(y.values(), product(a, b), 5, "y");
  matrix_product_backward(x, w, reference::tensor(dy, out), {da, db});
  reference::expect_near(
      da.values(),
      reference::differences(a,
                             [&](const Doubles& v) { return reference::dot(dy, product(v, b)); }),
      100, "left");
  reference::expect_near(
      db.values(),
      reference::differences(b,
                             [&](const Doubles& v) { return reference::dot(dy, product(a, v)); }),
      100, "right");
}

TEST(Resize, AddsUpItsTapsAndGivesThemTheGradient) {
  // Two columns become three: (a, (a + 3 b) / 4, b); one row twice.
  const ResizeTable table{{{{0, 1}}, {{0, 1}}}, {{{0, 1}}, {{0, 0.25f}, {1, 0.75f}}, {{1, 1}}}};
  Tensor x({1, 1, 2, 1}), y({1, 2, 3, 1}), dy({1, 2, 3, 1}), dx({1, 1, 2, 1});
  x.data()[0] = 4, x.data()[1] = 8;
  resize(table, x, y);
  const float expected[] = {4, 7, 8, 4, 7, 8};
  EXPECT_TRUE(std::equal(y.data(), y.data() + 6, expected));
  for (int i = 0; i < 6; ++i) dy.data()[i] = static_cast<float>(i);
  resize_backward(table, dy, dx);
  EXPECT_FLOAT_EQ(dx.data()[0], 0 + 0.25f * 1 + 3 + 0.25f * 4);
  EXPECT_FLOAT_EQ(dx.data()[1], 0.75f * 1 + 2 + 0.75f * 4 + 5);
}

}  // namespace
}  // namespace lightloom::nn
