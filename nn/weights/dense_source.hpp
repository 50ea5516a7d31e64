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
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  [[nodiscard]] RegenerationWork work() const override { return {}; }

 private:
  Parameter weight_;
  int bits_;
  float gain_ = 1;
  DorefaScale scale_;
  std::vector<float> squashed_, levels_;
};

}  // namespace lightloom::nn
