#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::cosim::block_floating_point_tests {
namespace {

/// A layer of `in` inputs and `out` outputs with random weights, and `vectors` random inputs.
struct Products {
  nn::LayerShape shape;
  int vectors = 0;
  std::vector<float> weights, inputs;
};

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
  std::vector<float> values(count);
  fill_normal(Stream({.seed = seed}), 0, values);
  return values;
}

Products random_products(int in, int out, int vectors) {
  const auto count = [](int a, int b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  };
  Products products{.shape = {.name = "linear", .in_channels = in, .out_channels = out},
                    .vectors = vectors,
                    .weights = normals(count(in, out), 1),
                    .inputs = normals(count(in, vectors), 2)};
  // Rows and vectors of very different size: each has a scale of its own.
  for (std::size_t k = 0; k < products.weights.size(); ++k)
    products.weights[k] *= std::exp2(static_cast<float>(k / static_cast<std::size_t>(in) % 5));
  for (std::size_t k = 0; k < products.inputs.size(); ++k)
    products.inputs[k] *= std::exp2(-static_cast<float>(k / static_cast<std::size_t>(in) % 7));
  return products;
}

struct AnalogRun {
  std::vector<float> outputs;
  AnalogCounts counts;
};

AnalogRun run(const Products& products, const std::string& card) {
  const auto core =
      photonic::make_core(read_card<photonic::CoreCard>(parse_yaml(card, "card.yaml")));
  AnalogEngine engine(*core, 3, 0);
  engine.load(0, products.shape, products.weights, 0);
  AnalogRun result;
  result.outputs.resize(static_cast<std::size_t>(products.vectors) *
                        static_cast<std::size_t>(products.shape.out_channels));
  engine.begin_calibration();
  engine.multiply(0, {products.inputs, products.vectors, 0}, result.outputs);
  engine.end_calibration();
  engine.multiply(0, {products.inputs, products.vectors, 0}, result.outputs);
  result.counts = engine.counts();
  return result;
}

/// The nearest number with eight significant bits: an independent bfloat16.
double eight_bits(double x) {
  int exponent = 0;
  const double mantissa = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
}

/// Rounded to steps of 1 / (2^(b-1) - 1) and saturated at one.
double rounded(double x, int bits) {
  const double levels = std::pow(2, bits - 1) - 1;
  return std::nearbyint(std::min(1.0, std::max(-1.0, x)) * levels) / levels;
}

struct Law {
  int width = 1;  // n
  double gain = 1;
  int weight_bits = 0, input_bits = 10, output_bits = 11;
  bool one_scale = false;  // for all weights of a tile
};

double largest(const std::vector<float>& values, std::size_t first, std::size_t count) {
  double most = 0;
  for (std::size_t k = first; k < first + count; ++k)
    most = std::max(most, std::abs(double{values[k]}));
  return eight_bits(most);
}

/// The law of block floating point, one loop an index; tiles of `width` inputs.
std::vector<double> by_law(const Products& p, const Law& law) {
  const auto in = static_cast<std::size_t>(p.shape.in_channels),
             out = static_cast<std::size_t>(p.shape.out_channels),
             width = static_cast<std::size_t>(law.width);
  std::vector<double> y(static_cast<std::size_t>(p.vectors) * out, 0.0);
  for (std::size_t v = 0; v < static_cast<std::size_t>(p.vectors); ++v)
    for (std::size_t r = 0; r < out; ++r)
      for (std::size_t first = 0; first < in; first += width) {
        const std::size_t count = std::min(width, in - first);
        const double s_x = largest(p.inputs, v * in + first, count);
        double s_w = largest(p.weights, r * in + first, count);
        for (std::size_t other = 0; law.one_scale && other < out; ++other)
          s_w = std::max(s_w, largest(p.weights, other * in + first, count));
        double sum = 0;
        for (std::size_t c = first; c < first + count; ++c) {
          const double w = p.weights[r * in + c] / s_w, x = p.inputs[v * in + c] / s_x;
          sum +=
              (law.weight_bits > 0 ? rounded(w, law.weight_bits) : w) * rounded(x, law.input_bits);
        }
        const double n = law.width;
        y[v * out + r] += s_w * s_x * n / law.gain * rounded(law.gain / n * sum, law.output_bits);
      }
  return y;
}

