#include "cosim/generator/optical_generator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/error.hpp"
#include "cosim/generator/generator_light.hpp"
#include "tests/cosim/generator/generator_fixture.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

struct TwoLevel {
  std::vector<float> basis, u, v;
  nn::TwoLevelFactors factors;
  std::vector<float> dense;  // the exact product, summed in double
};

std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
  const Stream stream({.seed = seed});
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(2 * stream.uniform(i) - 1);
  return values;
}

TwoLevel two_level(int out, int in, int area, int cross, int intra) {
  TwoLevel t{numbers(as_index(cross * intra * area), 1),
             numbers(as_index(cross * in * intra), 2),
             numbers(as_index(out * cross), 3),
             {},
             {}};
  t.factors = {.out = out,
               .in = in,
               .area = area,
               .cross = cross,
               .intra = intra,
               .basis = t.basis,
               .u = t.u,
               .v = t.v};
  for (int o = 0; o < out; ++o)
    for (int c = 0; c < in; ++c)
      for (int s = 0; s < area; ++s) {
        double sum = 0;
        for (int m = 0; m < cross; ++m)
          for (int b = 0; b < intra; ++b)
            sum += double{t.v[as_index(o * cross + m)]} * t.u[as_index((m * in + c) * intra + b)] *
                   t.basis[as_index((m * intra + b) * area + s)];
        t.dense.push_back(static_cast<float>(sum));
      }
  return t;
}

std::vector<float> regenerate(const TwoLevel& t, const PhotonicGenerator& own,
                              std::uint32_t chip = 0, std::uint64_t write = 0,
                              Handover handover = Handover::analog) {
  std::vector<float> dense(t.dense.size());
  regenerate_optically(t.factors, card_of(own, handover),
                       {{.seed = 1, .chip = chip, .layer = 2}, write}, dense);
  return dense;
}

double mean_square(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return sum / static_cast<double>(a.size());
}

TEST(OpticalGenerator, WithoutNoiseItIsTheProductOfItsFactors) {
  for (const auto& [cross, intra] : {std::pair{4, 2}, {7, 2}, {13, 5}}) {  // one bank, and several
    const TwoLevel t = two_level(11, 9, 9, cross, intra);
    const std::vector<float> dense = regenerate(t, quiet_generator(), 0, 0, Handover::digital);
    for (std::size_t i = 0; i < dense.size(); ++i) EXPECT_NEAR(dense[i], t.dense[i], 2e-4);
  }
}

TEST(OpticalGenerator, ALevelThatIsOffIsPassedThrough) {
  TwoLevel t = two_level(7, 5, 9, 7, 2);
  const std::vector<float> stored = numbers(7 * 5 * 9, 9);
  t.factors.v = {};
  t.factors.u = {};
  t.factors.basis = stored;
  EXPECT_EQ(regenerate(t, round_generator()), stored);
}

/// Largest weight of a coefficient over the range of a ring: what one full-scale weight stands for.
double weight_scale(const std::vector<float>& coefficients) {
  float largest = 0;
  for (const float c : coefficients) largest = std::max(largest, std::fabs(c));
  const photonic::Ring ring;
  const double limit = 0.8 * std::min(photonic::ring_weight(ring, 0),
                                      -photonic::ring_weight(ring, 3.14159265358979));
  return largest / limit;
}

