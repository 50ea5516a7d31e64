#include "nn/weights/faults/faulty_source.hpp"

namespace lightloom::nn {

FaultySource::FaultySource(std::unique_ptr<WeightSource> inner, const BitErrorCard& card,
                           std::uint32_t layer)
    : ForwardingSource(std::move(inner)), card_(card), layer_(layer) {}

void FaultySource::materialise(std::span<float> dense) {
  flips_ = 0;
  if (faults_ == Faults::off) return inner().materialise(dense);
  BitErrorCard now = card_;
  now.seed ^= draw_ * 0x9e3779b97f4a7c15u;  // odd: distinct seeds for distinct steps
  flips_ = materialise_with_errors(inner(), now, layer_, dense);
}

void FaultySource::set_step(std::optional<TrainingStep> step) {
  draw_ = step ? step->step + 1 : 0;
  inner().set_step(step);
}

std::optional<TwoLevelFactors> FaultySource::factors() {
  if (faults_ == Faults::on) return std::nullopt;
  return inner().factors();
}

}  // namespace lightloom::nn
