#pragma once

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source/forwarding_source.hpp"

namespace lightloom::nn {

/// A source whose network is trained with dense weights that are projected onto the source after
/// every epoch (SmartExchange retraining, Zhao et al., ISCA 2020): a training step uses and updates
/// the dense weight, any evaluation after it fits the source anew, uses what the source makes of
/// it, and training goes on from there. The dense weight is kept in single precision; what is
/// stored is the source's.
class ProjectedSource final : public ForwardingSource {
 public:
  ProjectedSource(std::unique_ptr<WeightSource> inner, const LayerShape& shape);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  std::vector<CodedStream> codes() override;
  /// None in a training step, which uses the dense weight.
  [[nodiscard]] std::optional<TwoLevelFactors> factors() override;

  std::vector<Parameter*> parameters() override { return {&dense_}; }
  /// What the latest projection gave.
  std::vector<Parameter*> constants() override;
  void backward(std::span<const float> d_dense) override;
  /// Regularisers and rules of the source's own move what training does not touch here.
  double regularise() override { return 0; }
  std::int64_t own_step(double /*rate*/) override { return 0; }
  void set_step(std::optional<TrainingStep> step) override;

 private:
  /// Fits the source to the dense weight if training moved it, and the dense weight to the source.
  void project();

  Parameter dense_;
  bool training_ = false;
  bool moved_ = false;  // since the latest projection
};

}  // namespace lightloom::nn