// Level 2 alone: an amplifier noise a on readings of (1 + x) / 2 gives weights the variance
// (2 s_v s_x)^2 (a^2 + h^2 (P + |u0|)), P the light of the kernels that are sent and u0 the bias,
// half the sum of a row.
TEST(OpticalGenerator, NoiseFollowsFromTheLight) {
  TwoLevel t = two_level(8, 40, 25, 6, 2);
  const std::vector<float> kernels = numbers(6 * 40 * 25, 8);
  t.factors.u = {};
  t.factors.basis = kernels;
  double expected_before = 0;
  for (const auto& [laser_mW, pA] :
       {std::pair{0.5, 10.0}, {5.0, 10.0}, {50.0, 10.0}, {50.0, 0.0}}) {
    PhotonicGenerator g = round_generator();
    g.laser_power_mW = laser_mW;
    g.bank.detector.tia_noise_pA_per_rtHz = pA;  // 0: shot noise alone
    const double mW = laser_mW * 0.2 / 18 * std::pow(10, -0.6) / 8;
    const double full_A = 0.5e-3 * mW;
    const double additive = pA * 1e-12 * std::sqrt(1e9) / full_A;
    const double shot2 = 2 * 1.602176634e-19 * 1e9 / full_A;
    float largest = 0;
    double light = 0;
    for (const float k : kernels) largest = std::max(largest, std::fabs(k));
    for (const float k : kernels) light += (1 + k / largest) / 2 / (40 * 25);
    double bias = 0;
    for (std::size_t row = 0; row < 8; ++row)
      bias += std::abs(std::accumulate(&t.v[row * 6], &t.v[row * 6] + 6, 0.0)) / 2 / 8;
    light += bias / weight_scale(t.v);
    const double expected =
        std::pow(2 * weight_scale(t.v) * largest, 2) * (additive * additive + shot2 * light);
    const double measured = mean_square(regenerate(t, g), regenerate(t, quiet_generator()));
    EXPECT_NEAR(measured, expected, 4 * expected * std::sqrt(2.0 / 8000));
    EXPECT_TRUE(expected_before == 0 || expected < 0.2 * expected_before);
    expected_before = expected;
  }
}

/// Of row r of level 2 alone the variance of its weights, mean over writes.
std::vector<double> variance_by_row(const TwoLevel& t, const PhotonicGenerator& g,
                                    std::size_t rows) {
  const std::vector<float> exact = regenerate(t, quiet_generator());
  const std::size_t each = exact.size() / rows;
  std::vector<double> variance(rows);
  for (std::uint64_t write = 0; write < 4; ++write) {
    const std::vector<float> noisy = regenerate(t, g, 0, write);
    for (std::size_t i = 0; i < noisy.size(); ++i)
      variance[i / each] +=
          std::pow(double{noisy[i]} - exact[i], 2) / static_cast<double>(4 * each);
  }
  return variance;
}

/// Row r of V, of six coefficients, is 2^-r of what it was.
void thin_out(TwoLevel& t) {
  for (std::size_t k = 0; k < t.v.size(); ++k) {
    const std::size_t row = k / 6;
    t.v[k] *= std::exp2(-static_cast<float>(row));
  }
}

// Row r is 2^-r of the others: with scales of outputs an amplifier's noise is 2^-r of theirs.
TEST(OpticalGenerator, OutputsWithScalesOfTheirOwnHaveNoiseOfTheirOwnSize) {
  TwoLevel t = two_level(8, 40, 25, 6, 2);
  const std::vector<float> kernels = numbers(6 * 40 * 25, 8);
  t.factors.u = {};
  t.factors.basis = kernels;
  float largest = 0;
  for (const float k : kernels) largest = std::max(largest, std::fabs(k));
  thin_out(t);
  PhotonicGenerator g = round_generator();
  g.scales = PhotonicGenerator::Scales::output;
  g.laser_power_mW = 0.5;
  g.bank.detector.tia_noise_pA_per_rtHz = 1000;  // the amplifiers' noise alone
  const double mW = 0.5 * 0.2 / 18 * std::pow(10, -0.6) / 8, full_A = 0.5e-3 * mW,
               additive = 1000e-12 * std::sqrt(1e9) / full_A;
  const std::vector<double> variance = variance_by_row(t, g, 8);
  for (std::size_t r = 0; r < 8; ++r) {
    const std::vector<float> row(t.v.begin() + static_cast<std::ptrdiff_t>(6 * r),
                                 t.v.begin() + static_cast<std::ptrdiff_t>(6 * r + 6));
    const double expected = std::pow(2 * weight_scale(row) * largest * additive, 2);
    EXPECT_NEAR(variance[r], expected, 5 * expected * std::sqrt(2.0 / 4000)) << r;
  }
}

