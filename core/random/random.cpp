#include "core/random/random.hpp"

#include <Random123/philox.h>

#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

namespace lightloom {
namespace {

using Philox = r123::Philox4x32_R<10>;
__extension__ using Wide = unsigned __int128;

double open_unit(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 11;
  return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}

std::uint32_t low_word(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high_word(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

}  // namespace

Stream::Stream(const StreamAddress& address) {
  const Philox::ctr_type counter{
      {static_cast<std::uint32_t>(address.purpose), address.chip, address.layer, address.tile}};
  const Philox::key_type key{{low_word(address.seed), high_word(address.seed)}};
  const auto words = Philox{}(counter, key);
  key_ = {words[0], words[1]};
}

std::array<std::uint32_t, 4> Stream::bits(std::uint64_t device, std::uint64_t shot) const {
  const Philox::ctr_type counter{
      {low_word(device), high_word(device), low_word(shot), high_word(shot)}};
  const auto words = Philox{}(counter, Philox::key_type{{key_[0], key_[1]}});
  return {words[0], words[1], words[2], words[3]};
}

double Stream::uniform(std::uint64_t device, std::uint64_t shot) const {
  const auto words = bits(device, shot);
  return open_unit(words[0], words[1]);
}

double Stream::normal(std::uint64_t device, std::uint64_t shot) const {
  const auto words = bits(device, shot);
  const double radius = std::sqrt(-2.0 * std::log(open_unit(words[0], words[1])));
  return radius * std::cos(2.0 * std::numbers::pi * open_unit(words[2], words[3]));
}

std::uint64_t Stream::below(std::uint64_t bound, std::uint64_t device, std::uint64_t shot) const {
  assert(bound > 0);
  const auto words = bits(device, shot);
  const std::uint64_t value = std::uint64_t{words[0]} << 32 | words[1];
  // Multiply-high maps 2^64 values onto the bound; the bias is below bound / 2^64.
  return static_cast<std::uint64_t>((static_cast<Wide>(value) * bound) >> 64);
}

void fill_permutation(const Stream& stream, std::uint64_t shot, std::span<std::uint32_t> order) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[stream.below(i, i, shot)]);
}

}  // namespace lightloom
