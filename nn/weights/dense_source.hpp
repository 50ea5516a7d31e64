#pragma once

#include "nn/quantise.hpp"
#include "nn/weights/weight_source.hpp"

namespace lightloom::nn {

/// The weight itself: as it is from 16 bits on (stored at 32), else through the symmetric DoReFa
/// quantiser, times a fixed gain where the weight does not fit into (-1, 1).
class DenseSource final : public WeightSource {
 public:
  DenseSource(const LayerShape& shape, int bits);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&weight_}; }
  std::vector<Parameter*> constants() override { return {&gain_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  [[nodiscard]] RegenerationWork work() const override { return {}; }

 private:
  Parameter weight_, gain_;
  int bits_;
  DorefaScale scale_;
  std::vector<float> squashed_, levels_;
};

/// The streams of a layer kept dense.
std::vector<StoredStream> dense_streams(const LayerShape& shape, int bits);

}  // namespace lightloom::nn
