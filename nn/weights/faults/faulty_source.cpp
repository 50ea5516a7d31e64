#include "nn/weights/faults/faulty_source.hpp"

namespace lightloom::nn {

FaultySource::FaultySource(std::unique_ptr<WeightSource> inner, const BitErrorCard& card,
                           std::uint32_t layer)
    : inner_(std::move(inner)), card_(card), layer_(layer) {}

void FaultySource::materialise(std::span<float> dense) {
  flips_ = 0;
  if (faults_ == Faults::off) return inner_->materialise(dense);
  BitErrorCard now = card_;
  now.seed ^= draw_ * 0x9e3779b97f4a7c15u;  // odd: distinct seeds for distinct steps
  flips_ = materialise_with_errors(*inner_, now, layer_, dense);
}

void FaultySource::set_step(std::optional<TrainingStep> step) {
  draw_ = step ? step->step + 1 : 0;
  inner_->set_step(step);
}

}  // namespace lightloom::nn
