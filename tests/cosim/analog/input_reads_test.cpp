// Inputs that are sent bit by bit and read in phases: the engine against loops that do what the
// hardware does, one read after the other.
#include "cosim/analog/input_reads.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "tests/cosim/analog/reading_case.hpp"
#include "tests/cosim/exact_core.hpp"

namespace lightloom::cosim {
namespace {

using photonic::CoreDescription;
using photonic::InputCoding;
using photonic::InputSending;
using photonic::ReadPhases;

/// What the ADC makes of a sum: steps of full_scale / 2^(bits - 1) about zero, or of half of these
/// from zero on.
double converted(const photonic::Converter& adc, double sum, bool from_zero) {
  if (adc.bits == 0) return sum;
  const double codes = std::exp2(from_zero ? adc.bits : adc.bits - 1);
  const double step = adc.full_scale / codes;
  return step * std::min(std::max(std::nearbyint(sum / step), from_zero ? 0 : -codes), codes - 1);
}

/// Rounded magnitude of an input, in steps of the DAC.
int magnitude_of(double value, double largest, int levels) {
  return static_cast<int>(std::nearbyint(std::abs(value) / largest * levels));
}

/// The outputs of a core without noise, phase by phase, tile by tile and bit by bit.
std::vector<double> read_by_hand(const CoreDescription& core, const MatrixCase& c) {
  const int planes = core.coding == InputCoding::intensity ? 5 : 4, levels = (1 << planes) - 1;
  double largest = 0;
  bool negative = false;
  for (const float x : c.values) {
    largest = std::max(largest, std::abs(double{x}));
    negative = negative || x < 0;
  }
  const bool four = core.reads.phases == ReadPhases::four;
  const bool apart = four || core.reads.phases == ReadPhases::two ||
                     (core.coding == InputCoding::intensity && negative);
  const bool every_bit = core.reads.sending == InputSending::bit_serial;
  std::vector<double> outputs(as_index(c.vectors * c.outputs));
  for (int v = 0; v < c.vectors; ++v)
    for (int o = 0; o < c.outputs; ++o)
      for (int tile = 0; tile < c.inputs; tile += core.columns)
        for (const int input_sign : apart ? std::vector{1, -1} : std::vector{0})
          for (const int weight_sign : four ? std::vector{1, -1} : std::vector{0})
            for (int bit = 0; bit < (every_bit ? planes : 1); ++bit) {
              double sum = 0;
              for (int i = tile; i < std::min(c.inputs, tile + core.columns); ++i) {
                const double x = c.values[as_index(v * c.inputs + i)],
                             w = c.weights[as_index(o * c.inputs + i)];
                const int sign = x < 0 ? -1 : 1;
                if (input_sign != 0 && sign != input_sign) continue;
                if (weight_sign != 0 && (w < 0 ? -1 : 1) != weight_sign) continue;
                const int m = magnitude_of(x, largest, levels);
                const double sent = every_bit ? m >> bit & 1 : 1.0 * m / levels;
                sum += (weight_sign != 0 ? std::abs(w) : w) * (input_sign != 0 ? 1 : sign) * sent;
              }
              const double counts = every_bit ? 1.0 * (1 << bit) / levels : 1;
              outputs[as_index(v * c.outputs + o)] +=
                  (input_sign < 0 ? -1 : 1) * (weight_sign < 0 ? -1 : 1) * counts * largest *
                  converted(core.output_adc, sum, four);
            }
  return outputs;
}

constexpr InputSending all_sendings[] = {InputSending::levels, InputSending::bit_serial,
                                         InputSending::bit_serial_integrated, InputSending::pulses};
constexpr ReadPhases all_phases[] = {ReadPhases::automatic, ReadPhases::one, ReadPhases::two,
                                     ReadPhases::four};

/// Compares the engine with the loop for every way of sending and reading.
void expect_loop(const photonic::Converter& adc) {
  for (const InputCoding coding :
       {InputCoding::intensity, InputCoding::field, InputCoding::digital})
    for (const InputSending sending : all_sendings)
      for (const ReadPhases phases : all_phases)
        for (const bool with_signs : {false, true}) {
          if (coding == InputCoding::intensity && phases == ReadPhases::one && with_signs) continue;
          CoreDescription description = reading_core(coding, sending, phases);
          description.output_adc = adc;
          const MatrixCase c = matrix_case(7, with_signs);
          const EngineRun run = multiply_on(ExactCore(description), c);
          const std::vector<double> expected = read_by_hand(description, c);
          for (std::size_t k = 0; k < expected.size(); ++k)
            EXPECT_NEAR(run.outputs[k], expected[k], 2e-5)
                << static_cast<int>(coding) << ' ' << static_cast<int>(sending) << ' '
                << static_cast<int>(phases) << ' ' << with_signs;
          const bool narrow = adc.bits > 0 && adc.full_scale < 1;
          EXPECT_EQ(run.counts.saturated_conversions > 0 || !narrow, true);
        }
}

TEST(InputReads, AreALoopOverPhasesTilesAndBits) {
  expect_loop({});
  expect_loop({.bits = 6, .full_scale = 4.1});
  expect_loop({.bits = 6, .full_scale = 0.82});  // far less than most sums
}

TEST(InputReads, EveryConversionIsCounted) {
  const MatrixCase c = matrix_case(3, true);
  const auto conversions = [&](InputSending sending, ReadPhases phases) {
    CoreDescription description = reading_core(InputCoding::intensity, sending, phases);
    description.output_adc = {.bits = 8};
    return multiply_on(ExactCore(description), c).counts.conversions;
  };
  const std::int64_t once = 3 * 5 * 2;  // vectors, outputs, tiles
  EXPECT_EQ(conversions(InputSending::levels, ReadPhases::automatic), 2 * once);
  EXPECT_EQ(conversions(InputSending::bit_serial, ReadPhases::automatic), 2 * 5 * once);
  EXPECT_EQ(conversions(InputSending::bit_serial_integrated, ReadPhases::four), 4 * once);
  EXPECT_EQ(conversions(InputSending::pulses, ReadPhases::two), 2 * once);
}

/// Mean square of what a core's noise does to the outputs, over many readings of one vector, in
/// units of the largest input.
double noise_variance(const CoreDescription& description, std::size_t& samples) {
  MatrixCase one = matrix_case(1, true);
  MatrixCase many = one;
  many.vectors = 4000;
  many.values.clear();
  for (int v = 0; v < many.vectors; ++v)
    many.values.insert(many.values.end(), one.values.begin(), one.values.end());
  double largest = 0;
  for (const float x : one.values) largest = std::max(largest, std::abs(double{x}));
  const std::vector<double> exact = read_by_hand(description, one);
  const EngineRun run = multiply_on(ExactCore(description), many);
  double square = 0;
  for (std::size_t k = 0; k < run.outputs.size(); ++k)
    square += std::pow((run.outputs[k] - exact[k % exact.size()]) / largest, 2);
  samples = run.outputs.size();
  return square / static_cast<double>(samples);
}

void expect_variance(const CoreDescription& description, double expected, const char* what) {
  std::size_t samples = 0;
  const double found = noise_variance(description, samples);
  EXPECT_NEAR(found, expected, 4 * expected * std::sqrt(2.0 / static_cast<double>(samples)))
      << what;
}

TEST(InputReads, NoiseOfBitsAddsUpAsTheyCount) {
  // Two tiles; four bits of magnitude, which count 1, 2, 4 and 8 fifteenths.
  const double sigma = 0.2, once = 2 * sigma * sigma;
  const double weighed = (1.0 + 4 + 16 + 64) / 225, repeated = (1.0 + 2 + 4 + 8) / 225;
  const auto core = [&](InputSending sending, ReadPhases phases) {
    CoreDescription description = reading_core(InputCoding::field, sending, phases);
    description.noise.additive = sigma;
    return description;
  };
  const ReadPhases one = ReadPhases::one;
  expect_variance(core(InputSending::levels, one), once, "levels");
  expect_variance(core(InputSending::bit_serial, one), once * weighed, "each converted");
  expect_variance(core(InputSending::bit_serial_integrated, one), once * weighed, "integrated");
  expect_variance(core(InputSending::pulses, one), once * repeated, "pulses");
  expect_variance(core(InputSending::levels, ReadPhases::two), 2 * once, "two phases");
  expect_variance(core(InputSending::levels, ReadPhases::four), 4 * once, "four phases");
  expect_variance(core(InputSending::pulses, ReadPhases::four), 4 * once * repeated, "both");
}

TEST(InputReads, TheConverterAddsItsNoiseOncePerConversion) {
  // Steps so fine that their rounding is nothing beside a noise of 4000 of them.
  const double step = 64 * std::exp2(-15), own = 4000 * step, once = 2 * own * own;
  for (const auto& [sending, factor] :
       {std::pair{InputSending::levels, 1.0},
        std::pair{InputSending::bit_serial, (1.0 + 4 + 16 + 64) / 225},
        std::pair{InputSending::bit_serial_integrated, 1.0},
        std::pair{InputSending::pulses, 1.0}}) {
    CoreDescription description = reading_core(InputCoding::field, sending, ReadPhases::one);
    description.output_adc = {.bits = 16, .noise_lsb = 4000, .full_scale = 64};
    expect_variance(description, once * factor, "converter");
  }
}

TEST(InputReads, ShotAndLaserNoiseFollowTheLightOfEverySymbol) {
  // Of fields, a symbol of a bit has a power of 1 for every input whose bit is set.
  const MatrixCase c = matrix_case(1, true);
  double largest = 0;
  for (const float x : c.values) largest = std::max(largest, std::abs(double{x}));
  double power[4] = {}, square = 0, pulses = 0;
  for (const float x : c.values)
    for (int bit = 0; bit < 4; ++bit) power[bit] += magnitude_of(x, largest, 15) >> bit & 1;
  for (int bit = 0; bit < 4; ++bit) {
    square += 0.04 * power[bit] * std::pow((1 << bit) / 15.0, 2);
    pulses += 0.04 * power[bit] * (1 << bit) / 225.0;
  }
  const auto core = [&](InputSending sending) {
    CoreDescription description = reading_core(InputCoding::field, sending, ReadPhases::one);
    description.noise.shot = 0.2;
    return description;
  };
  expect_variance(core(InputSending::bit_serial), square, "each converted");
  expect_variance(core(InputSending::bit_serial_integrated), square, "integrated");
  expect_variance(core(InputSending::pulses), pulses, "pulses");
}

TEST(InputReads, AreTheSameOnAnyNumberOfThreadsAndInAnyBatch) {
  for (const InputSending sending : all_sendings) {
    CoreDescription description = reading_core(InputCoding::intensity, sending, ReadPhases::four);
    description.noise = {.additive = 0.1, .shot = 0.1, .relative = 0.02};
    description.output_adc = {.bits = 7, .noise_lsb = 0.5, .full_scale = 6};
    const ExactCore core(description);
    const MatrixCase c = matrix_case(9, true);
    omp_set_num_threads(1);
    const EngineRun one = multiply_on(core, c);
    omp_set_num_threads(4);
    const EngineRun four = multiply_on(core, c);
    EXPECT_EQ(one.outputs, four.outputs);
    const EngineRun later = multiply_on(core, c, 1);  // each vector with the noise of the next
    std::size_t equal = 0;
    for (std::size_t k = 0; k < later.outputs.size(); ++k)
      equal += one.outputs[k] == later.outputs[k] ? 1U : 0U;
    EXPECT_LT(equal, later.outputs.size());
  }
}

TEST(InputReads, ThatCannotCarryTheSignsOfALayerAreRefused) {
  const MatrixCase c = matrix_case(2, true), positive = matrix_case(2, false);
  const ExactCore one(reading_core(InputCoding::intensity, InputSending::levels, ReadPhases::one));
  EXPECT_THROW(multiply_on(one, c), Error);
  EXPECT_NO_THROW(multiply_on(one, positive));
  CoreDescription bit = reading_core(InputCoding::field, InputSending::pulses, ReadPhases::one);
  bit.input_dac.bits = 1;
  EXPECT_THROW(multiply_on(ExactCore(bit), c), Error);
  const EngineRun run = multiply_on(ExactCore(bit), positive);  // 0 or all
  double largest = 0;
  for (const float x : positive.values) largest = std::max(largest, double{x});
  double sum = 0;
  for (int i = 0; i < positive.inputs; ++i)
    if (positive.values[as_index(i)] > largest / 2) sum += largest * positive.weights[as_index(i)];
  EXPECT_NEAR(run.outputs[0], sum, 2e-5);
}

}  // namespace
}  // namespace lightloom::cosim
