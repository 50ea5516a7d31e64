#pragma once

#include "nn/weights/slices/layer_slice.hpp"
#include "nn/weights/source/quantised_tensor.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

/// From 16 bits on the reference implementation switches its quantiser off: `FloatSource`.
inline bool kept_as_float(int bits) { return bits >= 16; }

/// The weight itself through the symmetric DoReFa quantiser of 1 to 15 bits, times a fixed gain
/// where the weight does not fit into (-1, 1).
class DenseSource final : public WeightSource, public WordPerWeight {
 public:
  DenseSource(const LayerShape& shape, int bits);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&weight_.latent}; }
  std::vector<Parameter*> constants() override { return {&gain_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  void round_to_words() override { round_to_levels(weight_); }
  [[nodiscard]] RegenerationWork work() const override { return {}; }

 private:
  QuantisedTensor weight_;
  Parameter gain_;
};

/// The streams of a layer kept dense at these bits.
std::vector<StoredStream> dense_streams(std::int64_t weights, int bits);

/// `dense`: convolutions at `dense_bits`, linear layers at `fc_bits`, by default 32.
SourceEntry dense_entry();

}  // namespace lightloom::nn
