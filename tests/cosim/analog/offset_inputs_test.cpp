// Inputs of both signs sent as (1 + x) / 2: what their halves add, and the light that they are.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <vector>

#include "cosim/analog/output_errors.hpp"
#include "cosim/analog/range_calibration.hpp"
#include "photonic/cores/core_card.hpp"
#include "tests/cosim/analog/reading_case.hpp"
#include "tests/cosim/exact_core.hpp"

namespace lightloom::cosim {
namespace {

using photonic::InputCoding;

photonic::CoreDescription core_of(InputCoding coding, int adc_bits) {
  auto core = reading_core(coding, photonic::InputSending::levels, photonic::ReadPhases::automatic);
  core.input_dac.bits = 0;
  core.output_adc.bits = adc_bits;
  if (coding == InputCoding::offset) core.noise.dark = 1;
  return core;
}

double exact(const MatrixCase& c, int vector, int output, int first, int end) {
  double sum = 0;
  for (int i = first; i < end; ++i)
    sum += double{c.weights[as_index(output * c.inputs + i)]} *
           c.values[as_index(vector * c.inputs + i)];
  return sum;
}

double weight_sum(const MatrixCase& c, int output, int first, int end) {
  double sum = 0;
  for (int i = first; i < end; ++i) sum += c.weights[as_index(output * c.inputs + i)];
  return sum;
}

double largest_input(const MatrixCase& c) {
  double largest = 0;
  for (const float x : c.values) largest = std::max(largest, std::abs(double{x}));
  return largest;
}

TEST(OffsetInputs, BothSignsMakeTheirProductsInOnePass) {
  const MatrixCase given = matrix_case(6, true);
  const ExactCore core(core_of(InputCoding::offset, 0));
  EXPECT_EQ(photonic::read_phases(core.description(), photonic::InputSigns::both), 1);
  const EngineRun run = multiply_on(core, given);
  for (int v = 0; v < 6; ++v)
    for (int o = 0; o < 5; ++o)
      EXPECT_NEAR(run.outputs[as_index(v * 5 + o)], exact(given, v, o, 0, 13), 2e-5);
}

TEST(OffsetInputs, ConvertersSeeTheHalvesOfEveryInputOfTheirTile) {
  // Two tiles of eight and five inputs, each converted by itself, by hand.
  const MatrixCase given = matrix_case(6, true);
  auto description = core_of(InputCoding::offset, 7);
  description.output_adc.full_scale = 9.3;
  const EngineRun run = multiply_on(ExactCore(description), given);
  const double unit = largest_input(given), step = 9.3 / 64;
  std::int64_t saturated = 0;
  for (int v = 0; v < 6; ++v)
    for (int o = 0; o < 5; ++o) {
      double sum = 0;
      for (const auto& [first, end] : {std::pair{0, 8}, std::pair{8, 13}}) {
        const double halves = weight_sum(given, o, first, end);
        const double code = std::nearbyint((exact(given, v, o, first, end) / unit + halves) / step);
        const double inside = std::clamp(code, -64.0, 63.0);
        saturated += inside != code;
        sum += (inside * step - halves) * unit;
      }
      EXPECT_NEAR(run.outputs[as_index(v * 5 + o)], sum, 5e-5);
    }
  EXPECT_EQ(run.counts.saturated_conversions, saturated);
  EXPECT_EQ(run.counts.conversions, 2 * 6 * 5);
}

TEST(OffsetInputs, RangesOfConvertersReachAroundTheHalves) {
  MatrixCase given = matrix_case(40, true);
  for (float& w : given.weights) w = std::abs(w);
  const auto range = [&](InputCoding coding) {
    const ExactCore core(core_of(coding, 10));
    const ChipCore chip(core, 3, 2);
    LayerOnCore layer;
    layer.shape = given.shape();
    write_layer(layer, chip, given.weights, 0);
    calibrate_ranges(layer, chip, {given.values, 40, 0});
    return double{layer.ranges.output_full_scale};
  };
  double largest = 0;
  for (int v = 0; v < 40; ++v)
    for (int o = 0; o < 5; ++o)
      for (const auto& [first, end] : {std::pair{0, 8}, std::pair{8, 13}})
        largest = std::max(largest, exact(given, v, o, first, end) / largest_input(given) +
                                        weight_sum(given, o, first, end));
  EXPECT_LE(range(InputCoding::offset), largest * (1 + 1e-5));
  EXPECT_GE(range(InputCoding::offset), 0.75 * largest);
  EXPECT_LT(range(InputCoding::field), 0.5 * largest);
}

/// Variance of the only output of eight weights of 1 that many vectors of inputs `x` have.
double variance_at(float x, const photonic::ReadoutNoise& noise) {
  constexpr int vectors = 20000;
  auto description = core_of(InputCoding::offset, 0);
  description.noise = noise;
  MatrixCase given{.outputs = 1, .inputs = 8, .vectors = vectors};
  given.weights.assign(8, 1.0F);
  given.values.assign(8 * vectors, x);
  given.values[0] = 1;  // full scale
  const EngineRun run = multiply_on(ExactCore(description), given);
  double mean = 0, square = 0;
  for (int v = 1; v < vectors; ++v) {
    mean += double{run.outputs[as_index(v)]} / (vectors - 1);
    square += std::pow(double{run.outputs[as_index(v)]}, 2) / (vectors - 1);
  }
  EXPECT_NEAR(mean, 8 * x, 4 * std::sqrt(std::max(square - mean * mean, 1e-12) / vectors) + 1e-4);
  return square - mean * mean;
}

TEST(OffsetInputs, ShotNoiseIsThatOfTheInputAndTheHalf) {
  // Eight inputs: sum of (x + 1); a standard error of a variance is sqrt(2 / vectors) of it.
  const photonic::ReadoutNoise noise{.shot = 0.1, .dark = 1};
  const double relative = 4 * std::sqrt(2.0 / 20000);
  for (const float x : {-0.5F, 0.0F, 1.0F})
    EXPECT_NEAR(variance_at(x, noise), 0.01 * 8 * (x + 1), 0.01 * 8 * (x + 1) * relative);
  EXPECT_LT(variance_at(-1.0F, noise), 1e-9);  // dark
}

TEST(OffsetInputs, LaserNoiseGoesWithAllLightThroughTheWeights) {
  const photonic::ReadoutNoise noise{.relative = 0.02, .dark = 1};
  const double relative = 4 * std::sqrt(2.0 / 20000);
  for (const float x : {-0.5F, 0.5F}) {
    const double wanted = std::pow(0.02 * 8 * (x + 1), 2);
    EXPECT_NEAR(variance_at(x, noise), wanted, wanted * relative);
  }
}

TEST(OffsetInputs, AnyNumberOfThreadsReadsTheSameBits) {
  const auto core = photonic::make_core(read_card<photonic::CoreCard>(parse_yaml(
      "{kind: incoherent-crossbar, rows: 5, columns: 8, crossbar: {signs: offset}, input_dac: "
      "{bits: 6}, output_adc: {bits: 8}, detector: {rejection_db: 20}}",
      "card.yaml")));
  const MatrixCase given = matrix_case(33, true);
  std::vector<float> one;
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    const EngineRun run = multiply_on(*core, given);
    if (one.empty()) one = run.outputs;
    EXPECT_EQ(run.outputs, one);
  }
}

}  // namespace
}  // namespace lightloom::cosim
