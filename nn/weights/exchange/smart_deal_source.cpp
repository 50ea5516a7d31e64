#include "nn/weights/exchange/smart_deal_source.hpp"

#include <algorithm>

namespace lightloom::nn {

SmartDealSource::SmartDealSource(const SourceCard& card, const LayerShape& shape)
    : inner_(card.exchange, shape), options_(card.smart_deal) {}

void SmartDealSource::encode(std::span<const float> dense) {
  inner_.encode(dense);
  round_to_powers(inner_.power_code(), inner_.coefficients().value, inner_.coefficients().value);
  update_.reset();
}

std::vector<Parameter*> SmartDealSource::constants() {
  std::vector<Parameter*> all = inner_.constants();
  all.push_back(&inner_.coefficients());
  return all;
}

std::int64_t SmartDealSource::own_step(double rate) {
  if (!update_)
    update_.emplace(options_, inner_.power_code(), inner_.coefficients(), inner_.mask());
  return update_->step(rate);
}

void SmartDealSource::set_step(std::optional<TrainingStep> step) {
  if (step && step->epoch != epoch_) {
    update_.reset();
    epoch_ = step->epoch;
  }
  inner_.set_step(step);
}

}  // namespace lightloom::nn
