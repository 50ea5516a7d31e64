#include "nn/weights/binary/xor_source.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/weights/seeded/seeded_bits.hpp"
#include "nn/weights/source/no_bits.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr int xor_code_bits = 1;

std::int64_t xor_blocks(std::int64_t weights, const XorSize& size) {
  return (weights + size.outputs - 1) / size.outputs;
}

std::vector<StoredStream> xor_streams(const LayerShape& shape, const XorCard& card) {
  const std::int64_t bits = xor_blocks(shape.weights(), card.size) * card.size.inputs;
  return {{.name = "code", .count = card.planes * bits, .bits = xor_code_bits},
          {.name = "scale",
           .count = std::int64_t{card.planes} * shape.out_channels,
           .bits = 32,
           .in_ratio = false,
           .exposed = false}};
}

}  // namespace

void describe(Section& section, XorCard& card) {
  section.value("inputs", card.size.inputs, {.low = 2, .high = 12});
  section.value("outputs", card.size.outputs, {.low = 2, .high = 64});
  section.value("taps", card.size.taps, {.low = 1, .high = 4});
  section.value("planes", card.planes, {.low = 1, .high = 4});
  section.value("sharpness", card.sharpness, positive);
  section.value("warm_up", card.warm_up, not_negative);
  if (card.size.outputs < card.size.inputs)
    section.problem("outputs", fmt::format("is {} but must be at least inputs, {} (fewer bits than "
                                           "weights are stored, or as many)",
                                           card.size.outputs, card.size.inputs));
  if (card.size.taps > card.size.inputs)
    section.problem("taps", fmt::format("is {} but there are {} inputs to tap", card.size.taps,
                                        card.size.inputs));
}

XorSource::XorSource(const LayerShape& shape, const XorCard& card)
    : network_(card.size),
      planes_(static_cast<std::size_t>(card.planes)),
      weights_(static_cast<std::size_t>(shape.weights())),
      blocks_(static_cast<std::size_t>(xor_blocks(shape.weights(), card.size))),
      outputs_(static_cast<std::size_t>(shape.out_channels)),
      full_sharpness_(card.sharpness),
      sharpness_(card.sharpness),
      warm_up_(card.warm_up) {
  const std::size_t bits = planes_ * blocks_ * static_cast<std::size_t>(card.size.inputs);
  latent_ = {
      .name = "code", .value = std::vector<float>(bits), .gradient = std::vector<float>(bits)};
  scale_ = {.name = "scale",
            .value = std::vector<float>(planes_ * outputs_, 1.0f),
            .gradient = std::vector<float>(planes_ * outputs_),
            .decay = false};
  signs_.assign(bits, 1.0f);
  scales_ = scale_.value;
}

std::size_t XorSource::scale_of(std::size_t plane, std::size_t weight) const {
  return plane * outputs_ + weight / (weights_ / outputs_);
}

template <class Use>
void XorSource::for_each_bit(const Use& use) {
  const auto inputs = static_cast<std::size_t>(network_.size().inputs),
             wide = static_cast<std::size_t>(network_.size().outputs);
  for (std::size_t plane = 0; plane < planes_; ++plane)
    for (std::size_t block = 0; block < blocks_; ++block) {
      const std::size_t first = (plane * blocks_ + block) * inputs;
      const std::span<const float> signs = std::span(signs_).subspan(first, inputs);
      for (std::size_t o = 0; o < wide && block * wide + o < weights_; ++o)
        use(plane, block * wide + o, o, signs);
    }
}

/// Turns a block's signs into latents: the mean of the weights that each decides, under its sign,
/// so that they are as large as weights and the doubtful turn first.
void XorSource::weigh(std::span<const float> block, std::span<float> latent) const {
  constexpr double least = 1e-6;  // keeps the sign
  std::vector<double> sums(latent.size()), counts(latent.size());
  for (std::size_t o = 0; o < block.size(); ++o)
    for (const std::size_t tap : network_.taps(o)) {
      sums[tap] += double{network_.sign(o, latent)} * block[o];
      ++counts[tap];
    }
  for (std::size_t i = 0; i < latent.size(); ++i)
    latent[i] *= static_cast<float>(std::max(least, sums[i] / std::max(1.0, counts[i])));
}

