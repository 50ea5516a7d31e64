#include "nn/weights/codes/trellis_code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

std::vector<float> trellis_normals(std::size_t count, std::uint64_t seed = 3) {
  std::vector<float> values(count);
  fill_normal(Stream({.seed = seed, .purpose = Purpose::test}), 0, values);
  return values;
}

std::vector<std::uint32_t> drawn_words(std::size_t count, int bits) {
  const Stream stream({.seed = 8, .purpose = Purpose::test});
  std::vector<std::uint32_t> words(count);
  for (std::size_t i = 0; i < count; ++i)
    words[i] = static_cast<std::uint32_t>(stream.below(std::uint64_t{1} << bits, i));
  return words;
}

// By hand: state 0 leaves 76625530, the bytes 4, 145, 54 and 122: 325 - 510.
TEST(TrellisCode, LevelsAreTheBytesOfTheHash) {
  const auto by_hand = [](std::uint64_t state) {
    const std::uint64_t mixed = (34038481ull * state + 76625530ull) % 4294967296ull;
    const std::uint64_t bytes =
        mixed % 256 + mixed / 256 % 256 + mixed / 65536 % 256 + mixed / 16777216;
    return static_cast<double>(bytes) - 510;
  };
  for (const std::uint32_t state : {0u, 1u, 77u, 4095u, 65535u})
    EXPECT_EQ(trellis_level(state), by_hand(state)) << state;
  EXPECT_EQ(trellis_level(0), 4 + 145 + 54 + 122 - 510);
  EXPECT_EQ(trellis_levels(8).size(), 256u);
  EXPECT_EQ(trellis_levels(8)[77], trellis_level(77));
}

// The published divisor is the spread of the levels of all 2^16 states, whose mean is zero.
TEST(TrellisCode, TheSpreadOfAllLevelsIsThePublishedOne) {
  const std::vector<float> levels = trellis_levels(16);
  double sum = 0, squares = 0;
  for (const float level : levels) {
    sum += level;
    squares += double{level} * level;
  }
  const double mean = sum / 65536, spread = std::sqrt(squares / 65536 - mean * mean);
  EXPECT_NEAR(spread / trellis_spread, 1, 0.005);
  EXPECT_LT(std::abs(mean) / trellis_spread, 4 / std::sqrt(65536.0));
}

/// The ring as single bits, the state of a weight read backwards from the end of its word.
std::vector<float> levels_by_bits(const TrellisCode& code,
                                  const std::vector<std::uint32_t>& words) {
  std::vector<int> ring;
  for (const std::uint32_t word : words)
    for (int bit = code.bits - 1; bit >= 0; --bit)
      ring.push_back(static_cast<int>(word >> bit & 1u));
  std::vector<float> levels;
  const int all = static_cast<int>(ring.size());
  for (int end = code.bits; end <= all; end += code.bits) {
    std::uint32_t state = 0;
    for (int i = 0; i < code.state_bits; ++i) {
      const int place = ((end - 1 - i) % all + all) % all;
      state |= static_cast<std::uint32_t>(ring[static_cast<std::size_t>(place)]) << i;
    }
    levels.push_back(trellis_level(state));
  }
  return levels;
}

TEST(TrellisCode, TheStateOfAWeightIsTheBitsThatEndWithItRoundTheRing) {
  for (const int bits : {1, 2, 3, 4})
    for (const int state_bits : {8, 12, 16})
      for (const std::size_t count : {1u, 2u, 5u, 33u}) {
        const TrellisCode code{bits, state_bits};
        const auto words = drawn_words(count, bits);
        std::vector<float> levels(count);
        trellis_decode(code, words, levels);
        EXPECT_EQ(levels, levels_by_bits(code, words)) << bits << " " << state_bits << " " << count;
      }
}

double trellis_error(const TrellisCode& code, const std::vector<float>& targets,
                     const std::vector<std::uint32_t>& words) {
  std::vector<float> levels(targets.size());
  trellis_decode(code, words, levels);
  double error = 0;
  for (std::size_t i = 0; i < targets.size(); ++i)
    error += std::pow(double{targets[i]} - levels[i], 2);
  return error;
}

std::vector<float> level_targets(std::size_t count, std::uint64_t seed) {
  std::vector<float> targets = trellis_normals(count, seed);
  for (float& value : targets) value *= static_cast<float>(trellis_spread);
  return targets;
}

// Fewer bits than a state has: every ring there is, tried here by counting.
TEST(TrellisCode, RingsShorterThanAStateGetTheirBestWords) {
  for (const auto& [bits, count] : {std::pair{2, 3u}, std::pair{1, 7u}, std::pair{3, 2u}}) {
    const TrellisCode code{bits, 8};
    const std::vector<float> targets = level_targets(count, 4);
    double least = std::numeric_limits<double>::infinity();
    const auto rings = 1u << (static_cast<unsigned>(bits) * count);
    for (std::uint32_t ring = 0; ring < rings; ++ring) {
      std::vector<std::uint32_t> words;
      for (unsigned i = 0; i < count; ++i)
        words.push_back(ring >> (static_cast<unsigned>(bits) * i) & ((1u << bits) - 1));
      least = std::min(least, trellis_error(code, targets, words));
    }
    const auto found = trellis_encode(code, trellis_levels(8), targets);
    EXPECT_NEAR(trellis_error(code, targets, found), least, 1e-6 * least) << bits;
  }
}

