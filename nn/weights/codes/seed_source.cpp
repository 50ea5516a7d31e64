#include "nn/weights/codes/seed_source.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "nn/weights/codes/shift_register.hpp"
#include "nn/weights/source/projected_source.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr int small_bits = 4;  // of exponents and coefficients
constexpr Range seed_bits{.low = 3, .high = 4};

std::int64_t blocks_of(const SeedCode& code, std::int64_t weights) {
  return (weights + code.block - 1) / code.block;
}

float root_mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return values.empty() ? 0.0f
                        : static_cast<float>(std::sqrt(sum / static_cast<double>(values.size())));
}

Parameter fixed(const char* name, std::int64_t count, float value) {
  return {.name = name,
          .value = std::vector<float>(static_cast<std::size_t>(count), value),
          .gradient = {}};
}

/// Weights of one block: whole numbers of single precision but for the factor.
void decode_block(const SeedCode& code, const SeedBlock& block, float factor,
                  std::span<float> dense) {
  const std::vector<int> matrix = seed_matrix(code, block.seed);
  for (std::size_t c = 0; c < dense.size(); ++c) {
    int sum = 0;
    for (std::size_t p = 0; p < block.coefficients.size(); ++p)
      sum += matrix[c * block.coefficients.size() + p] * block.coefficients[p];
    dense[c] = factor * static_cast<float>(sum);
  }
}

/// The block of stored words.
SeedBlock stored_block(const SeedCode& code, std::span<const CodedStream> streams, std::size_t b) {
  const auto small = [](std::uint32_t word) { return static_cast<int>(word) + coefficient_low; };
  SeedBlock block{
      .seed = streams[0].words[b], .exponent = small(streams[1].words[b]), .coefficients = {}};
  const auto count = static_cast<std::size_t>(code.coefficients);
  for (std::size_t p = 0; p < count; ++p)
    block.coefficients.push_back(small(streams[2].words[b * count + p]));
  return block;
}

}  // namespace

void describe(Section& section, SeedCard& card) {
  section.value("stride", card.stride, {.low = 1, .high = register_period - 1});
}

SeedCode seed_code(int bits, const SeedCard& card) {
  assert(bits == 3 || bits == 4);
  return bits == 4 ? SeedCode{.block = 8, .coefficients = 3, .stride = card.stride}
                   : SeedCode{.block = 12, .coefficients = 4, .stride = card.stride};
}

SeedSource::SeedSource(const SeedCode& code, std::int64_t weights)
    : code_(code),
      weights_(weights),
      seeds_(fixed("seed", blocks_of(code, weights), 1)),
      exponents_(fixed("exponent", blocks_of(code, weights), 0)),
      coefficients_(fixed("coefficient", blocks_of(code, weights) * code.coefficients, 0)),
      scale_(fixed("scale", 1, 0)) {}

std::int64_t SeedSource::blocks() const { return blocks_of(code_, weights_); }

void SeedSource::encode(std::span<const float> dense) {
  assert(static_cast<std::int64_t>(dense.size()) == weights_);
  scale_.value[0] = root_mean_square(dense);
  std::vector<float> filled(static_cast<std::size_t>(blocks() * code_.block));
  if (scale_.value[0] > 0)
    for (std::size_t i = 0; i < dense.size(); ++i) filled[i] = dense[i] / scale_.value[0];
  const std::vector<SeedBlock> coded = search_seeds(*seed_table(code_), filled);
  auto coefficient = coefficients_.value.begin();
  for (std::size_t b = 0; b < coded.size(); ++b) {
    seeds_.value[b] = static_cast<float>(coded[b].seed);
    exponents_.value[b] = static_cast<float>(coded[b].exponent);
    for (const int t : coded[b].coefficients) *coefficient++ = static_cast<float>(t);
  }
}

void SeedSource::materialise(std::span<float> dense) { decode(codes(), dense); }

std::vector<StoredStream> seed_streams(const SeedCode& code, std::int64_t weights) {
  const std::int64_t blocks = blocks_of(code, weights);
  return {{.name = "seed", .count = blocks, .bits = register_bits},
          {.name = "exponent", .count = blocks, .bits = small_bits},
          {.name = "coefficient", .count = blocks * code.coefficients, .bits = small_bits},
          {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false}};
}

std::vector<StoredStream> SeedSource::streams() const { return seed_streams(code_, weights_); }

std::vector<CodedStream> SeedSource::codes() {
  const std::vector<StoredStream> stored = streams();
  CodedStream seeds{.name = stored[0].name, .bits = register_bits};
  for (const float seed : seeds_.value) seeds.words.push_back(static_cast<std::uint32_t>(seed));
  return {std::move(seeds), to_words(stored[1], WordCoding::offset, exponents_.value),
          to_words(stored[2], WordCoding::offset, coefficients_.value),
          scale_stream(scale_.value[0])};
}

void SeedSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  const auto count = static_cast<std::size_t>(blocks());
  require(streams.size() == 4 && streams[0].words.size() == count &&
              streams[1].words.size() == count &&
              streams[2].words.size() == coefficients_.value.size() && streams[3].words.size() == 1,
          "these stored streams belong to another layer");
  const float scale = to_float(streams[3].words[0]);
  const auto size = static_cast<std::size_t>(code_.block);
  for (std::size_t b = 0; b < count; ++b) {
    const SeedBlock block = stored_block(code_, streams, b);
    const auto part = dense.subspan(b * size, std::min(size, dense.size() - b * size));
    decode_block(code_, block, std::ldexp(scale, block.exponent) / 32767.0f, part);
  }
}

RegenerationWork SeedSource::work() const {
  const std::int64_t numbers = blocks() * code_.block * code_.coefficients;
  const std::int64_t xors = numbers * step_xors(code_.stride);
  return {.cross_macs = numbers,
          .shifts = numbers + weights_,
          .adds = (xors + register_bits - 1) / register_bits,
          .sum_bits = register_bits};
}

SourceEntry seed_entry() {
  const auto code = [](const SourceCard& card, const LayerShape& shape) {
    return seed_code(is_linear(shape) ? card.fc_bits : card.bits, card.settings.of<SeedCard>());
  };
  return {.name = seed_kind,
          .settings = {settings_of<SeedCard>("seedlm")},
          .bits = 4,
          .bits_range = seed_bits,
          .linear_range = seed_bits,
          .bits_of_linear = [](const SourceCard& card) { return card.bits; },
          .make =
              [code](const SourceCard& card, const LayerShape& shape) {
                auto source = std::make_unique<SeedSource>(code(card, shape), shape.weights());
                return std::make_unique<ProjectedSource>(std::move(source), shape);
              },
          .streams =
              [code](const SourceCard& card, const LayerShape& shape) {
                return seed_streams(code(card, shape), shape.weights());
              }};
}

}  // namespace lightloom::nn
