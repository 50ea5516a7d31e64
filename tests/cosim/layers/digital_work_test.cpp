#include "cosim/layers/digital_work.hpp"

#include <gtest/gtest.h>

#include "nn/models/models.hpp"

namespace lightloom::cosim {
namespace {

DigitalWork work_of(const nn::Graph& graph) {
  return digital_work(graph, static_cast<int>(graph.nodes.size()) - 1);
}

void expect_work(const DigitalWork& work, const DigitalWork& expected) {
  EXPECT_EQ(work.adds, expected.adds);
  EXPECT_EQ(work.multiplies, expected.multiplies);
  EXPECT_EQ(work.lookups, expected.lookups);
  EXPECT_EQ(work.reads, expected.reads);
  EXPECT_EQ(work.writes, expected.writes);
  EXPECT_EQ(work.activation_macs, expected.activation_macs);
}

TEST(DigitalWork, IsCountedByHandOnSmallMaps) {
  const nn::MapShape map{6, 4, 3};  // 72 elements
  const auto of = [&](auto build) {
    nn::GraphBuilder builder("one", map);
    build(builder);
    return work_of(std::move(builder).finish());
  };
  expect_work(of([](auto& b) { b.batch_norm("n", 0); }), {.adds = 72, .multiplies = 72});
  expect_work(of([](auto& b) { b.affine("a", 0); }), {.adds = 72, .multiplies = 72});
  // over the scale, rounded, clipped, and times the scale again
  expect_work(of([](auto& b) { b.quantise(0, {}); }), {.adds = 144, .multiplies = 144});
  // what is left out is not moved
  expect_work(of([](auto& b) {
                b.rearrange({0}, {1, 2, 5}, {.from = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}});
              }),
              {.reads = 10, .writes = 10});
  expect_work(of([](auto& b) { b.relu(0); }), {.adds = 72});
  expect_work(of([](auto& b) { b.activation(0, nn::Activation::silu); }),
              {.multiplies = 72, .lookups = 72});
  // 2 x 2 windows: 18 outputs of three comparisons
  expect_work(of([](auto& b) { b.max_pool(0, {.height = 2, .width = 2, .stride = 2}); }),
              {.adds = 54, .reads = 72, .writes = 18});
  expect_work(of([](auto& b) { b.average_pool(0, {.height = 2, .width = 2, .stride = 2}); }),
              {.adds = 54, .multiplies = 18, .reads = 72, .writes = 18});
  expect_work(of([](auto& b) { b.global_pool(0); }),
              {.adds = 69, .multiplies = 3, .reads = 72, .writes = 3});
  expect_work(of([](auto& b) { b.add(0, b.relu(0)); }), {.adds = 72, .reads = 72});
  expect_work(of([](auto& b) { b.layer_norm("n", 0); }),
              {.adds = 288, .multiplies = 144, .reads = 72, .writes = 72});
  expect_work(of([](auto& b) { b.softmax(0); }),
              {.adds = 216, .multiplies = 72, .lookups = 72, .reads = 72, .writes = 72});
  expect_work(of([](auto& b) { b.flatten(0); }), {});
  expect_work(of([](auto& b) { b.convolution("c", 0, {.channels = 8, .kernel = 3}); }), {});
}

TEST(DigitalWork, OfWhatNetworksBringAlongIsCountedByHand) {
  const nn::MapShape map{6, 4, 3};  // 72 elements
  const auto of = [&](auto build) {
    nn::GraphBuilder builder("one", map);
    build(builder);
    return work_of(std::move(builder).finish());
  };
  using Code = nn::Function::Code;
  const auto clip = std::make_shared<const nn::Function>(
      nn::composed(Code::minimum, nn::composed(Code::maximum, nn::argument(), nn::constant(-1)),
                   nn::constant(2)));
  expect_work(of([&](auto& b) { b.apply(0, clip); }), {.adds = 2 * 72});
  // Anything with an exponential is one look-up, as GELU is.
  const auto elu = std::make_shared<const nn::Function>(nn::composed(
      Code::multiply, nn::constant(2), nn::composed(Code::exponential, nn::argument())));
  expect_work(of([&](auto& b) { b.apply(0, elu); }), {.lookups = 72});
  // 6 products of (4, 3) by (3, 5) matrices: 6 * 4 * 5 sums of 3 products.
  expect_work(
      of([](auto& b) {
        b.matrix_product(0, b.constant("c", {6, 3, 5}));
      }),
      {.adds = 360, .multiplies = 360, .activation_macs = 360, .reads = 72 + 90, .writes = 120});
  // Rows doubled by copying, columns kept: nothing to compute. Two taps a row: two terms each.
  const nn::ResizeAxis columns{{{0, 1}}, {{1, 1}}, {{2, 1}}, {{3, 1}}};
  nn::ResizeAxis rows, means;
  for (int p = 0; p < 12; ++p) rows.push_back({{p / 2, 1}});
  for (int p = 0; p < 5; ++p) means.push_back({{p, 0.5f}, {p + 1, 0.5f}});
  expect_work(of([&](auto& b) { b.resize(0, {rows, columns}); }), {.reads = 144, .writes = 144});
  expect_work(of([&](auto& b) {
                b.resize(0, {means, columns});
              }),
              {.adds = 60, .multiplies = 120, .reads = 120, .writes = 60});
}

// 24 tokens of 3 channels: scores and values take 24 x 24 x (3 + 3) multiply-adds.
TEST(DigitalWork, AttentionPaysForAllPairsOfTokens) {
  nn::GraphBuilder builder("one", {6, 4, 3});
  builder.attention(0, 0, 0, 3);
  const std::int64_t pairs = 24 * 24;
  expect_work(work_of(std::move(builder).finish()), {.adds = pairs * 6 + 9 * pairs,
                                                     .multiplies = pairs * 6 + 3 * pairs,
                                                     .lookups = 3 * pairs,
                                                     .activation_macs = pairs * 6,
                                                     .reads = 3 * 72,
                                                     .writes = 72});
}

// ResNet-18 at 224 x 224: 20 normalised convolutions with 2.48 M results, of which all but the
// last sum of each block and the shortcuts pass ReLU once.
TEST(DigitalWork, OfAWholeNetworkIsAFewOperationsAResult) {
  const nn::Graph graph = nn::build_graph("resnet18", "imagenet");
  DigitalWork sum;
  std::int64_t results = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    sum += digital_work(graph, static_cast<int>(i));
    if (graph.nodes[i].op == nn::Op::convolution) results += graph.nodes[i].shape.size();
  }
  EXPECT_GT(sum.operations(), 2 * results);
  EXPECT_LT(sum.operations(), 6 * results);
}

}  // namespace
}  // namespace lightloom::cosim
