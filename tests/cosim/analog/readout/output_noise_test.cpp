#include "cosim/analog/readout/output_noise.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cosim/analog/analog_engine.hpp"
#include "tests/cosim/exact_core.hpp"

namespace lightloom::cosim {
namespace {

using nn::LayerShape;
using photonic::CoreDescription;
using photonic::InputCoding;

/// Cells whose noise and light depend on where they are.
class NoisyCore final : public photonic::TensorCore {
 public:
  explicit NoisyCore(CoreDescription description) : exact_(std::move(description)) {
    exact_.scale = 2;
  }
  const CoreDescription& description() const override { return exact_.description(); }
  photonic::RealisationReport realise(std::span<const float> targets, photonic::TileAddress address,
                                      std::span<float> realised,
                                      std::span<float> scales) const override {
    return exact_.realise(targets, address, realised, scales);
  }
  void cell_noise(std::span<const float> targets, photonic::TileAddress,
                  photonic::CellNoise noise) const override {
    for (std::size_t k = 0; k < targets.size(); ++k) {
      noise.variance[k] = variance(k);
      noise.light[k] = light(k);
    }
  }
  static float variance(std::size_t cell) { return 0.01F * static_cast<float>(cell % 7); }
  static float light(std::size_t cell) { return 0.1F * static_cast<float>(cell % 5); }