// The same of level 1 alone, whose kernels are the outputs: input and reading have their own scale.
TEST(OpticalGenerator, KernelsThatAreOutputsHaveScalesOfTheirOwn) {
  TwoLevel t = two_level(5, 40, 25, 5, 2);
  t.factors.v = {};
  t.dense.resize(5 * 40 * 25);
  for (std::size_t m = 1; m < 5; ++m)
    for (std::size_t k = 0; k < 2 * 25; ++k) t.basis[m * 50 + k] /= 256;
  PhotonicGenerator g = round_generator();
  g.laser_power_mW = 5;
  const std::vector<double> shared = variance_by_row(t, g, 5);
  g.scales = PhotonicGenerator::Scales::output;
  const std::vector<double> own = variance_by_row(t, g, 5);
  EXPECT_NEAR(own[0], shared[0], 0.2 * shared[0]);
  for (std::size_t m = 1; m < 5; ++m) {
    EXPECT_LT(own[m], shared[m] / 10'000) << m;
    EXPECT_GT(own[m], shared[m] / 400'000) << m;
  }
}

// Kernels that level 2 mixes are no outputs: rows of V whose largest coefficient is one change
// nothing.
TEST(OpticalGenerator, KernelsOfSeveralOutputsShareTheirScale) {
  TwoLevel t = two_level(8, 9, 9, 6, 2);
  for (std::size_t k = 0; k < t.basis.size() / 2; ++k) t.basis[k] /= 64;
  for (std::size_t row = 0; row < 8; ++row) t.v[row * 6 + row % 6] = row % 2 == 0 ? 1 : -1;
  PhotonicGenerator g = round_generator();
  const std::vector<float> of_layers = regenerate(t, g);
  g.scales = PhotonicGenerator::Scales::output;
  EXPECT_EQ(regenerate(t, g), of_layers);
}

// Digital hand-overs have the converters' steps in units of the same scales.
TEST(OpticalGenerator, ConvertersStepInTheScalesOfOutputs) {
  TwoLevel t = two_level(8, 9, 9, 6, 2);
  thin_out(t);
  PhotonicGenerator g = quiet_generator();
  g.bank.output_adc.bits = 6;
  const std::vector<float> exact = regenerate(t, quiet_generator());
  for (const auto scales : {PhotonicGenerator::Scales::layer, PhotonicGenerator::Scales::output}) {
    g.scales = scales;
    const std::vector<float> made = regenerate(t, g, 0, 0, Handover::digital);
    double small = 0, largest = 0;
    for (std::size_t i = 7 * 81; i < 8 * 81; ++i) {
      small += std::pow(made[i] - exact[i], 2) / 81;
      largest = std::max(largest, std::abs(double{exact[i]}));
    }
    const bool resolved = std::sqrt(small) < 0.15 * largest;
    EXPECT_EQ(resolved, scales == PhotonicGenerator::Scales::output);
  }
}

// n1 of variance s^2 per generated value gives each weight of row o the variance s^2 sum_m v_om^2.
TEST(OpticalGenerator, Level1NoiseReachesTheWeightsThroughV) {
  const TwoLevel t = two_level(9, 40, 25, 6, 2);
  PhotonicGenerator quiet = quiet_generator(), noisy = quiet;
  // Level 2 is quiet because its light is strong; level 1's share is what U alone shows.
  TwoLevel kernels = t;
  kernels.factors.v = {};
  kernels.dense.resize(6 * 40 * 25);
  noisy.laser_power_mW = 500;
  const double level_1 = mean_square(regenerate(kernels, noisy), regenerate(kernels, quiet));
  TwoLevel second = t;
  const std::vector<float> exact = regenerate(kernels, quiet);
  second.factors.u = {};
  second.factors.basis = exact;
  const double level_2 = mean_square(regenerate(second, noisy), regenerate(second, quiet));
  double through = 0;
  for (const float v : t.v) through += double{v} * v / 9;
  const double both = mean_square(regenerate(t, noisy), regenerate(t, quiet));
  const double expected = level_1 * through + level_2;
  EXPECT_NEAR(both, expected, 0.05 * expected);  // 6 x 1000 draws of level 1: 1.8 % each
}

TEST(OpticalGenerator, ChipsAndWritesDrawTheirOwnNoiseAndRepeatIt) {
  const TwoLevel t = two_level(7, 5, 9, 4, 2);
  PhotonicGenerator detection = round_generator(), rings = quiet_generator(),
                    writes = quiet_generator();
  rings.bank.phase_sigma_rad = 0.01;         // the same at every write
  writes.bank.programming_sigma_rad = 0.01;  // new at every write
  for (const PhotonicGenerator& own : {detection, rings, writes}) {
    const auto first = regenerate(t, own, 1, 2);
    EXPECT_EQ(first, regenerate(t, own, 1, 2));
    EXPECT_NE(first, regenerate(t, own, 2, 2));
    EXPECT_NE(first, regenerate(t, quiet_generator(), 1, 2));
    EXPECT_EQ(first == regenerate(t, own, 1, 3), own.bank.phase_sigma_rad > 0);
  }
}

TEST(OpticalGenerator, DigitalHandOversErrByAtMostHalfAStepEach) {
  const TwoLevel t = two_level(33, 40, 25, 6, 2);
  PhotonicGenerator g = quiet_generator();
  g.intra_replicas = 6;  // a bank a kernel, for light between the levels
  g.bank.output_adc.bits = 7;
  const auto exact = regenerate(t, quiet_generator());
  float largest = 0;
  for (const float value : exact) largest = std::max(largest, std::fabs(value));
  g.levels = PhotonicGenerator::Levels::analog;
  const auto once = regenerate(t, g, 0, 0, Handover::digital);
  for (std::size_t i = 0; i < exact.size(); ++i)
    EXPECT_LE(std::fabs(exact[i] - once[i]), largest / 63 / 2 * 1.001F);
  // 127 levels over the range.
  EXPECT_NEAR(effective_bits(exact, once), std::log2(126.0), 0.1);
  // The kernels in between carry the rounding of an ADC and of a DAC into the accuracy too.
  g.levels = PhotonicGenerator::Levels::digital;
  const double one = mean_square(exact, once);
  const double two = mean_square(exact, regenerate(t, g, 0, 0, Handover::digital));
  EXPECT_GT(two, 1.3 * one);
  g.bank.input_dac.bits = 4;
  EXPECT_GT(mean_square(exact, regenerate(t, g, 0, 0, Handover::digital)), 2 * two);
}

// Kernels that are stored pass the DAC of level 2: 4 bits over both signs are steps of 2 / 15 of
// the largest, of an error of a step / sqrt(12) each, which V adds up.
TEST(OpticalGenerator, TheDacsOfLevel2RoundTheKernels) {
  TwoLevel t = two_level(9, 40, 25, 6, 2);
  const std::vector<float> kernels = numbers(6 * 40 * 25, 8);
  t.factors.u = {};
  t.factors.basis = kernels;
  PhotonicGenerator g = quiet_generator();
  g.bank.input_dac.bits = 4;
  double through = 0, largest = 0;
  for (const float v : t.v) through += double{v} * v / 9;
  for (const float k : kernels) largest = std::max(largest, std::abs(double{k}));
  const double expected = through * std::pow(2 * largest / 15, 2) / 12;
  const double found = mean_square(regenerate(t, g), regenerate(t, quiet_generator()));
  EXPECT_NEAR(found, expected, 0.1 * expected);
}

// One laser: its noise moves all rows of a shot by the same share of what they read, and no two
// shots alike.
TEST(OpticalGenerator, LaserNoiseIsCommonToTheRowsOfAShot) {
  PhotonicGenerator g = quiet_generator();
  g.cross_rows = 8;
  g.cross_columns = 1;
  g.bank.laser.rin_dBc_per_Hz = -110;  // 10 % over 1 GHz
  const std::vector<float> ones(400, 1.0F), coefficients(8, 0.5F);
  std::vector<float> readings(8 * 400);
  BankProduct({.core = generator_banks(g, 1e20)[1].core}, 1, {{.seed = 4}, 0},
              {.dac = false, .adc = false})
      .add({.coefficients = coefficients, .inputs = ones, .rows = 8, .inner = 1, .positions = 400},
           {}, readings);
  double square = 0, next = 0;
  for (std::size_t p = 0; p < 400; ++p) {
    for (std::size_t r = 1; r < 8; ++r) EXPECT_NEAR(readings[r * 400 + p], readings[p], 1e-5);
    const double error = readings[p] - 0.5;
    square += error * error;
    if (p > 0) next += error * (readings[p - 1] - 0.5);
  }
  const double expected = std::pow(0.5 * 2 * 0.1 / 2 * 2, 2);  // of (1 + 1) / 2, read twice as much
  EXPECT_NEAR(square / 400, expected, 4 * expected * std::sqrt(2.0 / 400));
  EXPECT_LT(std::abs(next), 4 * expected * std::sqrt(400.0));
}

// What the schedule refuses to cost no chip makes either.
TEST(OpticalGenerator, LightThatWouldHaveToBeAddedUpBetweenShotsIsRefused) {
  const TwoLevel t = two_level(7, 5, 9, 7, 2);  // 7 kernels, 6 columns
  EXPECT_THROW(regenerate(t, quiet_generator()), Error);
  EXPECT_NO_THROW(regenerate(t, quiet_generator(), 0, 0, Handover::digital));
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return ab / std::sqrt(aa * bb);
}

// Every pair of things that are drawn for one layer of one chip, at one write: errors of a core's
// tile, of U and of V by writing, the same by what calibration left, and both readings. Equal
// sizes, so that numbers that are used twice stand at the same places.
TEST(OpticalGenerator, NoTwoThingsShareTheirNumbers) {
  const int side = 6;
  const GeneratorBank bank = [] {
    PhotonicGenerator g = quiet_generator();
    g.intra_rows = g.cross_rows = g.intra_columns = g.cross_columns = 6;
    g.intra_replicas = g.cross_replicas = 2;
    return generator_banks(g, 1e12)[0];
  }();
  const WeightWrite write{{.seed = 1, .chip = 3, .layer = 2}, 5};
  const std::vector<float> coefficients(side * side, 0.1F);
  std::vector<float> unit(side * side);
  for (int i = 0; i < side; ++i) unit[as_index(i * side + i)] = 1;
  std::vector<std::vector<double>> drawn;
  for (const auto& [fixed, written, reading] :
       {std::tuple{0.01, 0.0, false}, {0.0, 0.01, false}, {0.0, 0.0, true}}) {
    GeneratorBank noisy = bank;
    noisy.core.phase_sigma_rad = fixed;
    noisy.core.programming_sigma_rad = written;
    if (reading) noisy.core.laser.power_per_input_mW = 1;
    const auto add = [&](const std::vector<float>& product) {
      std::vector<double> errors;
      for (std::size_t i = 0; i < product.size(); ++i)
        errors.push_back(product[i] - coefficients[i]);
      drawn.push_back(std::move(errors));
    };
    for (int level = 0; level < 2; ++level)
      for (int number = 0; number < 3; ++number) {  // number 2 is bank 0 again
        if (fixed > 0 && number == 2) continue;     // whose rings err alike
        std::vector<float> product(coefficients.size());
        BankProduct(noisy, level, write, {.dac = false, .adc = false})
            .add({.coefficients = coefficients,
                  .inputs = unit,
                  .rows = side,
                  .inner = side,
                  .positions = side,
                  .number = number},
                 {}, product);
        add(product);
      }
    if (reading) continue;
    std::vector<float> tile(coefficients.size());
    float scale = 1;
    photonic::make_core(noisy.core)
        ->realise(coefficients, {.seed = 1, .chip = 3, .layer = 2, .tile = 0, .write = 5}, tile,
                  {&scale, 1});
    add(tile);
  }
  for (std::size_t a = 0; a < drawn.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      EXPECT_LT(std::abs(correlation(drawn[a], drawn[b])), 0.75) << a << ' ' << b;  // 36 numbers
}

// The same coefficients as U of a layer of level 1 and as V of a layer of level 2, each read
// through a basis of ones: both levels have banks of their own, whose writing goes wrong by other
// numbers.
TEST(OpticalGenerator, LevelsOfOneLayerErrByNumbersOfTheirOwn) {
  PhotonicGenerator g = quiet_generator();
  g.intra_rows = g.cross_rows = g.intra_columns = g.cross_columns = 6;
  g.bank.programming_sigma_rad = 0.01;
  const std::vector<float> coefficients(36, 0.1F);
  std::vector<float> unit(36), first(36), second(36);
  for (int i = 0; i < 6; ++i) unit[as_index(i * 6 + i)] = 1;
  const WeightWrite write{{.seed = 1, .chip = 3, .layer = 2}, 5};
  regenerate_optically(
      {.out = 1, .in = 6, .area = 6, .cross = 1, .intra = 6, .basis = unit, .u = coefficients},
      card_of(g), write, first);
  regenerate_optically({.out = 6, .in = 1, .area = 6, .cross = 6, .basis = unit, .v = coefficients},
                       card_of(g), write, second);
  std::vector<double> errors[2];
  for (std::size_t i = 0; i < 36; ++i) {
    errors[0].push_back(first[i] - coefficients[i]);
    errors[1].push_back(second[i] - coefficients[i]);
  }
  for (const std::vector<double>& error : errors)
    EXPECT_GT(std::inner_product(error.begin(), error.end(), error.begin(), 0.0), 1e-6);
  EXPECT_LT(std::abs(correlation(errors[0], errors[1])), 0.75);
}

}  // namespace
}  // namespace lightloom::cosim