/// Outputs that differ from the law's by more than what single precision loses: sums next to the
/// middle of two codes may fall to either side, those of one output in a few thousand.
void expect_law(const AnalogRun& run, const std::vector<double>& law) {
  int apart = 0;
  for (std::size_t i = 0; i < law.size(); ++i)
    apart += std::abs(run.outputs[i] - law[i]) > 1e-4 * (1 + std::abs(law[i]));
  EXPECT_LE(apart, static_cast<int>(law.size() / 500));
}

TEST(BlockFloatingPoint, EveryVectorAndEveryRowOfATileHasItsScale) {
  const Products products = random_products(50, 13, 33);
  const AnalogRun exact =
      run(products,
          "{kind: ideal, rows: 16, columns: 24, input_dac: {bits: 10}, output_adc: "
          "{bits: 11}, block_floating_point: {gain: 1.86}}");
  expect_law(exact, by_law(products, {.width = 24, .gain = 1.86}));
  EXPECT_EQ(exact.counts.conversions, 33 * 13 * 3);
  EXPECT_EQ(exact.counts.clipped_inputs, 0);
}

TEST(BlockFloatingPoint, WeightsOfATileMayShareAScale) {
  const Products products = random_products(24, 13, 33);
  const AnalogRun exact =
      run(products,
          "{kind: ideal, rows: 16, columns: 24, input_dac: {bits: 10}, output_adc: "
          "{bits: 11}, block_floating_point: {gain: 1.86, weight_scale: tile}}");
  expect_law(exact, by_law(products, {.width = 24, .gain = 1.86, .one_scale = true}));
}

TEST(BlockFloatingPoint, AnIncoherentCrossbarRoundsItsWeightsToSevenBits) {
  const Products products = random_products(50, 13, 33);
  // Measured errors without any stand in place of the noise.
  const AnalogRun exact = run(
      products,
      "{kind: incoherent-crossbar, rows: 16, columns: 24, crossbar: {weight_bits: 7}, input_dac: "
      "{bits: 10}, output_adc: {bits: 11}, block_floating_point: {gain: 1.86}, measured: {chip: "
      "drawn}}");
  expect_law(exact, by_law(products, {.width = 24, .gain = 1.86, .weight_bits = 7}));
}

TEST(BlockFloatingPoint, AnIntensityCoreSendsBothSignsInTheSameScale) {
  Products products = random_products(24, 7, 20);
  const std::string card =
      "{kind: incoherent-crossbar, rows: 8, columns: 24, crossbar: {weight_bits: 20, signs: "
      "two_pass}, input_dac: {bits: 12}, output_adc: {bits: 20}, block_floating_point: {gain: "
      "1.5}, measured: {chip: drawn}}";
  const AnalogRun both = run(products, card);
  // Unsigned codes of 12 bits have 4095 steps: those of 13 signed ones.
  const auto law = by_law(
      products, {.width = 24, .gain = 1.5, .weight_bits = 20, .input_bits = 13, .output_bits = 20});
  const double step = 24 / 1.5 / (std::pow(2, 19) - 1);
  for (std::size_t i = 0; i < law.size(); ++i)
    EXPECT_NEAR(both.outputs[i], law[i], 64 * step * 4) << i;  // scales of up to 64 x 4
  EXPECT_EQ(both.counts.conversions, 2 * 20 * 7);
}

/// Error relative to what was wanted, as root mean squares.
double relative_error(const Products& p, const AnalogRun& run) {
  const auto in = static_cast<std::size_t>(p.shape.in_channels),
             out = static_cast<std::size_t>(p.shape.out_channels);
  double wrong = 0, all = 0;
  for (std::size_t i = 0; i < run.outputs.size(); ++i) {
    double exact = 0;
    for (std::size_t c = 0; c < in; ++c)
      exact += double{p.weights[i % out * in + c]} * p.inputs[i / out * in + c];
    wrong += (run.outputs[i] - exact) * (run.outputs[i] - exact);
    all += exact * exact;
  }
  return std::sqrt(wrong / all);
}

