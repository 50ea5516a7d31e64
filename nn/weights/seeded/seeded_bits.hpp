#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/optim/parameter.hpp"
#include "nn/weights/source/stored_words.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// 32 random bits that a chip makes from a seed and a number, in any order: Jenkins's one-at-a-time
/// hash (Dr. Dobb's Journal, September 1997) of the number's four bytes, the lowest first, begun at
/// the seed. Shifts, additions and exclusive ors only.
std::uint32_t seeded_word(std::uint32_t seed, std::uint32_t number);

/// What making `words` of them takes, in operations on words of 32 bits.
RegenerationWork seeded_word_work(std::int64_t words);

/// How many words hold `bits` bits.
constexpr std::int64_t words_of_bits(std::int64_t bits) { return (bits + 31) / 32; }

/// The seed of a layer: the same hash of the card's seed and the layer's name.
std::uint32_t layer_seed(std::uint64_t seed, const std::string& layer);

/// A permutation of 0 to n - 1 from a seed: Fisher and Yates's, from the back, by word i of the
/// seed modulo i.
std::vector<std::uint32_t> seeded_permutation(std::uint32_t seed, std::size_t n);

/// A seed among the constants of a source, as its high and low half, which single precision holds:
/// a checkpoint keeps it, and sets it.
class KeptSeed {
 public:
  explicit KeptSeed(std::uint32_t seed);
  [[nodiscard]] std::uint32_t get() const;
  [[nodiscard]] Parameter& constant() { return halves_; }

 private:
  Parameter halves_;
};

/// Signs -1 or 1 of a seed. Sign i is bit i mod 32 of word i / 32; a set bit is 1.
class SeededSigns {
 public:
  SeededSigns(std::uint32_t seed, std::int64_t count);

  [[nodiscard]] std::uint32_t seed() const { return seed_.get(); }
  [[nodiscard]] Parameter& constant() { return seed_.constant(); }
  /// Of the seed of the moment. Valid until the next call.
  [[nodiscard]] std::span<const float> signs();
  /// Of another seed, as a damaged memory gives one.
  [[nodiscard]] std::span<const float> signs(std::uint32_t seed);

 private:
  KeptSeed seed_;
  std::uint32_t made_from_ = 0;
  std::vector<float> signs_;
};

/// The stored seed: one word, which decides about all weights of a layer.
StoredStream seed_stream();
CodedStream coded_seed(std::uint32_t seed);

}  // namespace lightloom::nn
