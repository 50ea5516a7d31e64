// Where the first layers of a network can be cut off.
#include "nn/freeze/prefix_cut.hpp"

#include <gtest/gtest.h>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "nn/models/models.hpp"
#include "nn/onnx/export.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

std::vector<int> nodes_inside(const GraphCut& cut) {
  std::vector<int> inside;
  for (std::size_t n = 0; n < cut.first.size(); ++n)
    if (cut.first[n]) inside.push_back(static_cast<int>(n));
  return inside;
}

/// 0 input, 1 conv a, 2 bn, 3 relu, 4 conv b, 5 bn, 6 conv c, 7 add (3, 6), 8 relu, 9 pool, 10
/// dropout, 11 linear.
Graph residual_to_freeze() {
  GraphBuilder net("residual", {7, 7, 2});
  const int stem =
      net.relu(net.batch_norm("n1", net.convolution("a", 0, {.channels = 3, .kernel = 3})));
  const int one =
      net.batch_norm("n2", net.convolution("b", stem, {.channels = 3, .kernel = 3, .padding = 1}));
  const int two = net.convolution("c", one, {.channels = 3});
  net.linear("d", net.dropout(net.global_pool(net.relu(net.add(stem, two))), 0.5), 4, true);
  return std::move(net).finish();
}

