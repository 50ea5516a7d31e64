// Packed weights. The checksum is made right, so that what lies behind it is read.
#include <zlib.h>

#include "core/cards/card.hpp"
#include "nn/network/network.hpp"
#include "nn/packing/pack_network.hpp"
#include "nn/packing/packed_file.hpp"
#include "tests/fuzz/base/fuzzer.hpp"
#include "tests/fuzz/base/small_network.hpp"

namespace lightloom::fuzz {
namespace {

constexpr std::size_t checksum_at = 16, preamble_bytes = 20;

Bytes with_right_checksum(Bytes bytes) {
  if (bytes.size() < preamble_bytes) return bytes;
  const auto sum = static_cast<std::uint32_t>(
      crc32_z(0, bytes.data() + preamble_bytes, bytes.size() - preamble_bytes));
  for (std::size_t i = 0; i < 4; ++i)
    bytes[checksum_at + i] = static_cast<std::uint8_t>(sum >> (8 * i));
  return bytes;
}

Bytes packed_bytes(const nn::SourceCard& card) {
  nn::Network network = small_network(card);
  return nn::pack(nn::packed(network));
}

}  // namespace

void read_input(Input input) {
  const nn::PackedFile file =
      nn::unpack(with_right_checksum({input.begin(), input.end()}), "weights.llw");
  (void)nn::size_of(file);
  static const nn::SourceCard packed_as{.source = "integer", .bits = 3};
  static nn::Network network = small_network({});
  nn::unpack_into(file, packed_as, network);
}

std::vector<Seed> seeds() {
  return {{"dense", packed_bytes({})},
          {"integer", packed_bytes({.source = "integer", .bits = 3})},
          {"activations",
           packed_bytes({.source = "integer", .bits = 3, .activations = 8, .settings = {}})}};
}

}  // namespace lightloom::fuzz
