#include "experiments/results/files/weight_file.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

TEST(WeightIdentity, OfEarlierVersionsMayHaveBitsThatTheirSourceHasNoUseOf) {
  const std::string network = "model: {name: cnn3}\ndataset: {name: glyphs}\n";
  for (const char* weights :
       {"{source: dense, bits: 8}", "{source: smart_exchange, bits: 8}",
        "{source: smart_deal, bits: 8}",
        "{source: integer, bits: 4, layers: [{layer: a, source: dense, bits: 4}]}"})
    EXPECT_NO_THROW(read_identity(network + "weights: " + weights + "\n", "old.h5")) << weights;
  EXPECT_EQ(read_identity(network + "weights: {source: integer, bits: 4}", "h5").weights.bits, 4);
  EXPECT_THROW(read_identity(network + "weights: {source: ternary, bits: 8}", "h5"), Error);
}

}  // namespace
}  // namespace lightloom::experiments
