#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// How a stream's numbers become words.
enum class WordCoding {
  real,  // IEEE single precision, 32 bits
  odd,  // odd integers n in [-(2^b - 1), 2^b - 1] as (n + 2^b - 1) / 2: no zero; for 1 bit the sign
  offset,  // integers n as n + 2^(b-1) (1 bit: the sign)
};

/// Throws `Error` for rounded streams of more than 23 bits, whose levels single precision does not
/// hold.
CodedStream to_words(const StoredStream& stream, WordCoding coding, std::span<const float> levels);

/// The inverse.
void from_words(const CodedStream& stream, WordCoding coding, std::span<float> levels);

/// Throws `Error` unless the streams are those that a layer's source stores: names, bits, and as
/// many words. Streams whose length depends on the weights (`StoredStream::most`) may have fewer.
void require_streams(std::span<const StoredStream> expected, std::span<const CodedStream> given,
                     const std::string& layer);

/// An exponent stored as a float, however damaged: within +-200.
int stored_exponent(std::uint32_t word);

/// One float as a stream of one word.
CodedStream scale_stream(float scale);

inline float to_float(std::uint32_t word) { return std::bit_cast<float>(word); }

}  // namespace lightloom::nn
