#include "nn/weights/codes/seed_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <Eigen/Dense>
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/array_code.hpp"
#include "nn/weights/codes/shift_register.hpp"
#include "nn/weights/source_card.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::nn {
namespace {

SourceCard seed_card(const std::string& more = "") {
  return read_card<SourceCard>(parse_yaml("{source: seedlm" + more + "}", "test"));
}

LayerShape seed_layer(int in, int out = 1) {
  return {.name = "conv", .in_channels = in, .out_channels = out};
}

std::vector<float> seed_normals(std::size_t count, std::uint64_t seed = 9) {
  std::vector<float> values(count);
  fill_normal(Stream({.seed = seed, .purpose = Purpose::test}), 0, values);
  return values;
}

/// U of a seed in double precision, by single steps of the register.
Eigen::MatrixXd plain_matrix(const SeedCode& code, std::uint32_t seed) {
  Eigen::MatrixXd u(code.block, code.coefficients);
  std::uint32_t state = seed;
  for (int c = 0; c < code.block; ++c)
    for (int p = 0; p < code.coefficients; ++p) {
      for (int step = 0; step < code.stride; ++step) state = next_state(state);
      u(c, p) = (state - 32768.0) / 32767;
    }
  return u;
}

Eigen::VectorXd plain_weights(const SeedCode& code, const SeedBlock& block) {
  Eigen::VectorXd t(code.coefficients);
  for (int p = 0; p < code.coefficients; ++p)
    t(p) = std::ldexp(block.coefficients[static_cast<std::size_t>(p)], block.exponent);
  return plain_matrix(code, block.seed) * t;
}

/// The paper's rule for one seed, from the pseudo-inverse.
SeedBlock plain_block(const Eigen::MatrixXd& u, const Eigen::VectorXd& w, std::uint32_t seed) {
  const Eigen::VectorXd t = (u.transpose() * u).ldlt().solve(Eigen::VectorXd(u.transpose() * w));
  SeedBlock block{.seed = seed, .exponent = 0, .coefficients = {}};
  block.exponent =
      static_cast<int>(std::clamp(std::floor(std::log2(t.cwiseAbs().maxCoeff())) - 2, -8.0, 7.0));
  for (const double own : t)
    block.coefficients.push_back(
        static_cast<int>(std::clamp(std::nearbyint(std::ldexp(own, -block.exponent)), -8.0, 7.0)));
  return block;
}

bool badly_conditioned(const Eigen::MatrixXd& u) {
  const Eigen::VectorXd singular = u.jacobiSvd().singularValues();
  return singular(0) > 100 * singular(singular.size() - 1);
}

// All seeds, by the paper's formulas in double precision. The two may choose another seed where two
// come within single precision of each other: the errors are compared.
TEST(LongSeedSearch, FindsTheLeastErrorOfAllSeeds) {
  for (const SeedCode& code : {SeedCode{8, 3, 1}, SeedCode{12, 4, 1}, SeedCode{8, 3, 77}}) {
    const auto size = static_cast<std::size_t>(code.block);
    const std::vector<float> weights = seed_normals(3 * size);
    std::vector<double> least(3, std::numeric_limits<double>::infinity());
    for (std::uint32_t seed = 1; seed < 65536; ++seed) {
      const Eigen::MatrixXd u = plain_matrix(code, seed);
      if (badly_conditioned(u)) continue;
      for (std::size_t b = 0; b < 3; ++b) {
        const Eigen::VectorXd w =
            Eigen::Map<const Eigen::VectorXf>(weights.data() + b * size, code.block).cast<double>();
        const SeedBlock block = plain_block(u, w, seed);
        least[b] = std::min(least[b], (w - plain_weights(code, block)).squaredNorm());
      }
    }
    const auto found = search_seeds(*seed_table(code), weights);
    ASSERT_EQ(found.size(), 3u);
    for (std::size_t b = 0; b < 3; ++b) {
      const Eigen::VectorXd w =
          Eigen::Map<const Eigen::VectorXf>(weights.data() + b * size, code.block).cast<double>();
      EXPECT_FALSE(badly_conditioned(plain_matrix(code, found[b].seed)));
      EXPECT_NEAR((w - plain_weights(code, found[b])).squaredNorm(), least[b], 1e-4 * least[b])
          << code.block << " " << code.stride << " " << b;
    }
  }
}

// The error is a difference of squares in single precision: 24 roundings of 2^-24 hide what is
// below 1.2e-3 of the block.
TEST(SeedSearch, FindsAPlantedBlock) {
  const SeedCode code{8, 3, 1};
  for (const SeedBlock& planted : {SeedBlock{4711, -2, {7, -3, 1}}, SeedBlock{65535, 3, {-8, 4, 0}},
                                   SeedBlock{1, -8, {5, -5, 2}}}) {
    const Eigen::VectorXd w = plain_weights(code, planted);
    std::vector<float> weights;
    for (const double value : w) weights.push_back(static_cast<float>(value));
    const SeedBlock found = search_seeds(*seed_table(code), weights).at(0);
    EXPECT_LT((plain_weights(code, found) - w).norm(), 1.2e-3 * w.norm()) << planted.seed;
  }
}

// (16 + 4 + 4 P) / C bits: 32 / 8 and 36 / 12. Of 25 weights the last block is filled up.
TEST(SeedSource, StoresFourOrThreeBitsAWeightExactly) {
  for (const auto& [bits, block, count] : {std::tuple{4, 8, 3}, std::tuple{3, 12, 4}})
    for (const int weights : {240, 25}) {
      const SourceCard card = seed_card(fmt::format(", bits: {}", bits));
      const std::int64_t blocks = (weights + block - 1) / block;
      const std::vector<StoredStream> streams = stored_streams(card, seed_layer(weights));
      ASSERT_EQ(streams.size(), 4u);
      std::int64_t stored = 0;
      for (const StoredStream& stream : streams)
        if (stream.in_ratio) stored += stream.count * stream.bits;
      EXPECT_EQ(stored, blocks * block * bits);
      const auto source = make_source(card, seed_layer(weights));
      const std::vector<CodedStream> coded = source->codes();
      const std::int64_t words[] = {blocks, blocks, count * blocks, 1};
      const int widths[] = {16, 4, 4, 32};
      for (std::size_t s = 0; s < 4; ++s) {
        EXPECT_EQ(static_cast<std::int64_t>(coded[s].words.size()), words[s]);
        EXPECT_EQ(streams[s].count, words[s]);
        EXPECT_EQ(coded[s].bits, widths[s]);
        EXPECT_EQ(source->streams()[s], streams[s]);
      }
    }
}

// An independent program's figures for normal weights. 9600 weights in blocks scatter by 0.07 dB.
TEST(LongSeedSource, ReachesTheErrorsKnownForNormalWeights) {
  const LayerShape shape = seed_layer(96, 100);
  std::vector<float> dense = seed_normals(9600);
  for (float& value : dense) value *= 0.02f;
  const auto sqnr = [&](const char* more) {
    return code_array(seed_card(more), shape, dense).sqnr_db;
  };
  const double four = sqnr("");
  EXPECT_NEAR(four, 18.33, 0.2);
  EXPECT_NEAR(sqnr(", bits: 3"), 13.05, 0.2);
  const double gain = sqnr(", seedlm: {stride: 4099}") - four;
  EXPECT_GT(gain, 0.25) << "numbers that are not shifted copies of each other";
  EXPECT_LT(gain, 0.6);
}

TEST(SeedSource, CountsTheRegisterTheProductsAndTheExponents) {
  const RegenerationWork work = make_source(seed_card(), seed_layer(20))->work();
  const std::int64_t numbers = 3 * 24;  // three blocks, the last one filled up
  EXPECT_EQ(work.cross_macs, numbers);
  EXPECT_EQ(work.shifts, numbers + 20);
  EXPECT_EQ(work.adds, (3 * numbers + 15) / 16);
  EXPECT_EQ(work.sum_bits, 16) << "the register's";
  EXPECT_EQ(work.mac_bits, 8);
  EXPECT_EQ(make_source(seed_card(", bits: 3, seedlm: {stride: 9}"), seed_layer(24))->work().adds,
            (step_xors(9) * 96 + 15) / 16);
}

TEST(SeedSource, DecodesWordsByTheFormula) {
  const auto source = make_source(seed_card(", seedlm: {stride: 5}"), seed_layer(11));
  std::vector<CodedStream> coded = source->codes();
  coded[0].words = {777, 65535};
  coded[1].words = {8 + 2, 8 - 7};
  coded[2].words = {0, 15, 9, 8, 3, 12};
  const float scale = 0.03f;
  coded[3].words = {std::bit_cast<std::uint32_t>(scale)};
  std::vector<float> weight(11);
  source->decode(coded, weight);
  const SeedCode code{8, 3, 5};
  const Eigen::VectorXd first = plain_weights(code, {777, 2, {-8, 7, 1}}),
                        second = plain_weights(code, {65535, -7, {0, -5, 4}});
  for (int i = 0; i < 11; ++i)
    EXPECT_NEAR(weight[static_cast<std::size_t>(i)], scale * (i < 8 ? first(i) : second(i - 8)),
                1e-6 * scale * std::abs(i < 8 ? first(i) : second(i - 8)));
}

TEST(SeedSource, ReadsAnyDamagedWordsAsFiniteWeights) {
  const auto source = make_source(seed_card(), seed_layer(16));
  std::vector<CodedStream> coded = source->codes();
  std::vector<float> weight(16, NAN);
  coded[0].words = {0, 65535};  // zero is no state of the register
  coded[1].words = {15, 15};
  coded[3].words = {std::bit_cast<std::uint32_t>(1.0f)};
  source->decode(coded, weight);
  for (const float value : weight) EXPECT_TRUE(std::isfinite(value));
  coded[2].words.pop_back();
  EXPECT_THROW(source->decode(coded, weight), Error);
}

TEST(SeedSource, TrainsADenseWeightAndDecodesItsOwnWords) {
  EXPECT_TRUE(is_projected(seed_card()));
  const LayerShape shape = seed_layer(25);
  const auto source = make_source(seed_card(), shape), other = make_source(seed_card(), shape);
  source->encode(seed_normals(25));
  std::vector<float>& latent = source->parameters().at(0)->value;
  source->set_step(TrainingStep{});
  for (float& value : latent) value += 1;
  const std::vector<float> moved = latent;
  std::vector<float> weight(25), coded(25);
  source->materialise(weight);
  EXPECT_EQ(weight, moved);
  source->set_step(std::nullopt);
  source->materialise(weight);
  other->encode(moved);
  other->materialise(coded);
  EXPECT_EQ(weight, coded);
  other->decode(source->codes(), coded);
  EXPECT_EQ(weight, coded);
}

TEST(LongSeedSource, GivesTheSameBitsOnAnyNumberOfThreadsAndZerosForZeros) {
  const LayerShape shape = seed_layer(33, 71);
  const std::vector<float> dense = seed_normals(33 * 71);
  const int before = omp_get_max_threads();
  std::vector<std::vector<float>> decoded;
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    decoded.push_back(code_array(seed_card(), shape, dense).decoded);
  }
  omp_set_num_threads(before);
  EXPECT_EQ(decoded[0], decoded[1]);
  EXPECT_EQ(decoded[0], decoded[2]);
  const std::vector<float> zeros(33 * 71);
  EXPECT_EQ(code_array(seed_card(), shape, zeros).decoded, zeros);
}

TEST(SeedSource, RefusesWhatTheCodeDoesNotHave) {
  for (const char* good : {", bits: 3", ", bits: 4, fc_bits: 3", ", seedlm: {stride: 65534}"})
    EXPECT_NO_THROW(seed_card(good)) << good;
  for (const char* bad : {", bits: 2", ", bits: 5", ", fc_bits: 8", ", seedlm: {stride: 0}",
                          ", seedlm: {stride: 65535}"})
    EXPECT_THROW(seed_card(bad), Error) << bad;
}

}  // namespace
}  // namespace lightloom::nn
