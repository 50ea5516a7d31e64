// Integer-exact products against the fake-quantised ones.
#include "tests/oracles/integer_engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

using reference::random_doubles;
using reference::tensor;

Graph awkward() {
  GraphBuilder net("awkward", {7, 9, 3});
  int at = net.convolution("conv", 0, {.channels = 6, .kernel = 3, .stride = 2, .padding = 1});
  at = net.relu(net.batch_norm("bn", at));
  at = net.convolution("deep", at,
                       {.channels = 6, .kernel = 3, .padding = 2, .groups = 3, .dilation = 2});
  net.linear("fc", net.flatten(at), 5, true);
  return std::move(net).finish();
}

/// Lets every quantiser see a range that clips some of what comes.
void see_ranges(Network& network) {
  for (WeightLayer& layer : network.weight_layers())
    layer.range = {.low = -1.3f, .high = 2.1f, .seen = true};
}

/// Passes everything on to two engines and compares what they give, layer by layer.
class Comparing : public MatrixEngine {
 public:
  explicit Comparing(Network& network) : exact_(network) {}
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override {
    exact_.load(layer, shape, weights, write);
    fake_.load(layer, shape, weights, write);
    std::vector<float> magnitudes(weights.size());
    std::transform(weights.begin(), weights.end(), magnitudes.begin(),
                   [](float w) { return std::abs(w); });
    size_.load(layer, shape, magnitudes, write);
  }
  void multiply(int layer, const InputMaps& inputs, std::span<float> outputs) override {
    std::vector<float> fake(outputs.size()), size(outputs.size()), magnitudes(inputs.values.size());
    std::transform(inputs.values.begin(), inputs.values.end(), magnitudes.begin(),
                   [](float x) { return std::abs(x); });
    exact_.multiply(layer, inputs, outputs);
    fake_.multiply(layer, inputs, fake);
    size_.multiply(layer, {magnitudes, inputs.images, inputs.first_image}, size);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      // Weight and input are rounded once each, the result once: 3 x 2^-24 of the sum of
      // magnitudes.
      EXPECT_NEAR(outputs[i], fake[i], 3 * 6e-8 * size[i]) << "layer " << layer;
      compared += 1;
    }
  }
  IntegerEngine exact_;
  reference::SlowEngine fake_, size_;
  int compared = 0;
};

SourceCard card(const char* source, int bits, int activations) {
  SourceCard made;
  made.source = source;
  made.bits = bits;
  made.fc_bits = bits;
  made.activations = activations;
  return made;
}

TEST(IntegerEngine, AgreesWithTheFakeQuantisedPathUpToTheRoundingOfItsFloats) {
  for (const SourceCard& one :
       {card("integer", 1, 1), card("integer", 3, 4), card("integer", 8, 8),
        card("integer", 16, 16), card("lsq", 4, 8), card("power_of_two", 4, 8)}) {
    Network network(awkward(), one, 5);
    see_ranges(network);
    Comparing both(network);
    Inference inference(network, &both);
    inference.forward(tensor(random_doubles(2 * 7 * 9 * 3, 1), {2, 7, 9, 3}));
    EXPECT_EQ(both.compared, 2 * (4 * 5 * 6 * 2 + 5));
    EXPECT_GT(both.exact_.largest_sum(), 0);
  }
}

TEST(IntegerEngine, RefusesWhatIsNoIntegerToTheBit) {
  Network dense(awkward(), {}, 5);
  EXPECT_THROW(IntegerEngine{dense}, Error);
  Network unseen(awkward(), card("integer", 8, 8), 5);
  EXPECT_THROW(IntegerEngine{unseen}, Error) << "no range yet";
  see_ranges(unseen);
  IntegerEngine engine(unseen);
  std::vector<float> weights = dense_weight(unseen.weight_layers()[0]);
  const LayerShape shape = unseen.weight_layers()[0].shape;
  EXPECT_NO_THROW(engine.load(0, shape, weights, 0));
  weights[3] = std::nextafter(weights[3], 9.0f);
  EXPECT_THROW(engine.load(0, shape, weights, 0), Error);
  std::vector<float> inputs(7 * 9 * 3, 0.0f), outputs(4 * 5 * 6);
  EXPECT_NO_THROW(engine.multiply(0, {inputs, 1, 0}, outputs));
  inputs[5] = 1e-3f;
  EXPECT_THROW(engine.multiply(0, {inputs, 1, 0}, outputs), Error);
}

}  // namespace
}  // namespace lightloom::nn
