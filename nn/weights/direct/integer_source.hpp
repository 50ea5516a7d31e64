#pragma once

#include "nn/weights/slices/layer_slice.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* integer_kind = "integer";

/// What shares a scale of uniform integers.
enum class IntegerScales { layer, filter };

/// What `integer` reads of the section `weights`.
struct IntegerCard {
  IntegerScales scales = IntegerScales::layer;
  double weight_clip = 0;  // weights are held within +-weight_clip (RandBET); 0: off
};
/// Keys: scales, weight_clip.
void describe(Section& section, IntegerCard& card);

/// Uniform symmetric integers, one scale per layer or one per output channel: INT-q, the control
/// every other source must beat. The latent weight is trained straight through the rounding;
/// saturated weights keep their gradient. From 4 bits down the scale clips where the mean squared
/// error of `encode` was least. From 24 bits on the weight is kept as it is.
class IntegerSource final : public WeightSource, public WordPerWeight {
 public:
  IntegerSource(const LayerShape& shape, int bits, const IntegerCard& card = {});

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&weight_}; }
  std::vector<Parameter*> constants() override { return {&clip_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override { return {}; }

 private:
  void round();
  void multiply_out(std::span<float> dense) const;
  /// The part of `values` (one per weight) that shares scale number `group`.
  template <class Value>
  [[nodiscard]] std::span<Value> part(std::vector<Value>& values, std::size_t group) const;

  Parameter weight_, clip_;  // clip_: one per scale
  std::vector<float> levels_;
  std::vector<float> scales_;  // of the latest round or decode
  int bits_;
  float weight_clip_;
};

/// Integers that single precision holds with room to spare.
inline constexpr int most_integer_bits = 23;
/// Bits of the stored words: wider integers are kept as single-precision numbers.
inline int stored_integer_bits(int bits) { return bits > most_integer_bits ? 32 : bits; }

/// The streams of an integer layer.
std::vector<StoredStream> integer_streams(std::int64_t weights, int bits, std::int64_t scales = 1);

/// How many scales an integer layer has.
std::int64_t integer_scales(const LayerShape& shape, IntegerScales scales);

/// Bits of the words that a kind without other rules for linear layers has for a layer.
inline int word_bits(const SourceCard& card, const LayerShape& shape) {
  return is_linear(shape) ? card.fc_bits : card.bits;
}

/// `integer`: every layer, linear ones at `fc_bits`, by default as the others.
SourceEntry integer_entry();

}  // namespace lightloom::nn
