#include "experiments/studies/costs/layer_list.hpp"

#include <gtest/gtest.h>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "nn/graph/graph.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

std::vector<ListedLayer> list_of(const std::string& text) { return read_layer_list(text, "l.csv"); }

std::string refusal_of(const std::string& text) {
  try {
    list_of(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LayerList, AProductIsALinearLayerOnManyVectors) {
  const nn::LayerShape shape = gemm_layer("64, 500,33").shape;
  EXPECT_EQ(shape.positions(), 64);
  EXPECT_EQ(shape.matrix_columns(), 500);
  EXPECT_EQ(shape.matrix_rows(), 33);
  EXPECT_EQ(shape.weights(), 500 * 33);
  EXPECT_EQ(shape.macs(), 64 * 500 * 33);
  EXPECT_EQ(gemm_layer("1,1,1").shape.macs(), 1);
  EXPECT_EQ(gemm_layer("1073741824,2,2").shape.macs(), std::int64_t{1} << 32);
  for (const char* text : {"", "1,2", "1,2,3,4", "0,2,3", "1,-2,3", "1,2.5,3", "1,2,x",
                           "1073741825,2,2", "1073741824,1073741824,8"})
    EXPECT_THROW(gemm_layer(text), Error) << text;
}

TEST(LayerList, ReadsTopologiesOfScaleSimWhoseMapsArePadded) {
  // The first lines of SCALE-Sim's alexnet.csv: 227 x 227 with stride 4 gives 55 x 55.
  const auto layers = list_of(
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
      "Strides,\nConv1,227,227,11,11,3,96,4,\nConv2, 31, 31, 5, 5, 96, 256, 1,\n");
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0].shape.name, "Conv1");
  EXPECT_EQ(layers[0].shape.positions(), 55 * 55);
  EXPECT_EQ(layers[0].shape.macs(), std::int64_t{55} * 55 * 96 * 3 * 121);
  EXPECT_EQ(layers[1].shape.macs(), std::int64_t{27} * 27 * 256 * 96 * 25);
  const auto products = list_of("Layer, M, N, K,\nQ, 64, 33, 512,\n");
  EXPECT_EQ(products.at(0).shape.matrix_rows(), 33);
  EXPECT_EQ(products.at(0).shape.matrix_columns(), 512);
  EXPECT_EQ(products.at(0).shape.positions(), 64);
}

TEST(LayerList, ReadsConvolutionsAndProductsSideBySideByTheirHeader) {
  const auto layers = list_of(
      "# a note\nname,type,height,width,kernel_height,kernel_width,in_channels,out_channels,stride,"
      "padding,groups,m,k,n,signed\na,conv,9,7,3,1,4,6,2,1,2,,,,yes\nb,gemm,,,,,,,,,,5,6,7\n");
  const nn::LayerShape& a = layers.at(0).shape;
  EXPECT_EQ(a.out_height, 5);  // (9 + 2 - 3) / 2 + 1
  EXPECT_EQ(a.out_width, 5);   // (7 + 2 - 1) / 2 + 1
  EXPECT_EQ(a.weights(), 6 * 2 * 3);
  EXPECT_TRUE(layers[0].signed_inputs);
  EXPECT_EQ(layers.at(1).shape.macs(), 5 * 6 * 7);
  EXPECT_FALSE(layers[1].signed_inputs);
}

TEST(LayerList, RefusesWhatCannotBeTold) {
  const std::string conv = "name,height,width,kernel_height,kernel_width,channels,filters";
  for (const auto& [text, part] :
       {std::pair<std::string, const char*>{"", "l.csv: no layers"},
        {conv + "\n", "l.csv: no layers"},
        {"name,colour\na,1", "l.csv:1: what the column 'colour' says"},
        {"name,m,k,n,M\na,1,2,3,4", "l.csv:1: the column 'M' is there twice"},
        {"m,k,n\n1,2,3", "l.csv:2: the layer has no name"},
        {"name,m,k,n\na,1,2", "l.csv:2: the layer has no N"},
        {"name,m,k,n\na,1,2,3,4", "l.csv:2: 5 values for 4 columns"},
        {"name,m,k,n\na,1,two,3", "l.csv:2: the K 'two' must be a whole number"},
        {conv + "\na,3,3,4,1,1,1", "larger than its map"},
        {conv + ",m\na,3,3,1,1,1,1,5", "cannot be told"},
        {conv + ",m\na,,,,,,,", "cannot be told"},
        {conv + ",type\na,3,3,1,1,1,1,gemm", "has no use of the sizes"},
        {conv + ",type\na,3,3,1,1,1,1,pool", "the type 'pool' is not known"},
        {conv + ",groups\na,3,3,1,1,3,4,2", "do not divide"},
        {"name,m,k,n,stride\na,1,2,3,4", "a product has no stride"},
        {"name,m,k,n,signed\na,1,2,3,perhaps", "must be yes or no"},
        {conv + "\na,1,1,1073741824,1,2,1", "larger than"},
        {conv + "\na,40000,40000,40000,40000,1,1", "larger than can be counted"}})
    EXPECT_NE(refusal_of(text).find(part), std::string::npos) << text << "\n" << refusal_of(text);
}

TEST(LayerList, CostsWhatTheSameLayersOfANetworkCost) {
  const Experiment card =
      read_experiment(parse_yaml("weights: {source: integer, bits: 4}\nbaselines: []", "t"));
  const nn::Graph graph = nn::build_graph(card.network.model, card.network.dataset.name);
  SourceLayers network = source_layers(graph, card.network);
  std::string text =
      "name,height,width,kernel_height,kernel_width,channels,filters,stride,padding,m,k,n,signed\n";
  for (cosim::CostLayer& layer : network[0]) {
    layer.digital = {};  // which a list does not have
    const nn::LayerShape& s = layer.shape;
    const bool linear = s.kind == nn::LayerShape::Kind::linear;
    text += linear
                ? fmt::format("{},,,,,,,,,1,{},{},{}\n", s.name, s.in_channels, s.out_channels,
                              layer.signed_inputs ? 1 : 0)
                : fmt::format("{},{},{},{},{},{},{},{},{},,,,{}\n", s.name, s.in_height, s.in_width,
                              s.kernel_height, s.kernel_width, s.in_channels, s.out_channels,
                              s.stride.height, s.padding.top, layer.signed_inputs ? 1 : 0);
  }
  const SourceLayers listed{listed_layers(list_of(text), card.network.weights)};
  const CostStudy one = study_cost(card.network, card.hardware, network),
                  other = study_cost(card.network, card.hardware, listed);
  EXPECT_GT(one.reports[0].time_ns, 0);
  EXPECT_EQ(one.reports[0].time_ns, other.reports[0].time_ns);
  EXPECT_EQ(one.reports[0].energy_J(), other.reports[0].energy_J());
}

TEST(LayerList, RefusesWeightsThatNoMemoryHolds) {
  const ListedLayer large = gemm_layer("1,1073741824,1048576");
  EXPECT_THROW(listed_layers({large}, {}), Error);
}

}  // namespace
}  // namespace lightloom::experiments