std::string refusal_of(const Network& network, const FreezeCard& card) {
  try {
    frozen_layers(network, card);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PrefixCut, TakesWhatFollowsOfTheFirstLayersAloneAndNoDropout) {
  const Graph graph = residual_to_freeze();
  EXPECT_EQ(nodes_inside(prefix_cut(graph, 1)), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(prefix_cut(graph, 1).frontier, (std::vector<int>{3}));
  EXPECT_EQ(prefix_cut(graph, 2).frontier, (std::vector<int>{3, 4})) << "the shortcut passes too";
  EXPECT_EQ(nodes_inside(prefix_cut(graph, 3)), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(prefix_cut(graph, 3).frontier, (std::vector<int>{9})) << "up to the dropout";
}

TEST(PrefixCut, EndsBeforeOneTensorBecomesTwo) {
  GraphBuilder net("branches", {8, 8, 1});
  const int at = net.relu(net.convolution("a", 0, {.channels = 2, .kernel = 3, .padding = 1}));
  const Window two{.height = 2, .width = 2, .stride = 2};
  const int left = net.convolution("l", net.max_pool(at, two), {.channels = 2});
  const int right = net.convolution("r", net.average_pool(at, two), {.channels = 2});
  net.linear("fc", net.flatten(net.concat({left, right})), 3, true);
  const Graph graph = std::move(net).finish();
  EXPECT_EQ(prefix_cut(graph, 1).frontier, (std::vector<int>{at}));
  EXPECT_EQ(prefix_cut(graph, 2).frontier.size(), 2u);
  EXPECT_EQ(prefix_cut(graph, 3).frontier.size(), 1u) << "joined again";
}

TEST(PrefixCut, OfResNet20IsLegalBehindItsStemAndItsBlocks) {
  const Network network(build_graph("resnet20", "cifar10"), {}, 1, InitialWeights::none);
  EXPECT_EQ(legal_prefixes(network), (std::vector<int>{1, 3, 5, 7, 9, 11, 13, 15, 17, 19}));
  const auto latent = [&](int layers) {
    const GraphCut cut = prefix_cut(network.graph(), layers);
    return network.graph().nodes[static_cast<std::size_t>(cut.frontier.front())].shape;
  };
  EXPECT_EQ(latent(7), (MapShape{32, 32, 16}));
  EXPECT_EQ(latent(13), (MapShape{16, 16, 32}));
  EXPECT_EQ(latent(17), (MapShape{8, 8, 64}));
  EXPECT_EQ(latent(19).size(), 64) << "the pool goes with the last block";
}

TEST(PrefixCut, EveryBuiltInNetworkHasPlacesForIt) {
  for (const Model& model : known_models()) {
    SCOPED_TRACE(model.name);
    const Graph graph = build_graph(model.name, "cifar10");
    const int layers = static_cast<int>(weight_nodes(graph).size());
    int legal = 0;
    for (int k = 1; k < std::min(layers, 40); ++k) {
      const GraphCut cut = prefix_cut(graph, k);
      for (std::size_t n = 0; n < cut.first.size(); ++n)
        for (const int input : graph.nodes[n].inputs)
          EXPECT_TRUE(!cut.first[n] || cut.first[static_cast<std::size_t>(input)]);
      legal += cut.frontier.size() == 1 ? 1 : 0;
    }
    EXPECT_GE(legal, 1);
  }
}

TEST(PrefixCut, OfAnImportedNetworkIsThatOfTheNetworkItCameFrom) {
  Network own(residual_to_freeze(), {}, 1);
  const Network imported = onnx::network_of(onnx::import_read(onnx::export_model(own), "own"), {});
  EXPECT_EQ(legal_prefixes(own), (std::vector<int>{1, 3}));
  EXPECT_EQ(legal_prefixes(imported), legal_prefixes(own));
  EXPECT_NE(refusal_of(imported, {.layers = 2}).find("2 tensors pass"), std::string::npos);
}

TEST(FrozenLayers, AreNamedByTheLastOfThem) {
  const Network network(build_graph("resnet20", "cifar10"), {}, 1, InitialWeights::none);
  const auto names = network.weight_layers();
  EXPECT_EQ(frozen_layers(network, {.last = names[4].shape.name}), 5);
  EXPECT_EQ(frozen_layers(network, {.layers = 19}), 19);
  const Network small(residual_to_freeze(), {}, 1);
  EXPECT_EQ(frozen_layers(small, {.last = "*a"}), 1);
  EXPECT_EQ(frozen_layers(small, {.last = "c"}), 3);
  EXPECT_NE(refusal_of(small, {.last = "*"}).find("4 with weights"), std::string::npos)
      << "of several the last one";
}

TEST(FrozenLayers, ThatCannotBeAreRefusedWithThePlacesThatCan) {
  const Network network(residual_to_freeze(), {}, 1);
  for (const auto& [card, part] : std::vector<std::pair<FreezeCard, std::string>>{
           {{.layers = 2},
            "behind layer 2 (b), where 2 tensors pass and one can be kept (it can be "
            "cut behind layer 1 (a), 3 (c))"},
           {{.layers = 4},
            "freezes 4 layers, but 'residual' has 4 with weights, of which the last "
            "must be left to train (it can be cut behind layer 1 (a), 3 (c))"},
           {{.last = "conv"},
            "names the layer 'conv', which 'residual' does not have among those "
            "with weights (it has a, b, c, d)"}})
    EXPECT_NE(refusal_of(network, card).find(part), std::string::npos) << refusal_of(network, card);
  const Network resnet(build_graph("resnet20", "cifar10"), {}, 1, InitialWeights::none);
  const std::string name = resnet.weight_layers()[2].shape.name;
  EXPECT_NE(refusal_of(resnet, {.last = name + "x"}).find("did you mean '" + name + "'?"),
            std::string::npos);
}

TEST(FrozenLayers, DoNotShareWordsWithTrainedOnes) {
  GraphBuilder net("alike", {6, 6, 3});
  int at = net.convolution("first", 0, {.channels = 4, .kernel = 3, .padding = 1});
  for (const char* name : {"one", "two", "three"})
    at = net.convolution(name, net.relu(at), {.channels = 4, .kernel = 3, .padding = 1});
  net.linear("fc", net.flatten(at), 3, true);
  const auto card = read_card<SourceCard>(parse_yaml("source: shared_depth", "card"));
  const Network network(std::move(net).finish(), card, 1);
  EXPECT_EQ(legal_prefixes(network), (std::vector<int>{1, 4}));
  EXPECT_NE(refusal_of(network, {.layers = 2})
                .find("the weights of layer 3 (two) are made of "
                      "words that frozen ones are made of too"),
            std::string::npos)
      << refusal_of(network, {.layers = 2});
}

}  // namespace
}  // namespace lightloom::nn
