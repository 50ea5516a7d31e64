#pragma once

#include <memory>
#include <utility>

#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// A source around another one that passes every verb on. What wraps a source derives from it and
/// overrides what it changes: the rest cannot be forgotten.
class ForwardingSource : public WeightSource {
 public:
  explicit ForwardingSource(std::unique_ptr<WeightSource> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] WeightSource& inner() { return *inner_; }
  /// Gives the source back that this one was put around.
  [[nodiscard]] std::unique_ptr<WeightSource> release() { return std::move(inner_); }

  [[nodiscard]] std::vector<StoredStream> streams() const override { return inner_->streams(); }
  [[nodiscard]] RegenerationWork work() const override { return inner_->work(); }
  [[nodiscard]] std::optional<TwoLevelFactors> factors() override { return inner_->factors(); }
  [[nodiscard]] int row_repeats() const override { return inner_->row_repeats(); }
  [[nodiscard]] int shared_group() const override { return inner_->shared_group(); }
  [[nodiscard]] std::vector<double> value_shares() const override { return inner_->value_shares(); }

  void encode(std::span<const float> dense) override { inner_->encode(dense); }
  void materialise(std::span<float> dense) override { inner_->materialise(dense); }
  std::vector<CodedStream> codes() override { return inner_->codes(); }
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override {
    inner_->decode(streams, dense);
  }
  void round_to_words() override { inner_->round_to_words(); }

  std::vector<Parameter*> parameters() override { return inner_->parameters(); }
  std::vector<Parameter*> constants() override { return inner_->constants(); }
  void backward(std::span<const float> d_dense) override { inner_->backward(d_dense); }
  double regularise() override { return inner_->regularise(); }
  std::int64_t own_step(double rate) override { return inner_->own_step(rate); }
  void set_step(std::optional<TrainingStep> step) override { inner_->set_step(step); }

 private:
  std::unique_ptr<WeightSource> inner_;
};

}  // namespace lightloom::nn