 private:
  ExactCore exact_;
};

struct Moments {
  std::vector<double> mean, square;
  double product = 0;  // of the first two outputs' errors
};
Moments shots_of(const photonic::TensorCore& core, const LayerShape& shape,
                 const std::vector<float>& weights, const std::vector<float>& inputs,
                 const std::vector<double>& exact, int shots) {
  AnalogEngine engine(core, 5, 3);
  engine.load(0, shape, weights, 0);
  Moments found{std::vector<double>(exact.size()), std::vector<double>(exact.size()), 0};
  std::vector<float> outputs(exact.size());
  engine.begin_calibration();
  engine.multiply(0, {inputs, 1, 0}, outputs);
  engine.end_calibration();
  for (int i = 0; i < shots; ++i) {
    engine.multiply(0, {inputs, 1, static_cast<std::uint64_t>(i)}, outputs);
    for (std::size_t r = 0; r < exact.size(); ++r) {
      found.mean[r] += (outputs[r] - exact[r]) / shots;
      found.square[r] += std::pow(outputs[r] - exact[r], 2) / shots;
    }
    found.product += (outputs[0] - exact[0]) * (outputs[1] - exact[1]) / shots;
  }
  return found;
}

// One position, two tiles of three columns, weights of one row: 1 -2 0.5 | 3 0.25 -1 and so on.
const LayerShape shape{.name = "line", .in_channels = 6, .out_channels = 2};
const std::vector<float> weights{1, -2, 0.5F, 3, 0.25F, -1, 2, 0, -1, 1, 1, 0.5F};
const std::vector<float> inputs{1, 0.5F, 0.25F, 0, 0.75F, 1};
const std::vector<double> exact{1 - 1 + 0.125 + 0 + 0.1875 - 1, 2 + 0 - 0.25 + 0 + 0.75 + 0.5};
const float scale = 2;
constexpr int shots = 20000;

TEST(OutputNoise, CellsAreReadWithNewNoiseEveryTime) {
  CoreDescription description{
      .kind = "test", .rows = 2, .columns = 3, .coding = InputCoding::intensity};
  description.noise = {
      .additive = 0.05, .shot = 0.2, .signal = 0.3, .relative = 0.1, .leak = 0.3, .dark = 0.25};
  description.noisy_cells = true;
  const Moments found = shots_of(NoisyCore(description), shape, weights, inputs, exact, shots);
  for (std::size_t r = 0; r < 2; ++r) {
    double law = 0;  // in units of the core, where a network weight of 2 is 1
    for (std::size_t tile = 0; tile < 2; ++tile) {
      // y with the light of code 0, whose mean is taken off, and without
      double y = 0, own = 0, power = 0, cells = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        const double x = inputs[3 * tile + c] + 0.25;
        // Cells of a tile are counted row by row, two tiles of six after another.
        const std::size_t cell = tile * 6 + r * 3 + c;
        y += x * weights[r * 6 + tile * 3 + c] / scale;
        own += (x - 0.25) * weights[r * 6 + tile * 3 + c] / scale;
        power += x * NoisyCore::light(cell);
        cells += x * x * NoisyCore::variance(cell) / (scale * scale);
      }
      law += 0.05 * 0.05 + 0.2 * 0.2 * power + cells + std::pow(0.3 * own, 2) +
             0.01 * std::pow(y + 0.3 * power, 2);
    }
    law *= scale * scale;
    EXPECT_NEAR(found.mean[r], 0, 4 * std::sqrt(law / shots)) << r;
    EXPECT_NEAR(found.square[r], law, 4 * law * std::sqrt(2.0 / shots)) << r;
  }
}

TEST(OutputNoise, ShotNoiseOfAFieldIsDrawnForEveryOutputAndTheLasersOnceForAll) {
  CoreDescription description{
      .kind = "test", .rows = 2, .columns = 6, .coding = InputCoding::field};
  description.noise = {.additive = 0.2, .signal = 0.3, .relative = 0.1};
  ExactCore core(description);
  core.scale = scale;
  const Moments found = shots_of(core, shape, weights, inputs, exact, shots);
  double both = 1;
  for (std::size_t r = 0; r < 2; ++r) {
    const double y = exact[r];
    const double law = std::pow(0.2 * scale, 2) + std::pow(0.3 * y, 2) + std::pow(0.1 * y, 2);
    EXPECT_NEAR(found.mean[r], 0, 4 * std::sqrt(law / shots)) << r;
    EXPECT_NEAR(found.square[r], law, 4 * law * std::sqrt(2.0 / shots)) << r;
    both *= std::sqrt(law);
  }
  // Outputs share the laser's part alone.
  EXPECT_NEAR(found.product, 0.01 * exact[0] * exact[1], 4 * both / std::sqrt(shots));
}

TEST(OutputNoise, BothPassesOfSignedInputsHaveTheirOwn) {
  CoreDescription description{
      .kind = "test", .rows = 2, .columns = 6, .coding = InputCoding::intensity};
  description.noise = {.additive = 0.2};
  ExactCore core(description);
  core.scale = scale;
  const std::vector<float> mixed{1, -0.5F, 0.25F, 0, -0.75F, 1};
  std::vector<double> sums(2);
  for (std::size_t k = 0; k < 12; ++k) sums[k / 6] += double{weights[k]} * mixed[k % 6];
  const Moments found = shots_of(core, shape, weights, mixed, sums, shots);
  for (std::size_t r = 0; r < 2; ++r) {
    const double law = 2 * std::pow(0.2 * scale, 2);  // of two readings, subtracted
    EXPECT_NEAR(found.mean[r], 0, 4 * std::sqrt(law / shots)) << r;
    EXPECT_NEAR(found.square[r], law, 4 * law * std::sqrt(2.0 / shots)) << r;
  }
}

TEST(OutputNoise, NoiseOfAConverterIsInItsSteps) {
  CoreDescription description{.kind = "test", .rows = 2, .columns = 6};
  description.output_adc.bits = 6;
  description.output_adc.full_scale = 16;  // steps of 16 / 32 = 0.5
  description.output_adc.noise_lsb = 1.5;
  ExactCore core(description);
  const Moments found = shots_of(core, shape, weights, inputs, exact, shots);
  for (std::size_t r = 0; r < 2; ++r) {
    // With noise of more than a step the rounding is even over a step and independent of it.
    const double law = 0.25 * (1.5 * 1.5 + 1.0 / 12);
    EXPECT_NEAR(found.mean[r], 0, 4 * std::sqrt(law / shots)) << r;
    EXPECT_NEAR(found.square[r], law, 4 * law * std::sqrt(2.0 / shots)) << r;
  }
}

TEST(OutputNoise, LightOfACodeZeroIsNoisyToo) {
  CoreDescription description{
      .kind = "test", .rows = 2, .columns = 6, .coding = InputCoding::intensity};
  description.noise = {.shot = 0.2, .relative = 0.1, .dark = 0.25};
  ExactCore core(description);
  core.scale = scale;
  const Moments found = shots_of(core, shape, weights, inputs, exact, shots);
  const double power = 1 + 0.5 + 0.25 + 0.75 + 1 + 6 * 0.25;
  for (std::size_t r = 0; r < 2; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < 6; ++c) sum += weights[6 * r + c];
    const double law =
        scale * scale * 0.2 * 0.2 * power + std::pow(0.1 * (exact[r] + 0.25 * sum), 2);
    EXPECT_NEAR(found.mean[r], 0, 4 * std::sqrt(law / shots)) << r;
    EXPECT_NEAR(found.square[r], law, 4 * law * std::sqrt(2.0 / shots)) << r;
  }
}

TEST(OutputNoise, LeakingLaserNoiseFollowsTheWholeLightAndIsCommonToAllOutputs) {
  CoreDescription description{
      .kind = "test", .rows = 2, .columns = 6, .coding = InputCoding::intensity};
  description.noise = {.relative = 0.1, .leak = 0.3};
  ExactCore core(description);
  core.scale = scale;
  const Moments found = shots_of(core, shape, weights, inputs, exact, shots);
  const double power = 1 + 0.5 + 0.25 + 0.75 + 1;
  const auto deviation = [&](std::size_t r) { return 0.1 * (exact[r] + scale * 0.3 * power); };
  for (std::size_t r = 0; r < 2; ++r) {
    const double law = std::pow(deviation(r), 2);
    EXPECT_NEAR(found.square[r], law, 4 * law * std::sqrt(2.0 / shots)) << r;
  }
  // Wholly correlated: one draw of the laser moves both.
  const double law = deviation(0) * deviation(1);
  EXPECT_NEAR(found.product, law, 4 * law * std::sqrt(2.0 / shots));
}

}  // namespace
}  // namespace lightloom::cosim
