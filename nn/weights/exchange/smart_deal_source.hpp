#pragma once

#include <optional>

#include "nn/weights/exchange/bucket_switch.hpp"
#include "nn/weights/exchange/exchange_source.hpp"
#include "nn/weights/source/forwarding_source.hpp"

namespace lightloom::nn {

inline constexpr const char* smart_deal_kind = "smart_deal";

/// SmartExchange weights that learn as SmartDeal does (arXiv 2101.01163): the coefficients stay
/// powers of two and move by whole exponents (`BucketSwitch`), the optimiser trains the bases. The
/// mask that `encode` fixed stays. Counters and the averaged gradient begin anew with every epoch;
/// the reference code keeps the average, whose memory is some ten steps.
class SmartDealSource final : public ForwardingSource {
 public:
  /// `options.theta` is not used: the threshold is that of the decomposition.
  SmartDealSource(const ExchangeCard& card, const BucketOptions& options, const LayerShape& shape);

  void encode(std::span<const float> dense) override;
  std::vector<Parameter*> parameters() override { return {&exchange_.basis()}; }
  std::vector<Parameter*> constants() override;
  std::int64_t own_step(double rate) override;
  void set_step(std::optional<TrainingStep> step) override;

 private:
  ExchangeSource& exchange_;  // what this one forwards to
  BucketOptions options_;
  std::optional<BucketSwitch> update_;  // of the epoch in hand
  int epoch_ = -1;
};

/// `smart_deal`: the layers that `smart_exchange` takes.
SourceEntry smart_deal_entry();

}  // namespace lightloom::nn
