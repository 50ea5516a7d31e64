#pragma once

#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* tiled_kind = "tiled";

/// What the magnitude of a repetition is.
enum class TiledScale {
  magnitude,  // mean |s| of its scores, as published
  nearest,    // mean of s times the tile's sign, not below 0: the least squared error of the scores
};

/// What `tiled` reads of the section `weights`.
struct TiledCard {
  int repeats = 4;           // of a layer's tile
  std::int64_t minimum = 0;  // layers with fewer weights have a tile of their own size
  TiledScale scale = TiledScale::magnitude;
};
/// Keys: repeats, minimum, scale.
void describe(Section& section, TiledCard& card);

/// One tile of signs, repeated (tiled bits, arXiv 2407.12075): the scores of a layer, one a weight,
/// are cut into p runs of N / p, summed over the runs and signed, b_j = sign(sum_r s_rj) with
/// sign(0) = 1; w_rj = a_r b_j with a magnitude a_r of each run. The gradient goes straight through
/// the sign to all scores of the sum, and through the magnitude as it is. p is the greatest common
/// divisor of `repeats` and the outputs, so that a run is whole rows of the layer's matrix; 1 for
/// grouped layers.
class TiledSource final : public WeightSource {
 public:
  TiledSource(const LayerShape& shape, const TiledCard& card);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&score_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// None: a run's magnitude belongs to whole outputs.
  [[nodiscard]] RegenerationWork work() const override { return {}; }
  [[nodiscard]] int row_repeats() const override { return static_cast<int>(scales_.size()); }

 private:
  void round();
  void repeat(std::span<float> dense) const;
  [[nodiscard]] float run_scale(std::span<const float> scores) const;

  Parameter score_;
  TiledScale way_;
  std::vector<float> signs_;   // of the tile, of the latest round or decode
  std::vector<float> scales_;  // by run
};

/// How often a layer's tile comes.
int tile_repeats(const LayerShape& shape, const TiledCard& card);

/// `tiled`: every layer; linear ones too unless `fc_bits` gives them other bits than 1.
SourceEntry tiled_entry();

}  // namespace lightloom::nn