void XorSource::encode_plane(std::size_t plane, std::span<float> rest) {
  const auto inputs = static_cast<std::size_t>(network_.size().inputs),
             wide = static_cast<std::size_t>(network_.size().outputs);
  std::vector<double> sums(outputs_);
  std::vector<float> signs(weights_);
  for (std::size_t block = 0; block < blocks_; ++block) {
    const std::size_t begin = block * wide, count = std::min(wide, weights_ - begin);
    const std::uint32_t code = network_.best(rest.subspan(begin, count));
    const std::span<float> latent =
        std::span(latent_.value).subspan((plane * blocks_ + block) * inputs, inputs);
    for (std::size_t i = 0; i < inputs; ++i) latent[i] = (code >> i & 1u) != 0 ? 1.0f : -1.0f;
    for (std::size_t o = 0; o < count; ++o) {
      signs[begin + o] = network_.sign(o, latent);
      sums[scale_of(0, begin + o)] += double{signs[begin + o]} * rest[begin + o];
    }
    weigh(rest.subspan(begin, count), latent);
  }
  for (std::size_t o = 0; o < outputs_; ++o)
    scale_.value[plane * outputs_ + o] = static_cast<float>(
        std::max(0.0, sums[o] * static_cast<double>(outputs_) / static_cast<double>(weights_)));
  for (std::size_t i = 0; i < weights_; ++i) rest[i] -= scale_.value[scale_of(plane, i)] * signs[i];
}

void XorSource::encode(std::span<const float> dense) {
  std::vector<float> rest(dense.begin(), dense.end());
  for (std::size_t plane = 0; plane < planes_; ++plane) encode_plane(plane, rest);
}

void XorSource::round() {
  for (std::size_t i = 0; i < signs_.size(); ++i) signs_[i] = latent_.value[i] < 0 ? -1.0f : 1.0f;
  scales_ = scale_.value;
}

void XorSource::expand(std::span<const float> scales, std::span<float> dense) {
  std::fill(dense.begin(), dense.end(), 0.0f);
  for_each_bit(
      [&](std::size_t plane, std::size_t weight, std::size_t output, std::span<const float> signs) {
        dense[weight] += scales[scale_of(plane, weight)] * network_.sign(output, signs);
      });
}

void XorSource::materialise(std::span<float> dense) {
  round();
  expand(scales_, dense);
}

void XorSource::backward(std::span<const float> d_dense) {
  std::vector<float> through(latent_.value.size());
  const float share = static_cast<float>(outputs_) / static_cast<float>(weights_);
  const float* const all = signs_.data();
  for_each_bit(
      [&](std::size_t plane, std::size_t weight, std::size_t output, std::span<const float> signs) {
        const float bit = network_.sign(output, signs);
        const std::size_t scale = scale_of(plane, weight);
        scale_.gradient[scale] += share * bit * d_dense[weight];
        const auto first = static_cast<std::size_t>(signs.data() - all);
        for (const std::size_t tap : network_.taps(output))
          through[first + tap] += scales_[scale] * d_dense[weight] * bit * signs[tap];
      });
  for (std::size_t i = 0; i < through.size(); ++i) {
    const double bent = std::tanh(sharpness_ * latent_.value[i]);
    latent_.gradient[i] += static_cast<float>(sharpness_ * (1 - bent * bent)) * through[i];
  }
}

void XorSource::set_step(std::optional<TrainingStep> step) {
  const bool warming = step && step->epoch + 1 < warm_up_;
  sharpness_ = warming ? full_sharpness_ * (step->epoch + 1) / warm_up_ : full_sharpness_;
}

std::vector<StoredStream> XorSource::streams() const {
  return {
      {.name = "code", .count = static_cast<std::int64_t>(signs_.size()), .bits = xor_code_bits},
      {.name = "scale",
       .count = static_cast<std::int64_t>(scales_.size()),
       .bits = 32,
       .in_ratio = false,
       .exposed = false}};
}

std::vector<CodedStream> XorSource::codes() {
  round();
  const std::vector<StoredStream> stored = streams();
  return {to_words(stored[0], WordCoding::offset, signs_),
          to_words(stored[1], WordCoding::real, scales_)};
}

void XorSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2, "a layer of xor was stored in {} streams", streams.size());
  from_words(streams[0], WordCoding::offset, signs_);
  from_words(streams[1], WordCoding::real, scales_);
  expand(scales_, dense);
}

RegenerationWork XorSource::work() const {
  const auto weights = static_cast<std::int64_t>(weights_),
             planes = static_cast<std::int64_t>(planes_);
  const std::int64_t gates = planes * (network_.size().taps - 1) * weights;
  return {.adds = (gates + 7) / 8 + (planes - 1) * weights};  // a byte of gates an operation
}

SourceEntry xor_entry() {
  const auto own = [](const SourceCard& card) { return card.settings.of<XorCard>(); };
  return {.name = xor_kind,
          .settings = {settings_of<XorCard>("xor")},
          .describe_bits = no_bits("xor (it stores planes * inputs / outputs bits a weight)"),
          .bits_of_linear = [](const SourceCard&) { return xor_code_bits; },
          .takes =
              [](const SourceCard& card, const LayerShape& shape) {
                return !is_linear(shape) || card.fc_bits == xor_code_bits;
              },
          .make =
              [own](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<XorSource>(shape, own(card));
              },
          .streams = [own](const SourceCard& card,
                           const LayerShape& shape) { return xor_streams(shape, own(card)); }};
}

}  // namespace lightloom::nn
