#pragma once

#include "nn/weights/source/weight_source.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// Uniform symmetric integers, one scale per layer or one per output channel: INT-q, the control
/// every other source must beat. The latent weight is trained straight through the rounding;
/// saturated weights keep their gradient. From 4 bits down the scale clips where the mean squared
/// error of `encode` was least. From 24 bits on the weight is kept as it is.
class IntegerSource final : public WeightSource {
 public:
  IntegerSource(const LayerShape& shape, int bits, double weight_clip = 0,
                IntegerScales scales = IntegerScales::layer);

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

/// The streams of an integer layer.
std::vector<StoredStream> integer_streams(std::int64_t weights, int bits, std::int64_t scales = 1);

/// How many scales an integer layer has.
std::int64_t integer_scales(const LayerShape& shape, IntegerScales scales);

}  // namespace lightloom::nn
