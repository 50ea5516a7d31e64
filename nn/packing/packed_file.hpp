#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// The stored streams of one layer or normalisation.
struct PackedSection {
  std::string layer;
  std::vector<CodedStream> streams;
};

/// A network's stored weights: what a weight memory would hold, word for word.
struct PackedFile {
  std::map<std::string, std::string> about;  // model, dataset, weights (the source's card), ...
  std::vector<PackedSection> sections;
};

/// Where the bits of a packed file go.
struct PackedSize {
  std::int64_t ratio_bits = 0;    // what the published accounting counts (`Ratio::memory_bits`)
  std::int64_t extra_bits = 0;    // scales, running statistics, activation ranges
  std::int64_t padding_bits = 0;  // every stream ends on a byte
  std::int64_t header_bits = 0;   // magic, version, description, checksum
  [[nodiscard]] std::int64_t total_bits() const {
    return ratio_bits + extra_bits + padding_bits + header_bits;
  }
};
PackedSize size_of(const PackedFile& file);

/// The bytes of a file: "LLWEIGHT", version and description length (32 bits each, little endian),
/// CRC-32 of all that follows it (32 bits), the description (YAML), then every stream, its words
/// one after the other, low bits first, padded to a byte.
std::vector<std::uint8_t> pack(const PackedFile& file);
/// Throws `Error` naming `origin` when the bytes are foreign, damaged, cut short or of a newer
/// version.
PackedFile unpack(std::span<const std::uint8_t> bytes, const std::string& origin);

void write_packed(const std::string& path, const PackedFile& file);
PackedFile read_packed(const std::string& path);

/// `bits` low bits of each word, low bits first, padded to a byte.
std::vector<std::uint8_t> pack_words(std::span<const std::uint32_t> words, int bits);
std::vector<std::uint32_t> unpack_words(std::span<const std::uint8_t> bytes, int bits,
                                        std::size_t count);

}  // namespace lightloom::nn
