#include "nn/weights/exchange/smart_deal_source.hpp"

#include "nn/weights/source/no_bits.hpp"

namespace lightloom::nn {

SmartDealSource::SmartDealSource(const ExchangeCard& card, const BucketOptions& options,
                                 const LayerShape& shape)
    : ForwardingSource(std::make_unique<ExchangeSource>(card, shape)),
      exchange_(static_cast<ExchangeSource&>(inner())),
      options_(options) {
  options_.theta = card.theta;
}

void SmartDealSource::encode(std::span<const float> dense) {
  exchange_.encode(dense);
  std::vector<float>& coefficients = exchange_.coefficients().value;
  round_to_powers(exchange_.power_code(), coefficients, coefficients);
  update_.reset();
}

std::vector<Parameter*> SmartDealSource::constants() {
  std::vector<Parameter*> all = exchange_.constants();
  all.push_back(&exchange_.coefficients());
  return all;
}

std::int64_t SmartDealSource::own_step(double rate) {
  if (!update_)
    update_.emplace(options_, exchange_.power_code(), exchange_.coefficients(), exchange_.mask());
  return update_->step(rate);
}

void SmartDealSource::set_step(std::optional<TrainingStep> step) {
  if (step && step->epoch != epoch_) {
    update_.reset();
    epoch_ = step->epoch;
  }
  exchange_.set_step(step);
}

SourceEntry smart_deal_entry() {
  SourceEntry entry = exchange_entry();
  entry.name = smart_deal_kind;
  entry.settings.push_back(settings_of<BucketOptions>(entry.name));
  entry.make = [](const SourceCard& card, const LayerShape& shape) {
    return std::make_unique<SmartDealSource>(card.settings.of<ExchangeCard>(),
                                             card.settings.of<BucketOptions>(), shape);
  };
  entry.describe_bits = no_bits("smart_deal (coefficients have 4 bits, bases 8)");
  entry.own_rule = true;
  return entry;
}

}  // namespace lightloom::nn
