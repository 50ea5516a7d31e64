// Cuts of a graph, and networks that are run from cut to cut.
#include "nn/inference/part_inference.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "nn/inference/inference.hpp"
#include "nn/inference/node_values.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

/// 0 input, 1 conv a, 2 bn, 3 relu, 4 conv b, 5 bn, 6 add (3, 5), 7 relu, 8 pool, 9 linear.
Graph residual_to_cut() {
  GraphBuilder net("residual", {7, 7, 2});
  const int stem =
      net.relu(net.batch_norm("n1", net.convolution("a", 0, {.channels = 3, .kernel = 3})));
  const int branch =
      net.batch_norm("n2", net.convolution("b", stem, {.channels = 3, .kernel = 3, .padding = 1}));
  net.linear("c", net.global_pool(net.relu(net.add(stem, branch))), 4, true);
  return std::move(net).finish();
}

/// Statistics that normalise something.
void shake_norms(Network& network) {
  std::uint32_t family = 50;
  for (NormLayer& norm : network.norms())
    for (std::size_t c = 0; c < norm.mean.size(); ++c) {
      const double z = reference::random_doubles(1, family++)[0];
      norm.mean[c] = static_cast<float>(0.3 * z);
      norm.variance[c] = static_cast<float>(0.5 + z * z);
    }
}

TEST(GraphCut, TakesWhatTheNodesDependOnAndIsReadAtItsFrontier) {
  const Graph graph = residual_to_cut();
  EXPECT_EQ(weight_nodes(graph), (std::vector<int>{1, 4, 9}));
  const int first[] = {1}, second[] = {1, 4}, all[] = {1, 4, 9};
  const auto nodes = [](const GraphCut& cut) {
    std::vector<int> inside;
    for (std::size_t n = 0; n < cut.first.size(); ++n)
      if (cut.first[n]) inside.push_back(static_cast<int>(n));
    return inside;
  };
  EXPECT_EQ(nodes(cut_behind(graph, first)), (std::vector<int>{0, 1}));
  EXPECT_EQ(cut_behind(graph, first).frontier, (std::vector<int>{1}));
  EXPECT_EQ(nodes(cut_behind(graph, second)), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(cut_behind(graph, second).frontier, (std::vector<int>{3, 4})) << "the shortcut too";
  EXPECT_EQ(cut_behind(graph, all).frontier, (std::vector<int>{9})) << "the output";
  EXPECT_EQ(cut_at_input(graph).frontier, (std::vector<int>{0}));
  EXPECT_EQ(cut_at_output(graph).frontier, (std::vector<int>{9}));
}

TEST(PartInference, InPiecesIsTheWholeToTheBitAndLoadsEachLayerOnce) {
  Network network(residual_to_cut(), {}, 7);
  shake_norms(network);
  const Tensor images = reference::tensor(reference::random_doubles(5 * 98, 1), {5, 7, 7, 2});
  reference::SlowEngine whole_engine;
  Inference whole(network, &whole_engine);
  const Tensor& expected = whole.forward(images, 40);

  /// Counts what is loaded.
  class Counting : public reference::SlowEngine {
   public:
    void load(int layer, const LayerShape& shape, std::span<const float> weights,
              std::uint32_t write) override {
      loaded.push_back(layer);
      SlowEngine::load(layer, shape, weights, write);
    }
    std::vector<int> loaded;
  };
  Counting engine;
  GraphCut from = cut_at_input(network.graph());
  NodeValues values(network.graph(), from.frontier, 5);
  const Tensor* const pixels[] = {&images};
  values.put(0, pixels);
  const std::vector<int> nodes = weight_nodes(network.graph());
  std::vector<Tensor> batch;
  for (std::size_t k = 1; k <= nodes.size(); ++k) {
    const GraphCut to = cut_behind(network.graph(), std::span(nodes).first(k));
    PartInference part(network, from, to, {&engine});
    NodeValues reached(network.graph(), to.frontier, 5);
    for (const auto& [first, last] : {std::pair{0, 2}, std::pair{2, 5}}) {
      values.take(as_index(first), as_index(last), batch);
      reached.put(as_index(first), part.forward(pointers(batch), 40 + as_index(first)));
    }
    values = std::move(reached);
    from = to;
  }
  EXPECT_EQ(engine.loaded, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(std::set<std::uint64_t>(engine.firsts.begin(), engine.firsts.end()),
            (std::set<std::uint64_t>{40, 42}));
  const std::span<const float> got = values.of(0);
  ASSERT_EQ(got.size(), static_cast<std::size_t>(expected.shape().size()));
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], expected.values()[i]) << i;
}

TEST(PartInference, TheRestOfANetworkAnswersDigitallyAsTheWholeDoes) {
  Network network(residual_to_cut(), {}, 7);
  shake_norms(network);
  const Tensor images = reference::tensor(reference::random_doubles(3 * 98, 1), {3, 7, 7, 2});
  Inference whole(network);
  const Tensor& expected = whole.forward(images);
  const std::vector<int> nodes = weight_nodes(network.graph());
  const Tensor* const pixels[] = {&images};
  for (std::size_t k = 0; k <= nodes.size(); ++k) {
    const GraphCut cut = cut_behind(network.graph(), std::span(nodes).first(k));
    PartInference first(network, cut_at_input(network.graph()), cut);
    PartInference rest(network, cut, cut_at_output(network.graph()));
    const Tensor& got = *rest.forward(first.forward(pixels)).front();
    const reference::Doubles exact{expected.values().begin(), expected.values().end()};
    // Folded normalisations round otherwise: 54 products in a sum, three layers.
    reference::expect_near(got.values(), exact, 3 * 54, "logits");
  }
}

TEST(NodeValues, GiveBackTheImagesThatAreAskedFor) {
  const Graph graph = residual_to_cut();
  const std::vector<int> nodes{0, 9};
  NodeValues values(graph, nodes, 4);
  const Tensor maps = reference::tensor(reference::random_doubles(4 * 98, 1), {4, 7, 7, 2});
  const Tensor answers = reference::tensor(reference::random_doubles(4 * 4, 2), {4, 1, 1, 4});
  const Tensor* const both[] = {&maps, &answers};
  values.put(0, both);
  std::vector<Tensor> batch;
  const std::uint32_t order[] = {3, 1};
  values.take(order, batch);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0].shape(), (TensorShape{2, 7, 7, 2}));
  for (std::size_t i = 0; i < 98; ++i) {
    EXPECT_EQ(batch[0].values()[i], maps.values()[3 * 98 + i]);
    EXPECT_EQ(batch[0].values()[98 + i], maps.values()[98 + i]);
  }
  EXPECT_EQ(batch[1].values()[0], answers.values()[12]);
}

}  // namespace
}  // namespace lightloom::nn
