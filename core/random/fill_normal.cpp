// Bulk Gaussian samples: Philox4x32-10 and Box-Muller in lanes, as plain loops that the compiler
// vectorises.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <span>

#include "core/random/random.hpp"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace lightloom {
namespace {

constexpr int lanes = 32;
constexpr int block_values = 8 * lanes;
constexpr std::size_t pair_values = 2 * lanes;

// A vector register of 64-bit lanes (a compiler extension of g++ and clang): ten rounds stay in
// registers, which the array form of the same loop does not achieve.
#if defined(__AVX512F__)
constexpr int vector_lanes = 8;
#else
constexpr int vector_lanes = 4;
#endif
using Vector = std::uint64_t __attribute__((vector_size(8 * vector_lanes)));

/// Products of the low 32 bits of each lane with a 32-bit constant. The only intrinsics of this
/// file: g++ 12 would multiply full 64-bit lanes, which halves the rate of the generator.
inline Vector multiply_low_words(Vector words, std::uint32_t factor) {
#if defined(__AVX512F__)
  return (Vector)_mm512_mul_epu32((__m512i)words, _mm512_set1_epi64(factor));
#elif defined(__AVX2__)
  return (Vector)_mm256_mul_epu32((__m256i)words, _mm256_set1_epi64x(factor));
#else
  return (words & 0xFFFFFFFFU) * factor;
#endif
}

/// Philox4x32-10 blocks with consecutive first counter words (constants: Salmon et al., SC 2011). A
/// word is the low half of a 64-bit lane; the high halves hold leftovers that no product and no
/// result ever reads. Random123's own routine does one block at a time; the tests compare the two
/// word for word.
inline std::array<Vector, 4> philox(std::uint64_t first, std::uint64_t shot,
                                    std::array<std::uint32_t, 2> key) {
  Vector counter{};
  for (int lane = 0; lane < vector_lanes; ++lane)
    counter[lane] = first + static_cast<std::uint64_t>(lane);
  std::array<Vector, 4> x{counter, counter >> 32, Vector{} + shot, Vector{} + (shot >> 32)};
  for (int round = 0; round < 10; ++round) {
    const Vector even = multiply_low_words(x[0], 0xD2511F53U);
    const Vector odd = multiply_low_words(x[2], 0xCD9E8D57U);
    x = {(odd >> 32) ^ x[1] ^ std::uint64_t{key[0]}, odd,
         (even >> 32) ^ x[3] ^ std::uint64_t{key[1]}, even};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return x;
}

using Words = std::array<std::array<std::uint32_t, lanes>, 4>;
using PackedWords = std::uint32_t __attribute__((vector_size(8 * vector_lanes)));

/// The low halves of two vectors. One whole store of them lets the loads that follow be forwarded.
inline PackedWords low_words(Vector first, Vector second) {
  const auto a = (PackedWords)first, b = (PackedWords)second;
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#else
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
#endif
}

/// The words of `lanes` blocks.
inline void philox_lanes(std::uint64_t first, std::uint64_t shot, std::array<std::uint32_t, 2> key,
                         Words& words) {
  for (int lane = 0; lane < lanes; lane += 2 * vector_lanes) {
    const std::uint64_t counter = first + static_cast<std::uint64_t>(lane);
    const std::array<Vector, 4> x = philox(counter, shot, key);
    const std::array<Vector, 4> y = philox(counter + vector_lanes, shot, key);
    for (std::size_t part = 0; part < 4; ++part) {
      const PackedWords packed = low_words(x[part], y[part]);
      std::memcpy(&words[part][static_cast<std::size_t>(lane)], &packed, sizeof packed);
    }
  }
}

/// ln(x) for normal x in (0, 1], relative error below 2e-7: mantissa in [sqrt(1/2), sqrt(2)),
/// minimax polynomial of ln(1 + t) = t - t^2/2 + t^3 P(t) with the coefficients of Cephes' logf
/// (Moshier).
inline float log_unit(float x) {
  const std::uint32_t shifted = std::bit_cast<std::uint32_t>(x) - 0x3F3504F3U;  // sqrt(1/2)
  const auto exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
  const float t = std::bit_cast<float>((shifted & 0x007FFFFFU) + 0x3F3504F3U) - 1.0F;
  const float z = t * t;
  float p = 7.0376836292e-2F;
  p = p * t - 1.1514610310e-1F;
  p = p * t + 1.1676998740e-1F;
  p = p * t - 1.2420140846e-1F;
  p = p * t + 1.4249322787e-1F;
  p = p * t - 1.6668057665e-1F;
  p = p * t + 2.0000714765e-1F;
  p = p * t - 2.4999993993e-1F;
  p = p * t + 3.3333331174e-1F;
  return exponent * 0.69314718056F + (t - 0.5F * z + t * z * p);
}

/// Box-Muller: two standard normals from a word for the radius (31 bits) and one for the angle,
/// read as a signed fraction of a half turn. Sine and cosine are minimax polynomials on [-pi/2,
/// pi/2] (errors below 5e-8); the lowest bit of the radius word turns the half circle into a whole
/// one.
inline void pair_of_normals(std::uint32_t radius_word, std::uint32_t angle_word, float& first,
                            float& second) {
  const auto half = static_cast<float>(static_cast<std::int32_t>(radius_word >> 1));
  const float u = half * 0x1p-31F + 0x1p-32F;
  const float radius = std::sqrt(-2.0F * log_unit(u));
  const float t = static_cast<float>(static_cast<std::int32_t>(angle_word)) *
                  (0x1p-32F * std::numbers::pi_v<float>);
  const float z = t * t;
  const float sine =
      t *
      (0.9999999957F +
       z * (-0.1666665799F + z * (8.333051063e-3F + z * (-1.980907529e-4F + z * 2.605224918e-6F))));
  const float cosine =
      0.9999999535F +
      z * (-0.4999990535F + z * (4.166358469e-2F + z * (-1.385370431e-3F + z * 2.315393166e-5F)));
  first = radius * std::bit_cast<float>(std::bit_cast<std::uint32_t>(cosine) ^ radius_word << 31);
  second = radius * sine;
}

/// The angle word of a pair: the low half of the next pair's radius word above the low half of its
/// own. A radius word's high half decides its radius; its low half matters only beyond 4.7 standard
/// deviations (the high half is then zero) and below a relative 2^-16.
inline std::uint32_t angle_of(std::uint32_t radius_word, std::uint32_t next_word) {
  return next_word << 16 | (radius_word & 0xFFFFU);
}

/// Values of `lanes` blocks, eight a block: value part * lanes + lane; of `out`, which is as long
/// as that or ends behind a pair of parts. The order is part of the contract of `fill_normal`.
void normal_block(std::uint64_t first, std::uint64_t shot, std::array<std::uint32_t, 2> key,
                  std::span<float> out) {
  alignas(64) Words words;
  philox_lanes(first, shot, key, words);
  for (std::size_t pair = 0; pair < out.size() / pair_values; ++pair) {
    const auto& radii = words[pair];
    const auto& next = words[(pair + 1) % 4];
    float* cosines = out.data() + pair * pair_values;
    for (std::size_t lane = 0; lane < lanes; ++lane)
      pair_of_normals(radii[lane], angle_of(radii[lane], next[lane]), cosines[lane],
                      cosines[lanes + lane]);
  }
}

}  // namespace

void fill_normal(const Stream& stream, std::uint64_t shot, std::span<float> values) {
  const std::size_t whole = values.size() / block_values;
  for (std::size_t k = 0; k < whole; ++k)
    normal_block(k * lanes, shot, stream.key(), values.subspan(k * block_values, block_values));
  const std::size_t rest = values.size() - whole * block_values;
  if (rest == 0) return;
  alignas(64) std::array<float, block_values> last;
  const std::size_t pairs = (rest + pair_values - 1) / pair_values;
  normal_block(whole * lanes, shot, stream.key(), std::span(last).first(pairs * pair_values));
  std::copy_n(last.begin(), rest,
              values.begin() + static_cast<std::ptrdiff_t>(whole * block_values));
}

}  // namespace lightloom
