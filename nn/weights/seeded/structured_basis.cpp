#include "nn/weights/seeded/structured_basis.hpp"

#include <algorithm>
#include <bit>

#include "core/walsh_hadamard.hpp"

namespace lightloom::nn {
namespace {

/// Where the signs of a layer lie among the words of its seed: those of the outputs, those of the
/// inputs, then those of every block.
enum SignsOf : std::uint32_t { outputs = 0, inputs = 1, first_block = 2 };

void multiply_signs(std::uint32_t seed, std::uint32_t family, std::size_t n, std::span<float> x) {
  const auto words = static_cast<std::uint32_t>(words_of_bits(static_cast<std::int64_t>(n)));
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < x.size(); ++i, word >>= 1) {
    if (i % 32 == 0) word = seeded_word(seed, family * words + static_cast<std::uint32_t>(i / 32));
    if ((word & 1u) == 0) x[i] = -x[i];
  }
}

std::uint32_t signs_of_block(std::int64_t block) {
  return first_block + static_cast<std::uint32_t>(block);
}

}  // namespace

StructuredBasis::StructuredBasis(int block, int inputs)
    : inputs_(static_cast<std::size_t>(inputs)),
      order_(
          seeded_permutation(static_cast<std::uint32_t>(block), static_cast<std::size_t>(block))) {}

void StructuredBasis::expand(std::uint32_t seed, std::int64_t block, std::span<const float> x,
                             std::span<float> out) const {
  const std::size_t n = order_.size();
  std::vector<float> before(n);
  std::copy(x.begin(), x.end(), before.begin());
  multiply_signs(seed, SignsOf::inputs, n, std::span(before).first(inputs_));
  walsh_hadamard(before);
  for (std::size_t i = 0; i < n; ++i) out[order_[i]] = before[i];
  multiply_signs(seed, signs_of_block(block), n, out);
  walsh_hadamard(out);
  multiply_signs(seed, SignsOf::outputs, n, out);
}

void StructuredBasis::project(std::uint32_t seed, std::int64_t block, std::span<const float> y,
                              std::span<float> out) const {
  const std::size_t n = order_.size();
  std::vector<float> after(y.begin(), y.end()), before(n);
  multiply_signs(seed, SignsOf::outputs, n, after);
  walsh_hadamard(after);
  multiply_signs(seed, signs_of_block(block), n, after);
  for (std::size_t i = 0; i < n; ++i) before[i] = after[order_[i]];
  walsh_hadamard(before);
  std::copy_n(before.begin(), inputs_, out.begin());
  multiply_signs(seed, SignsOf::inputs, n, out);
}

RegenerationWork StructuredBasis::work(std::int64_t blocks) const {
  const auto n = static_cast<std::int64_t>(order_.size());
  const std::int64_t stages = std::countr_zero(order_.size());
  constexpr int bits = 16, halves_of_word = 2;  // a word of signs is hashed in halves
  RegenerationWork work = seeded_word_work((blocks + 2) * words_of_bits(n) * halves_of_word);
  work.sum_bits = bits;
  work.adds += blocks * 2 * n * stages;
  return work;
}

}  // namespace lightloom::nn
