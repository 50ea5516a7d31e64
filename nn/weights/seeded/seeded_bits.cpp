#include "nn/weights/seeded/seeded_bits.hpp"

#include <numeric>
#include <utility>

namespace lightloom::nn {
namespace {

constexpr int bytes_of_number = 4;

std::uint32_t with_byte(std::uint32_t hash, std::uint32_t byte) {
  hash += byte;
  hash += hash << 10;
  return hash ^ hash >> 6;
}

std::uint32_t finished(std::uint32_t hash) {
  hash += hash << 3;
  hash ^= hash >> 11;
  return hash + (hash << 15);
}

}  // namespace

std::uint32_t seeded_word(std::uint32_t seed, std::uint32_t number) {
  std::uint32_t hash = seed;
  for (int byte = 0; byte < bytes_of_number; ++byte)
    hash = with_byte(hash, number >> (8 * byte) & 0xffu);
  return finished(hash);
}

RegenerationWork seeded_word_work(std::int64_t words) {
  constexpr int shifts_a_byte = 2, adds_a_byte = 3, last = 3;  // shifts, and as many sums
  return {.shifts = words * (bytes_of_number * shifts_a_byte + last),
          .adds = words * (bytes_of_number * adds_a_byte + last),
          .sum_bits = 32};
}

std::uint32_t layer_seed(std::uint64_t seed, const std::string& layer) {
  std::uint32_t hash =
      seeded_word(static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
  for (const char c : layer) hash = with_byte(hash, static_cast<unsigned char>(c));
  return finished(hash);
}

std::vector<std::uint32_t> seeded_permutation(std::uint32_t seed, std::size_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = n; i > 1; --i)
    std::swap(order[i - 1], order[seeded_word(seed, static_cast<std::uint32_t>(i)) % i]);
  return order;
}

KeptSeed::KeptSeed(std::uint32_t seed)
    : halves_{.name = "seed",
              .value = {static_cast<float>(seed >> 16), static_cast<float>(seed & 0xffffu)},
              .gradient = {0.0f, 0.0f},
              .decay = false} {}

std::uint32_t KeptSeed::get() const {
  return static_cast<std::uint32_t>(halves_.value[0]) << 16 |
         static_cast<std::uint32_t>(halves_.value[1]);
}

SeededSigns::SeededSigns(std::uint32_t seed, std::int64_t count)
    : seed_(seed), made_from_(~seed), signs_(static_cast<std::size_t>(count)) {}

std::span<const float> SeededSigns::signs() { return signs(seed()); }

std::span<const float> SeededSigns::signs(std::uint32_t seed) {
  if (seed == made_from_) return signs_;
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < signs_.size(); ++i, word >>= 1) {
    if (i % 32 == 0) word = seeded_word(seed, static_cast<std::uint32_t>(i / 32));
    signs_[i] = (word & 1u) != 0 ? 1.0f : -1.0f;
  }
  made_from_ = seed;
  return signs_;
}

StoredStream seed_stream() { return {.name = "seed", .count = 1, .bits = 32, .exposed = false}; }

CodedStream coded_seed(std::uint32_t seed) {
  return {.name = "seed", .bits = 32, .exposed = false, .words = {seed}};
}

}  // namespace lightloom::nn
