#pragma once

#include "nn/weights/seeded/seeded_bits.hpp"
#include "nn/weights/slices/layer_slice.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* supermask_kind = "supermask";

/// What sets the one magnitude of a layer's weights.
enum class SupermaskScale {
  fitted,  // the least squared error of the weights that are encoded; where that is none
           // (they are zero, or oppose the signs they must keep), as fan_in
  fan_in,  // sqrt(2 / fan-in), divided by sqrt(kept), whatever they are
};

/// What `supermask` reads of the section `weights`.
struct SupermaskCard {
  double kept = 0.5;  // share of a layer's weights that are not zero
  SupermaskScale scale = SupermaskScale::fitted;
  std::uint64_t seed = 0;
};
/// Keys: kept, scale, seed.
void describe(Section& section, SupermaskCard& card);

/// Random weights that are never trained, of which a trained mask keeps some (edge-popup,
/// Ramanujan et al., CVPR 2020, arXiv 1911.13299; on a chip: Hiddenite, ISSCC 2022): w = c m r with
/// signs r from a seed, one magnitude c a layer, and m = 1 for the round(kept N) largest |s|, the
/// first among equals. Scores s are trained straight through the choice: dL/ds = sign(s) c r dL/dw.
class SupermaskSource final : public WeightSource, public WordPerWeight {
 public:
  SupermaskSource(const LayerShape& shape, const SupermaskCard& card);

  /// Scores r w above their smallest, so that the largest r w are kept.
  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&score_}; }
  std::vector<Parameter*> constants() override { return {&scale_, &signs_.constant()}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// The signs, and one operation that masks 32 of them.
  [[nodiscard]] RegenerationWork work() const override;

 private:
  void choose();
  void spread(std::uint32_t seed, float scale, std::span<float> dense);

  SeededSigns signs_;
  Parameter score_, scale_;
  SupermaskScale way_;
  std::size_t kept_;
  std::vector<float> magnitudes_;  // of the scores, for the choice
  std::vector<float> mask_;        // 0 or 1, of the latest choice or decode
  std::uint32_t seed_now_;         // of the latest materialise or decode
  float scale_now_ = 1;
};

/// `supermask`: every layer; linear ones too unless `fc_bits` gives them other bits than 1.
SourceEntry supermask_entry();

}  // namespace lightloom::nn
