// Graphs of fewer channels.
#include "nn/slimmable/scaled_graph.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "nn/models/models.hpp"

namespace lightloom::nn {
namespace {

const DatasetShape small_images{.image = {28, 28, 1}, .classes = 4};

ScaledGraph evenly(const Graph& graph, double share) {
  return scaled_graph(graph, std::vector<double>(graph.nodes.size(), share));
}

std::string refusal_of(const Graph& graph, double share) {
  try {
    evenly(graph, share);
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

TEST(ScaledGraph, OfAResNetIsTheResNetOfThatWidth) {
  const Graph whole = build_graph("resnet20", "cifar10");
  const NetworkShape full = network_shape(whole);
  for (const double share : {0.25, 0.5, 0.75, 1.0}) {
    const NetworkShape part = network_shape(evenly(whole, share).graph);
    ASSERT_EQ(part.layers.size(), full.layers.size());
    for (std::size_t l = 0; l < part.layers.size(); ++l) {
      const bool first = l == 0, last = l + 1 == part.layers.size();
      EXPECT_EQ(part.layers[l].in_channels, first ? 3 : share * full.layers[l].in_channels);
      EXPECT_EQ(part.layers[l].out_channels, last ? 10 : share * full.layers[l].out_channels);
    }
  }
}

TEST(ScaledGraph, KeepsTheChannelsOfEveryPositionOfAFlattenedMap) {
  GraphBuilder net("flat", {4, 4, 1});
  int at = net.convolution("conv", 0, {.channels = 4, .kernel = 3});  // 2 x 2 x 4
  net.linear("fc", net.flatten(at), 3, true);
  const ScaledGraph half = evenly(std::move(net).finish(), 0.5);
  EXPECT_EQ(half.kept[2], (std::vector<int>{0, 1, 4, 5, 8, 9, 12, 13}));
  EXPECT_EQ(network_shape(half.graph).layers[1].in_channels, 8);
  EXPECT_EQ(network_shape(half.graph).layers[1].out_channels, 3) << "classes are not sliced";
}

TEST(ScaledGraph, KeepsBothPartsOfAConcatenation) {
  GraphBuilder net("joined", {4, 4, 3});
  const int left = net.convolution("a", 0, {.channels = 4}),
            right = net.convolution("b", 0, {.channels = 6});
  net.linear("fc", net.global_pool(net.concat({left, right})), 3, false);
  const ScaledGraph half = evenly(std::move(net).finish(), 0.5);
  EXPECT_EQ(half.kept[3], (std::vector<int>{0, 1, 4, 5, 6}));
}

TEST(ScaledGraph, NarrowsDepthwiseLayersWithTheirInput) {
  GraphBuilder net("depthwise", {4, 4, 3});
  int at = net.convolution("a", 0, {.channels = 8});
  at = net.convolution("b", at, {.channels = 8, .kernel = 3, .padding = 1, .groups = 8});
  net.linear("fc", net.global_pool(at), 3, false);
  const LayerShape shape = network_shape(evenly(std::move(net).finish(), 0.25).graph).layers[1];
  EXPECT_EQ(shape.groups, 2);
  EXPECT_TRUE(shape.depthwise());
}

TEST(ScaledGraph, RefusesWhatHasNoSlicesInASentence) {
  GraphBuilder groups("groups", {4, 4, 4});
  groups.linear("fc",
                groups.global_pool(groups.convolution("conv", 0, {.channels = 4, .groups = 2})), 3,
                false);
  EXPECT_NE(refusal_of(std::move(groups).finish(), 0.5).find("layer 'conv' has groups"),
            std::string::npos);
  const Graph cnn = build_graph("cnn3", small_images);
  EXPECT_NE(refusal_of(cnn, 0.01).find("'conv1' none of its 32 channels"), std::string::npos);
  EXPECT_EQ(refusal_of(cnn, 0.02), "") << "one channel is a network";
}

TEST(ScaledGraph, RefusesATrunkThatShortcutsCannotLeave) {
  const Graph resnet = build_graph("resnet20", "cifar10");
  const GraphCut cut = cut_behind_layer(resnet, "layer1.2.conv2");
  EXPECT_NO_THROW(scaled_graph(resnet, width_shares(cut, 0.5, 0.25)));
  try {
    scaled_graph(resnet, width_shares(cut, 1, 0.25));
    FAIL() << "16 channels go into 8";
  } catch (const Error& problem) {
    EXPECT_NE(std::string(problem.what()).find("16 channels before it and 8 behind"),
              std::string::npos)
        << problem.what();
  }
}

TEST(ScaledGraph, NamesTheLayersBehindWhichAGateCanStand) {
  const Graph resnet = build_graph("resnet20", "cifar10");
  const GraphCut cut = cut_behind_layer(resnet, "layer1.2.conv2");
  ASSERT_EQ(cut.frontier.size(), 1u);
  EXPECT_EQ(resnet.nodes[static_cast<std::size_t>(cut.frontier[0])].shape.channels, 16);
  for (const char* wrong : {"layer1.2.conv1", "linear", "layer9"}) {
    try {
      cut_behind_layer(resnet, wrong);
      FAIL() << wrong;
    } catch (const Error& problem) {
      EXPECT_NE(std::string(problem.what()).find("layer1.2.conv2"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace lightloom::nn
