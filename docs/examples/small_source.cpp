// A weight source of one's own, whole: block floating point. Neighbouring weights share an exponent
// of 8 bits, each is an integer n of a few bits: w = n 2^e. A shift rebuilds it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <lightloom/core/cards/tree.hpp>
#include <lightloom/nn/weights/source/stored_words.hpp>
#include <lightloom/nn/weights/source_card.hpp>
#include <lightloom/nn/weights/source_table.hpp>

using namespace lightloom;
using namespace lightloom::nn;

/// What it reads of the section `weights`, beside the keys of every source.
struct BlockCard {
  int block = 16;  // weights that share an exponent
};
void describe(Section& section, BlockCard& card) {
  section.value("block_size", card.block, {.low = 1, .high = 4096});
}

std::vector<StoredStream> block_streams(std::int64_t weights, int bits, int block) {
  return {{.name = "integer", .count = weights, .bits = bits},
          {.name = "exponent", .count = (weights + block - 1) / block, .bits = 8}};
}

class BlockSource final : public WeightSource {
 public:
  BlockSource(std::int64_t weights, int bits, int block)
      : streams_(block_streams(weights, bits, block)), block_(static_cast<std::size_t>(block)) {
    const auto size = static_cast<std::size_t>(weights);
    weight_ = {
        .name = "weight", .value = std::vector<float>(size), .gradient = std::vector<float>(size)};
  }

  // The code.
  void encode(std::span<const float> dense) override {
    weight_.value.assign(dense.begin(), dense.end());
  }
  std::vector<StoredStream> streams() const override { return streams_; }
  std::vector<CodedStream> codes() override {
    std::vector<float> integers, exponents;
    const float top = std::ldexp(1.0f, streams_[0].bits - 1) - 1;  // the largest integer
    for (std::size_t first = 0; first < weight_.value.size(); first += block_) {
      const std::span<const float> all(weight_.value);
      const auto block = all.subspan(first, std::min(block_, all.size() - first));
      float largest = 0x1p-100f;
      for (const float w : block) largest = std::max(largest, std::abs(w));
      exponents.push_back(std::clamp(std::ceil(std::log2(largest / top)), -128.0f, 127.0f));
      const float step = std::exp2(exponents.back());
      for (const float w : block) integers.push_back(std::clamp(std::rint(w / step), -top, top));
    }
    return {to_words(streams_[0], WordCoding::offset, integers),
            to_words(streams_[1], WordCoding::offset, exponents)};
  }
  void decode(std::span<const CodedStream> coded, std::span<float> dense) override {
    std::vector<float> exponents(coded[1].words.size());
    from_words(coded[0], WordCoding::offset, dense);
    from_words(coded[1], WordCoding::offset, exponents);
    for (std::size_t i = 0; i < dense.size(); ++i) dense[i] *= std::exp2(exponents[i / block_]);
  }
  void materialise(std::span<float> dense) override { decode(codes(), dense); }
  RegenerationWork work() const override { return {.shifts = streams_[0].count}; }

  // The learning: a latent weight, straight through the rounding.
  std::vector<Parameter*> parameters() override { return {&weight_}; }
  void backward(std::span<const float> d_dense) override {
    for (std::size_t i = 0; i < d_dense.size(); ++i) weight_.gradient[i] += d_dense[i];
  }

 private:
  std::vector<StoredStream> streams_;
  std::size_t block_;
  Parameter weight_;
};

/// Its row in the table of sources.
SourceEntry block_entry() {
  const auto block = [](const SourceCard& card) { return card.settings.of<BlockCard>().block; };
  return {.name = "block_float",
          .settings = {settings_of<BlockCard>()},
          .bits_range = {.low = 2, .high = 16},
          .takes = [](const SourceCard&, const LayerShape& shape) { return !is_linear(shape); },
          .make =
              [block](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<BlockSource>(shape.weights(), card.bits, block(card));
              },
          .streams =
              [block](const SourceCard& card, const LayerShape& shape) {
                return block_streams(shape.weights(), card.bits, block(card));
              }};
}

int main() {
  register_source(block_entry());
  const auto card =
      read_card<SourceCard>(parse_yaml("{source: block_float, bits: 6, block_size: 27}", "card"));
  const LayerShape layer{
      .name = "conv1", .in_channels = 3, .out_channels = 8, .kernel_height = 3, .kernel_width = 3};

  std::vector<float> dense(static_cast<std::size_t>(layer.weights())), weight(dense), again(dense);
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = std::sin(static_cast<float>(i * i));
  const std::unique_ptr<WeightSource> source = make_source(card, layer);
  source->encode(dense);
  source->materialise(weight);
  source->decode(source->codes(), again);

  std::int64_t bits = 0;
  for (const StoredStream& stream : source->streams()) bits += stream.count * stream.bits;
  float worst = 0;
  for (std::size_t i = 0; i < dense.size(); ++i)
    worst = std::max(worst, std::abs(weight[i] - dense[i]));
  fmt::print("{} weights in {} bits, off by at most {:.4f}\n", dense.size(), bits, worst);
  return weight == again && worst <= 0x1p-5f ? 0 : 1;
}
