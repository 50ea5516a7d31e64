#pragma once

#include "nn/weights/codes/mixing.hpp"
#include "nn/weights/codes/trellis_code.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* trellis_kind = "trellis";

/// Weights whose words form one ring, 256 to 511 where a layer has as many: each ring is read
/// without the others, and a damaged bit reaches at most the weights whose states it is in.
inline constexpr std::int64_t ring_weights = 256;

/// Whether weights are made nearly normal before they are coded.
enum class Mixing { none, hadamard };

/// What `trellis` reads of the section `weights`.
struct TrellisCard {
  int state_bits = 12;  // 8, 12 or 16
  Mixing transform = Mixing::none;
};
/// Keys: state_bits, transform.
void describe(Section& section, TrellisCard& card);

/// A layer under the computed trellis code of QTIP: `bits` bits a weight and one scale a layer,
/// found by a search: the share of the spread that the code's levels leave least error at, tried on
/// a few rings, then the scale of least squares.
class TrellisSource final : public WeightSource {
 public:
  TrellisSource(const TrellisCard& card, const LayerShape& shape, int bits);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// A multiplication and addition a weight for the state's hash, three additions of bytes (the
  /// offset of 510 is two of their carries), and those of the inverse transform.
  [[nodiscard]] RegenerationWork work() const override;

  /// Nothing learns: layers have it in a `ProjectedSource`.
  std::vector<Parameter*> parameters() override { return {}; }
  std::vector<Parameter*> constants() override { return {&words_, &scale_}; }
  void backward(std::span<const float> /*d_dense*/) override {}

 private:
  TrellisCard card_;
  TrellisCode code_;
  MixedShape shape_;
  Parameter words_, scale_;
};

std::vector<StoredStream> trellis_streams(std::int64_t weights, int bits);

/// `trellis`: every layer, 1 to 4 bits, linear ones at `fc_bits`, by default as the others.
SourceEntry trellis_entry();

}  // namespace lightloom::nn
