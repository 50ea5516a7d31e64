#pragma once

#include "nn/weights/faults/bit_errors.hpp"
#include "nn/weights/source/forwarding_source.hpp"

namespace lightloom::nn {

enum class Faults { on, off };

/// A source whose stored words lie in a faulty memory: what it materialises has the bit errors of
/// `card`. Put it around a layer's source to evaluate or train under bit errors; everything else
/// passes through. In evaluation the errors are those of the card's seed, always the same; in a
/// training step (`set_step`) they are drawn anew for each step. RandBET averages the gradients of
/// a forward with faults off and one with faults on.
class FaultySource final : public ForwardingSource {
 public:
  FaultySource(std::unique_ptr<WeightSource> inner, const BitErrorCard& card, std::uint32_t layer);

  void set_faults(Faults faults) { faults_ = faults; }
  /// Flipped bits in the latest materialise.
  [[nodiscard]] std::int64_t flips() const { return flips_; }

  void materialise(std::span<float> dense) override;
  void set_step(std::optional<TrainingStep> step) override;
  /// None while faults are on: the source's own are free of errors.
  [[nodiscard]] std::optional<TwoLevelFactors> factors() override;

 private:
  BitErrorCard card_;
  std::uint32_t layer_;
  Faults faults_ = Faults::on;
  std::uint64_t draw_ = 0;  // 0: evaluation; step + 1 in training
  std::int64_t flips_ = 0;
};

}  // namespace lightloom::nn
