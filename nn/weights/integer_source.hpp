#pragma once

#include "nn/weights/weight_source.hpp"

namespace lightloom::nn {

/// Uniform symmetric integers, one scale per layer: INT-q, the control every other source must
/// beat. The latent weight is trained straight through the rounding; saturated weights keep their
/// gradient. From 4 bits down the scale clips where the mean squared error of `encode` was least.
/// From 24 bits on the weight is kept as it is.
class IntegerSource final : public WeightSource {
 public:
  IntegerSource(const LayerShape& shape, int bits, double weight_clip = 0);

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
  /// Fills levels_ and returns the scale.
  float round();

  Parameter weight_, clip_;
  std::vector<float> levels_;
  int bits_;
  float weight_clip_;
};

/// The streams of an integer layer.
std::vector<StoredStream> integer_streams(std::int64_t weights, int bits);

}  // namespace lightloom::nn
