#pragma once

#include "nn/weights/slices/layer_slice.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* learned_step_kind = "lsq";

/// Learned step size quantisation (LSQ, Esser et al., ICLR 2020): w = s clip(round(v / s), -Q, Q),
/// both v and the step s trained; symmetric codes, Q = 2^(bits-1) - 1, 2 to 16 bits. Step gradients
/// are scaled by 1 / sqrt(count Q).
class LearnedStepSource final : public WeightSource, public WordPerWeight {
 public:
  LearnedStepSource(const LayerShape& shape, int bits);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&weight_, &step_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override { return {}; }

 private:
  void round();

  Parameter weight_, step_;
  std::vector<float> levels_;
  int bits_;
};

/// `lsq`: every layer, at 8 bits at most.
SourceEntry learned_step_entry();

}  // namespace lightloom::nn
