#pragma once

#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// A source whose network is trained with dense weights that are projected onto the source after
/// every epoch (SmartExchange retraining, Zhao et al., ISCA 2020): a training step uses and updates
/// the dense weight, any evaluation after it fits the source anew, uses what the source makes of
/// it, and training goes on from there. The dense weight is kept in single precision; what is
/// stored is the source's.
class ProjectedSource final : public WeightSource {
 public:
  ProjectedSource(std::unique_ptr<WeightSource> inner, const LayerShape& shape);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&dense_}; }
  /// What the latest projection gave.
  std::vector<Parameter*> constants() override;
  [[nodiscard]] std::vector<StoredStream> streams() const override { return inner_->streams(); }
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override {
    inner_->decode(streams, dense);
  }
  [[nodiscard]] RegenerationWork work() const override { return inner_->work(); }
  void set_step(std::optional<TrainingStep> step) override;
  [[nodiscard]] std::optional<Factors> factors() override;

 private:
  /// Fits the source to the dense weight if training moved it, and the dense weight to the source.
  void project();

  std::unique_ptr<WeightSource> inner_;
  Parameter dense_;
  bool training_ = false;
  bool moved_ = false;  // since the latest projection
};

}  // namespace lightloom::nn