/// Least cost of a path of states over targets, every state reached from every predecessor
/// (s >> k) | (h << (L - k)), in double precision; from and to states of a joint where one is
/// given.
struct PlainPath {
  double cost = std::numeric_limits<double>::infinity();
  std::vector<std::uint32_t> states;
};
PlainPath plain_viterbi(const TrellisCode& code, const std::vector<float>& targets,
                        std::int64_t joint) {
  const std::uint32_t all = 1u << code.state_bits, words = 1u << code.bits;
  const std::int64_t overlap = all / words;
  std::vector<std::vector<double>> cost(targets.size(), std::vector<double>(all));
  std::vector<std::vector<std::uint32_t>> before(targets.size(), std::vector<std::uint32_t>(all));
  for (std::size_t i = 0; i < targets.size(); ++i)
    for (std::uint32_t s = 0; s < all; ++s) {
      double least = std::numeric_limits<double>::infinity();
      for (std::uint32_t h = 0; h < words; ++h) {
        const std::uint32_t p = s >> code.bits | h << (code.state_bits - code.bits);
        const double there =
            i == 0 ? (joint < 0 || p % overlap == joint ? 0.0 : INFINITY) : cost[i - 1][p];
        if (there < least) {
          least = there;
          before[i][s] = p;
        }
      }
      cost[i][s] = least + std::pow(double{targets[i]} - trellis_level(s), 2);
    }
  PlainPath path;
  std::uint32_t last = 0;
  for (std::uint32_t s = 0; s < all; ++s)
    if ((joint < 0 || s % overlap == joint) && cost.back()[s] < path.cost) {
      path.cost = cost.back()[s];
      last = s;
    }
  for (std::size_t i = targets.size(); i-- > 0; last = before[i][last]) path.states.push_back(last);
  std::reverse(path.states.begin(), path.states.end());
  return path;
}

// The authors' two passes, plainly. Costs of the two differ by single precision: 40 sums.
TEST(TrellisCode, FindsTheLeastErrorOfARingThatClosesWhereTheFirstPassSays) {
  for (const int bits : {1, 2, 3, 4}) {
    const TrellisCode code{bits, 8};
    const std::vector<float> targets = level_targets(39, 5);
    std::vector<float> turned = targets;
    std::rotate(turned.begin(), turned.begin() + 19, turned.end());
    const PlainPath first = plain_viterbi(code, turned, -1);
    const std::int64_t joint = first.states[19] % (1u << (8 - bits));  // of targets[38]
    const PlainPath second = plain_viterbi(code, targets, joint);
    const auto found = trellis_encode(code, trellis_levels(8), targets);
    EXPECT_NEAR(trellis_error(code, targets, found), second.cost, 40 * 1e-6 * second.cost) << bits;
    EXPECT_GE(second.cost, 0.999 * first.cost) << "no ring is better than an open path";
  }
}

/// SQNR in dB of `count` normal numbers in rings of 256, at the scale of unit spread.
double trellis_sqnr(const TrellisCode& code, std::size_t count) {
  const std::vector<float> states = trellis_levels(code.state_bits);
  const std::vector<float> all = level_targets(count, 6);
  double signal = 0, error = 0;
  for (std::size_t first = 0; first < count; first += 256) {
    const std::vector<float> ring(all.begin() + static_cast<std::ptrdiff_t>(first),
                                  all.begin() + static_cast<std::ptrdiff_t>(first + 256));
    error += trellis_error(code, ring, trellis_encode(code, states, ring));
    signal += std::inner_product(ring.begin(), ring.end(), ring.begin(), 0.0);
  }
  return 10 * std::log10(signal / error);
}

// An independent program's figures for normal weights at this scale (see docs). The error of 4096
// numbers scatters by about sqrt(2/4096) of itself, 0.1 dB.
TEST(TrellisCode, ReachesTheErrorsKnownForNormalWeights) {
  EXPECT_NEAR(trellis_sqnr({1, 12}, 4096), 5.62, 0.2);
  EXPECT_NEAR(trellis_sqnr({2, 8}, 4096), 10.74, 0.2);
  EXPECT_NEAR(trellis_sqnr({2, 12}, 4096), 11.3, 0.1);
  EXPECT_NEAR(trellis_sqnr({3, 12}, 4096), 17.17, 0.2);
  EXPECT_NEAR(trellis_sqnr({4, 12}, 4096), 22.81, 0.2);
}

TEST(TrellisCode, SixteenStateBitsComeWithinHalfADecibelOfTheBound) {
  const double found = trellis_sqnr({2, 16}, 4096);
  EXPECT_NEAR(found, 11.65, 0.1);
  EXPECT_LT(found, 20 * std::log10(4.0)) << "the rate-distortion bound of normal numbers";
}

}  // namespace
}  // namespace lightloom::nn
