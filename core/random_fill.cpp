// Bulk Gaussian samples: Philox4x32-10 and Box-Muller in lanes, as plain loops that the compiler
// vectorises.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

#include "core/random.hpp"

namespace lightloom {
namespace {

constexpr int lanes = 64;
constexpr int block_values = 4 * lanes;
using Words = std::array<std::uint32_t, lanes>;

/// `lanes` Philox4x32-10 blocks with consecutive first counter words (constants: Salmon et al., SC
/// 2011). Random123's own routine does one block at a time; the tests compare the two word for
/// word.
void philox_lanes(std::uint64_t first, std::uint64_t shot, std::array<std::uint32_t, 2> key,
                  std::array<Words, 4>& x) {
  for (int lane = 0; lane < lanes; ++lane) {
    const std::uint64_t counter = first + static_cast<std::uint64_t>(lane);
    x[0][lane] = static_cast<std::uint32_t>(counter);
    x[1][lane] = static_cast<std::uint32_t>(counter >> 32);
    x[2][lane] = static_cast<std::uint32_t>(shot);
    x[3][lane] = static_cast<std::uint32_t>(shot >> 32);
  }
  std::uint32_t key0 = key[0], key1 = key[1];
  for (int round = 0; round < 10; ++round) {
    for (int lane = 0; lane < lanes; ++lane) {
      const std::uint64_t even = std::uint64_t{0xD2511F53U} * x[0][lane];
      const std::uint64_t odd = std::uint64_t{0xCD9E8D57U} * x[2][lane];
      x[0][lane] = static_cast<std::uint32_t>(odd >> 32) ^ x[1][lane] ^ key0;
      x[1][lane] = static_cast<std::uint32_t>(odd);
      x[2][lane] = static_cast<std::uint32_t>(even >> 32) ^ x[3][lane] ^ key1;
      x[3][lane] = static_cast<std::uint32_t>(even);
    }
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
}

/// ln(x) for x in (0, 1], relative error below 2e-7: mantissa in [sqrt(1/2), sqrt(2)), atanh series
/// in (m-1)/(m+1).
float log_unit(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t shifted = bits - 0x3F3504F3U;  // sqrt(1/2)
  const auto exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
  const float mantissa = std::bit_cast<float>((shifted & 0x007FFFFFU) + 0x3F3504F3U);
  const float s = (mantissa - 1.0F) / (mantissa + 1.0F);
  const float z = s * s;
  const float series =
      2.0F * s * (1.0F + z * (1.0F / 3 + z * (1.0F / 5 + z * (1.0F / 7 + z * (1.0F / 9)))));
  return exponent * 0.69314718056F + series;
}

/// Box-Muller for one pair of words: two standard normals. The angle is split into a quadrant (two
/// bits) and a fraction of it, on which Taylor polynomials of sine and cosine are exact to single
/// precision.
inline void pair_of_normals(std::uint32_t radius_word, std::uint32_t angle_word, float& first,
                            float& second) {
  const float u =
      (static_cast<float>(static_cast<std::int32_t>(radius_word >> 8)) + 0.5F) * 0x1p-24F;
  const float radius = std::sqrt(-2.0F * log_unit(u));
  const float part =
      (static_cast<float>(static_cast<std::int32_t>(angle_word >> 10 & 0xFFFFFU)) - 524287.5F) *
      0x1p-20F;
  const float t = part * 1.57079632679F;  // [-pi/4, pi/4)
  const float z = t * t;
  const float sine = t * (1.0F + z * (-1.0F / 6 + z * (1.0F / 120 + z * (-1.0F / 5040))));
  const float cosine =
      1.0F + z * (-0.5F + z * (1.0F / 24 + z * (-1.0F / 720 + z * (1.0F / 40320))));
  const std::uint32_t quadrant = angle_word >> 30;
  const bool odd = (quadrant & 1U) != 0;
  const std::uint32_t cosine_sign = ((quadrant + 1U) & 2U) << 30;
  const std::uint32_t sine_sign = (quadrant & 2U) << 30;
  const float c = odd ? sine : cosine;
  const float s = odd ? cosine : sine;
  first = radius * std::bit_cast<float>(std::bit_cast<std::uint32_t>(c) ^ cosine_sign);
  second = radius * std::bit_cast<float>(std::bit_cast<std::uint32_t>(s) ^ sine_sign);
}

/// Values of `lanes` blocks, lane by lane: the order is part of the contract of `fill_normal`.
void normal_block(std::uint64_t first, std::uint64_t shot, std::array<std::uint32_t, 2> key,
                  float* out) {
  alignas(64) std::array<Words, 4> x;
  philox_lanes(first, shot, key, x);
  for (int lane = 0; lane < lanes; ++lane) {
    pair_of_normals(x[0][lane], x[1][lane], out[lane], out[lanes + lane]);
    pair_of_normals(x[2][lane], x[3][lane], out[2 * lanes + lane], out[3 * lanes + lane]);
  }
}

}  // namespace

void fill_normal(const Stream& stream, std::uint64_t shot, std::span<float> values) {
  const std::size_t whole = values.size() / block_values;
  for (std::size_t k = 0; k < whole; ++k)
    normal_block(k * lanes, shot, stream.key(), values.data() + k * block_values);
  const std::size_t rest = values.size() - whole * block_values;
  if (rest == 0) return;
  alignas(64) std::array<float, block_values> last;
  normal_block(whole * lanes, shot, stream.key(), last.data());
  std::copy_n(last.begin(), rest,
              values.begin() + static_cast<std::ptrdiff_t>(whole * block_values));
}

}  // namespace lightloom
