#include "nn/weights/seeded/subspace_source.hpp"

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "nn/ops/quantise.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr int clipped_bits = 4;  // from here down the scale clips, as uniform integers' does

std::int64_t subspace_blocks(std::int64_t weights, int block) {
  return (weights + block - 1) / block;
}

std::vector<StoredStream> subspace_streams(std::int64_t coefficients, int bits) {
  return {{.name = "coefficient", .count = coefficients, .bits = bits},
          seed_stream(),
          {.name = "scale", .count = 1, .bits = 32, .in_ratio = false, .exposed = false}};
}

}  // namespace

void describe(Section& section, SubspaceCard& card) {
  section.value("block", card.block, {.low = 2, .high = 65536});
  section.value("inputs", card.inputs, {.low = 1, .high = 65536});
  section.choice("linear", card.linear,
                 {{"rounded", SubspaceLinear::rounded}, {"generated", SubspaceLinear::generated}});
  section.value("seed", card.seed);
  if (!std::has_single_bit(static_cast<unsigned>(card.block)))
    section.problem("block", fmt::format("is {} but must be a power of two (its transform halves "
                                         "and halves)",
                                         card.block));
  if (card.inputs > card.block)
    section.problem("inputs", fmt::format("is {} but a block has {} weights (more coefficients "
                                          "than weights say nothing more)",
                                          card.inputs, card.block));
}

SubspaceSource::SubspaceSource(const LayerShape& shape, int bits, const SubspaceCard& card)
    : basis_(card.block, card.inputs),
      bits_(bits),
      weights_(shape.weights()),
      blocks_(subspace_blocks(shape.weights(), card.block)),
      seed_(layer_seed(card.seed, shape.name)),
      seed_now_(seed_.get()) {
  const std::size_t count = static_cast<std::size_t>(blocks_) * basis_.inputs();
  coefficient_ = {.name = "coefficient",
                  .value = std::vector<float>(count),
                  .gradient = std::vector<float>(count)};
  clip_ = {.name = "clip", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
  levels_.resize(count);
}

std::vector<float> SubspaceSource::projected(std::uint32_t seed,
                                             std::span<const float> dense) const {
  const std::size_t n = basis_.block(), k = basis_.inputs();
  std::vector<float> all(static_cast<std::size_t>(blocks_) * k);
#pragma omp parallel for schedule(static)
  for (std::int64_t b = 0; b < blocks_; ++b) {
    const std::size_t first = static_cast<std::size_t>(b) * n;
    std::vector<float> block(n);  // zero behind the layer's end
    const auto part = dense.subspan(first, std::min(n, dense.size() - first));
    std::copy(part.begin(), part.end(), block.begin());
    basis_.project(seed, b, block, std::span(all).subspan(static_cast<std::size_t>(b) * k, k));
  }
  for (float& one : all) one /= static_cast<float>(n);
  return all;
}

void SubspaceSource::encode(std::span<const float> dense) {
  coefficient_.value = projected(seed_.get(), dense);
  clip_.value[0] = bits_ <= clipped_bits ? best_clip(coefficient_.value, bits_) : 1.0f;
}

void SubspaceSource::round() {
  scale_ = integer_forward(coefficient_.value, bits_, clip_.value[0], levels_) /
           static_cast<float>(basis_.block());
  seed_now_ = seed_.get();
}

void SubspaceSource::expand(std::span<float> dense) const {
  const std::size_t n = basis_.block(), k = basis_.inputs();
#pragma omp parallel for schedule(static)
  for (std::int64_t b = 0; b < blocks_; ++b) {
    const std::size_t first = static_cast<std::size_t>(b) * n;
    std::vector<float> block(n);
    basis_.expand(seed_now_, b, std::span(levels_).subspan(static_cast<std::size_t>(b) * k, k),
                  block);
    const std::span<float> part = dense.subspan(first, std::min(n, dense.size() - first));
    for (std::size_t i = 0; i < part.size(); ++i) part[i] = scale_ * block[i];
  }
}

void SubspaceSource::materialise(std::span<float> dense) {
  round();
  expand(dense);
}

void SubspaceSource::backward(std::span<const float> d_dense) {
  const std::vector<float> gradient = projected(seed_now_, d_dense);
  for (std::size_t i = 0; i < gradient.size(); ++i) coefficient_.gradient[i] += gradient[i];
}

std::vector<StoredStream> SubspaceSource::streams() const {
  return subspace_streams(static_cast<std::int64_t>(levels_.size()), bits_);
}

std::vector<CodedStream> SubspaceSource::codes() {
  round();
  return {to_words(streams()[0], WordCoding::offset, levels_), coded_seed(seed_now_),
          scale_stream(scale_)};
}

void SubspaceSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 3 && streams[1].words.size() == 1 && streams[2].words.size() == 1,
          "these stored streams belong to another layer");
  from_words(streams[0], WordCoding::offset, levels_);
  seed_now_ = streams[1].words[0];
  scale_ = to_float(streams[2].words[0]);
  expand(dense);
}

RegenerationWork SubspaceSource::work() const { return basis_.work(blocks_); }

SourceEntry subspace_entry() {
  const auto own = [](const SourceCard& card) { return card.settings.of<SubspaceCard>(); };
  return {.name = subspace_kind,
          .settings = {settings_of<SubspaceCard>("subspace")},
          .bits_range = {.low = 2, .high = 8},
          .takes =
              [own](const SourceCard& card, const LayerShape& shape) {
                return !is_linear(shape) || own(card).linear == SubspaceLinear::generated;
              },
          .make =
              [own](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<SubspaceSource>(shape, card.bits, own(card));
              },
          .streams =
              [own](const SourceCard& card, const LayerShape& shape) {
                const SubspaceCard& subspace = own(card);
                return subspace_streams(
                    subspace.inputs * subspace_blocks(shape.weights(), subspace.block), card.bits);
              }};
}

}  // namespace lightloom::nn
