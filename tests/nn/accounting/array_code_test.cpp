#include "nn/accounting/array_code.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::nn {
namespace {

SourceCard array_card(const std::string& text) {
  return read_card<SourceCard>(parse_yaml(text, "test"));
}

LayerShape array_layer(int kernel) {
  return {.name = "weight",
          .in_channels = 6,
          .out_channels = 4,
          .kernel_height = kernel,
          .kernel_width = kernel};
}

std::vector<float> array_normals(const LayerShape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.weights()));
  fill_normal(Stream({.seed = 1, .purpose = Purpose::test}), 0, values);
  return values;
}

// Whatever the table holds: bits are those of the streams, the error that of the decoded weights.
TEST(ArrayCode, CountsTheBitsAndMeasuresTheErrorOfEverySource) {
  const LayerShape shape = array_layer(3);
  const std::vector<float> dense = array_normals(shape);
  for (const std::string& name : source_names()) {
    if (name == "fine") continue;  // of another test
    const bool two_level = name == "multilevel" || name == "stacked";
    std::string more = two_level ? ", intra: 2, cross: 4" : "";
    if (name == "low_rank") more = ", cross: 2";
    const SourceCard card = array_card(fmt::format("{{source: {}{}}}", name, more));
    const ArrayCode code = code_array(card, shape, dense);
    const auto source = make_source(card, shape);
    std::vector<float> weight(dense.size());
    source->encode(dense);
    source->materialise(weight);
    EXPECT_EQ(code.decoded, weight) << name;
    double counted = 0, bytes = 0, signal = 0, error = 0;
    for (const CodedStream& stream : source->codes()) {
      const double bits = static_cast<double>(stream.words.size()) * stream.bits;
      counted += stream.in_ratio ? bits : 0;
      bytes += std::ceil(bits / 8);
    }
    for (std::size_t i = 0; i < dense.size(); ++i) {
      signal += std::pow(double{dense[i]}, 2);
      error += std::pow(double{weight[i]} - dense[i], 2);
    }
    EXPECT_DOUBLE_EQ(code.bits_per_weight * 216, counted) << name;
    EXPECT_DOUBLE_EQ(code.complete_bits_per_weight * 216, 8 * bytes) << name;
    EXPECT_EQ(code.work, source->work()) << name;
    if (error > 0)
      EXPECT_NEAR(code.sqnr_db, 10 * std::log10(signal / error), 1e-9) << name;
    else
      EXPECT_TRUE(std::isinf(code.sqnr_db) && code.sqnr_db > 0) << name;
  }
}

TEST(ArrayCode, RefusesALayerThatTheSourceWouldLeaveDense) {
  EXPECT_THROW(
      code_array(array_card("source: dsconv"), array_layer(1), array_normals(array_layer(1))),
      Error);
  EXPECT_NO_THROW(
      code_array(array_card("source: dense"), array_layer(1), array_normals(array_layer(1))));
}

}  // namespace
}  // namespace lightloom::nn
