#include "nn/weights/source/stored_words.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

constexpr int most_word_bits = 23;

std::uint32_t word_of(float level, int bits, WordCoding coding) {
  if (coding == WordCoding::real) return std::bit_cast<std::uint32_t>(level);
  if (bits == 1) return level < 0.0f ? 0u : 1u;
  const auto n = static_cast<std::int32_t>(level);
  const std::int32_t word =
      coding == WordCoding::odd ? (n + (1 << bits) - 1) / 2 : n + (1 << (bits - 1));
  assert(word >= 0 && word < (1 << bits));
  return static_cast<std::uint32_t>(word);
}

float level_of(std::uint32_t word, int bits, WordCoding coding) {
  if (coding == WordCoding::real) return std::bit_cast<float>(word);
  if (bits == 1) return word == 0u ? -1.0f : 1.0f;
  const auto code = static_cast<std::int32_t>(word);
  return static_cast<float>(coding == WordCoding::odd ? 2 * code - ((1 << bits) - 1)
                                                      : code - (1 << (bits - 1)));
}

}  // namespace

CodedStream to_words(const StoredStream& stream, WordCoding coding, std::span<const float> levels) {
  require(
      coding == WordCoding::real || stream.bits <= most_word_bits,
      "stream '{}' of {} bits cannot be stored bit-exactly (rounded streams have at most {} bits)",
      stream.name, stream.bits, most_word_bits);
  CodedStream coded{.name = stream.name,
                    .bits = stream.bits,
                    .in_ratio = stream.in_ratio,
                    .exposed = stream.exposed};
  coded.words.reserve(levels.size());
  for (const float level : levels) coded.words.push_back(word_of(level, stream.bits, coding));
  return coded;
}

void require_streams(std::span<const StoredStream> expected, std::span<const CodedStream> given,
                     const std::string& layer) {
  require(given.size() == expected.size(), "layer '{}' has {} stored streams but needs {}", layer,
          given.size(), expected.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto words = static_cast<std::int64_t>(given[i].words.size());
    const std::int64_t most = expected[i].most;
    require(given[i].name == expected[i].name && given[i].bits == expected[i].bits &&
                (words == expected[i].count || (most > 0 && words <= most)),
            "layer '{}' has a stream '{}' of {} words of {} bits but needs '{}' of {} words of {}",
            layer, given[i].name, words, given[i].bits, expected[i].name,
            std::max(expected[i].count, most), expected[i].bits);
  }
}

int stored_exponent(std::uint32_t word) {
  const float value = to_float(word);
  return std::isnan(value) ? 0 : static_cast<int>(std::clamp(value, -200.0f, 200.0f));
}

void from_words(const CodedStream& stream, WordCoding coding, std::span<float> levels) {
  require(stream.words.size() == levels.size(), "stream '{}' has {} words but the layer needs {}",
          stream.name, stream.words.size(), levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i)
    levels[i] = level_of(stream.words[i], stream.bits, coding);
}

CodedStream scale_stream(float scale) {
  return {.name = "scale",
          .bits = 32,
          .in_ratio = false,
          .exposed = false,
          .words = {std::bit_cast<std::uint32_t>(scale)}};
}

}  // namespace lightloom::nn
