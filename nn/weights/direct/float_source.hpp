#pragma once

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/slices/layer_slice.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// The weight itself, stored as single-precision numbers. Nothing is copied for it: layers read
/// what the optimiser writes.
class FloatSource final : public WeightSource, public WordPerWeight {
 public:
  explicit FloatSource(const LayerShape& shape);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  /// What `materialise` would copy, valid until the parameters change.
  [[nodiscard]] std::span<const float> weight() const { return weight_.value; }
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&weight_}; }
  std::vector<Parameter*> constants() override { return {&gain_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override { return {}; }

 private:
  Parameter weight_;
  Parameter gain_;  // always 1: files have one for every dense layer
};

}  // namespace lightloom::nn
