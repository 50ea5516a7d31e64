#pragma once

#include "nn/weights/faults/bit_errors.hpp"

namespace lightloom::nn {

enum class Faults { on, off };

/// A source whose stored words lie in a faulty memory: what it materialises has the bit errors of
/// `card`. Put it around a layer's source to evaluate or train under bit errors; everything else
/// passes through. In evaluation the errors are those of the card's seed, always the same; in a
/// training step (`set_step`) they are drawn anew for each step. RandBET averages the gradients of
/// a forward with faults off and one with faults on.
class FaultySource final : public WeightSource {
 public:
  FaultySource(std::unique_ptr<WeightSource> inner, const BitErrorCard& card, std::uint32_t layer);

  void set_faults(Faults faults) { faults_ = faults; }
  /// Flipped bits in the latest materialise.
  [[nodiscard]] std::int64_t flips() const { return flips_; }
  [[nodiscard]] WeightSource& inner() { return *inner_; }
  /// Gives the source back that this one was put around.
  [[nodiscard]] std::unique_ptr<WeightSource> release() { return std::move(inner_); }

  void materialise(std::span<float> dense) override;
  void set_step(std::optional<TrainingStep> step) override;
  void encode(std::span<const float> dense) override { inner_->encode(dense); }
  void backward(std::span<const float> d_dense) override { inner_->backward(d_dense); }
  std::vector<Parameter*> parameters() override { return inner_->parameters(); }
  std::vector<Parameter*> constants() override { return inner_->constants(); }
  [[nodiscard]] std::vector<StoredStream> streams() const override { return inner_->streams(); }
  std::vector<CodedStream> codes() override { return inner_->codes(); }
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override {
    inner_->decode(streams, dense);
  }
  [[nodiscard]] RegenerationWork work() const override { return inner_->work(); }
  double regularise() override { return inner_->regularise(); }
  std::int64_t own_step(double rate) override { return inner_->own_step(rate); }

 private:
  std::unique_ptr<WeightSource> inner_;
  BitErrorCard card_;
  std::uint32_t layer_;
  Faults faults_ = Faults::on;
  std::uint64_t draw_ = 0;  // 0: evaluation; step + 1 in training
  std::int64_t flips_ = 0;
};

}  // namespace lightloom::nn
