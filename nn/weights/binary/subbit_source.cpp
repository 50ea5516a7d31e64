#include "nn/weights/binary/subbit_source.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "nn/weights/seeded/seeded_bits.hpp"
#include "nn/weights/source/no_bits.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

constexpr std::size_t kernel_size = kernel_places;

std::vector<StoredStream> subbit_streams(const LayerShape& shape, int index_bits) {
  return {{.name = "index", .count = shape.weights() / kernel_places, .bits = index_bits},
          {.name = "pattern", .count = std::int64_t{1} << index_bits, .bits = kernel_places},
          {.name = "scale",
           .count = shape.out_channels,
           .bits = 32,
           .in_ratio = false,
           .exposed = false}};
}

float sign_at(std::uint32_t pattern, std::size_t place) {
  return (pattern >> place & 1u) != 0 ? 1.0f : -1.0f;
}

}  // namespace

void describe(Section& section, SubbitCard& card) {
  section.value("index_bits", card.index_bits, {.low = 1, .high = kernel_places - 1});
}

SubbitSource::SubbitSource(const LayerShape& shape, const SubbitCard& card)
    : index_bits_(card.index_bits),
      seed_(layer_seed(0, shape.name)),
      codebook_(card.index_bits),
      index_(static_cast<std::size_t>(shape.weights()) / kernel_size),
      scales_(static_cast<std::size_t>(shape.out_channels)) {
  const auto count = static_cast<std::size_t>(shape.weights());
  weight_ = {
      .name = "weight", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
}

void SubbitSource::encode(std::span<const float> dense) {
  std::copy(dense.begin(), dense.end(), weight_.value.begin());
  codebook_.fit(weight_.value);
}

void SubbitSource::round() {
  const std::span<const float> latent(weight_.value);
  const std::vector<std::uint32_t> patterns = codebook_.words();
  const std::size_t kernels = index_.size() / scales_.size();  // of an output
  for (std::size_t o = 0; o < scales_.size(); ++o) {
    double sum = 0;
    for (std::size_t k = o * kernels; k < (o + 1) * kernels; ++k) {
      const std::span<const float> kernel = latent.subspan(k * kernel_size, kernel_size);
      index_[k] = codebook_.nearest(kernel);
      for (std::size_t i = 0; i < kernel_size; ++i)
        sum += sign_at(patterns[index_[k]], i) * kernel[i];
    }
    scales_[o] =
        static_cast<float>(std::max(0.0, sum / static_cast<double>(kernels * kernel_size)));
  }
}

void SubbitSource::look_up(std::span<const std::uint32_t> patterns, std::span<float> dense) const {
  const std::size_t kernels = index_.size() / scales_.size();
  for (std::size_t k = 0; k < index_.size(); ++k)
    for (std::size_t i = 0; i < kernel_size; ++i)
      dense[k * kernel_size + i] = scales_[k / kernels] * sign_at(patterns[index_[k]], i);
}

void SubbitSource::materialise(std::span<float> dense) {
  round();
  look_up(codebook_.words(), dense);
}

void SubbitSource::backward(std::span<const float> d_dense) {
  const std::size_t kernels = index_.size() / scales_.size();
  for (std::size_t k = 0; k < index_.size(); ++k)
    for (std::size_t i = 0; i < kernel_size; ++i) {
      const float gradient = d_dense[k * kernel_size + i];
      weight_.gradient[k * kernel_size + i] += gradient;
      codebook_.add_gradient(index_[k], i, scales_[k / kernels] * gradient);
    }
}

std::int64_t SubbitSource::own_step(double rate) { return codebook_.step(rate, seed_); }

std::vector<StoredStream> SubbitSource::streams() const {
  const LayerShape shape{.out_channels = static_cast<int>(scales_.size())};
  std::vector<StoredStream> streams = subbit_streams(shape, index_bits_);
  streams[0].count = static_cast<std::int64_t>(index_.size());
  return streams;
}

std::vector<CodedStream> SubbitSource::codes() {
  round();
  CodedStream index{.name = "index", .bits = index_bits_, .words = index_};
  CodedStream pattern{.name = "pattern", .bits = kernel_places, .words = codebook_.words()};
  return {std::move(index), std::move(pattern), to_words(streams()[2], WordCoding::real, scales_)};
}

void SubbitSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 3 && streams[0].words.size() == index_.size() &&
              streams[1].words.size() == codebook_.size(),
          "these stored streams belong to another layer");
  index_ = streams[0].words;
  from_words(streams[2], WordCoding::real, scales_);
  look_up(streams[1].words, dense);
}

RegenerationWork SubbitSource::work() const {
  return {.lookups = static_cast<std::int64_t>(index_.size())};
}

SourceEntry subbit_entry() {
  const auto own = [](const SourceCard& card) { return card.settings.of<SubbitCard>(); };
  return {.name = subbit_kind,
          .settings = {settings_of<SubbitCard>("subbit")},
          .describe_bits = no_bits("subbit (its words have `subbit.index_bits`)"),
          .takes =
              [](const SourceCard&, const LayerShape& shape) {
                return !is_linear(shape) && shape.kernel_height == 3 && shape.kernel_width == 3;
              },
          .make =
              [own](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<SubbitSource>(shape, own(card));
              },
          .streams =
              [own](const SourceCard& card, const LayerShape& shape) {
                return subbit_streams(shape, own(card).index_bits);
              },
          .own_rule = true};
}

}  // namespace lightloom::nn