TEST(BlockFloatingPoint, ScalesComeBackOnAtANoisyReceiver) {
  // Whole vectors of rows with noise and perfect converters, which are read out in a loop of their
  // own where nothing else happens to them; and a last vector that is not whole.
  for (const int out : {13, 64}) {
    const Products products = random_products(64, out, 33);
    const AnalogRun noisy =
        run(products,
            "{kind: incoherent-crossbar, rows: 64, columns: 64, crossbar: {weight_bits: 9}, "
            "input_dac: {bits: 10}, output_adc: {bits: 11}, block_floating_point: {gain: 1.86}, "
            "laser: {power_per_input_mW: 500}}");
    // The converter's step, 64 / 1.86 / 1023, is 0.8 % of the products.
    EXPECT_LT(relative_error(products, noisy), 0.02) << out;
  }
}

TEST(BlockFloatingPoint, GainFillsTheRangeOfAnEightBitConverterUntilItSaturates) {
  Products products{.shape = {.name = "linear", .in_channels = 128, .out_channels = 40},
                    .vectors = 50,
                    .weights = normals(128 * 40, 1),
                    .inputs = normals(128 * 50, 2)};
  const auto with_gain = [&](int gain) {
    return run(products,
               "{kind: ideal, rows: 128, columns: 128, input_dac: {bits: 12}, "
               "output_adc: {bits: 8}, block_floating_point: {gain: " +
                   std::to_string(gain) + "}}");
  };
  // A step of 128 / (127 G) of full-scale products. 128 standard normals have a largest of about
  // 2.7: the products, of root mean square sqrt(128), are sqrt(128) / 2.7^2 = 1.55 of them.
  const double at_one = relative_error(products, with_gain(1)),
               at_eight = relative_error(products, with_gain(8));
  EXPECT_NEAR(at_one, 128.0 / 127 / std::sqrt(12.0) / 1.55, 0.1 * at_one);
  EXPECT_NEAR(at_one / at_eight, 8, 0.4);
  EXPECT_EQ(with_gain(8).counts.saturated_conversions, 0);  // 16, ten times the products'
  const AnalogRun too_much = with_gain(128);  // the range ends at one full-scale product
  EXPECT_GT(too_much.counts.saturated_conversions, too_much.counts.conversions / 4);
  EXPECT_GT(relative_error(products, too_much), at_one);
  // Both ends of the range are one: the codes go from -127 to 127.
  expect_law(too_much,
             by_law(products, {.width = 128, .gain = 128, .input_bits = 12, .output_bits = 8}));
}

TEST(BlockFloatingPoint, NeitherBatchNorThreadsMatter) {
  const Products products = random_products(50, 13, 12);
  const std::string card =
      "{kind: incoherent-crossbar, rows: 8, columns: 24, input_dac: {bits: 10}, output_adc: {bits: "
      "11, inl_lsb: 0.5}, block_floating_point: {gain: 1.86}, measured: {chip: drawn, period: 5, "
      "periodic_sd: 1, noise_sigma: 1, noise_common: 0.3, mixing_share: 0.1}}";
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const AnalogRun one = run(products, card);
  omp_set_num_threads(4);
  EXPECT_EQ(run(products, card).outputs, one.outputs);
  omp_set_num_threads(before);
}

TEST(BlockFloatingPoint, ZerosStayZeros) {
  Products products = random_products(24, 7, 5);
  std::fill(products.inputs.begin(), products.inputs.end(), 0.0F);
  const AnalogRun dark =
      run(products,
          "{kind: ideal, rows: 8, columns: 24, input_dac: {bits: 8}, output_adc: "
          "{bits: 8}, block_floating_point: {gain: 2}}");
  for (const float y : dark.outputs) EXPECT_EQ(y, 0.0F);
}

}  // namespace
}  // namespace lightloom::cosim::block_floating_point_tests
