#pragma once

#include <optional>

#include "nn/weights/exchange/bucket_switch.hpp"
#include "nn/weights/exchange/exchange_source.hpp"

namespace lightloom::nn {

/// SmartExchange weights that learn as SmartDeal does (arXiv 2101.01163): the coefficients stay
/// powers of two and move by whole exponents (`BucketSwitch`), the optimiser trains the bases. The
/// mask that `encode` fixed stays. Counters and the averaged gradient begin anew with every epoch;
/// the reference code keeps the average, whose memory is some ten steps.
class SmartDealSource final : public WeightSource {
 public:
  SmartDealSource(const SourceCard& card, const LayerShape& shape);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override { inner_.materialise(dense); }
  void backward(std::span<const float> d_dense) override { inner_.backward(d_dense); }
  std::vector<Parameter*> parameters() override { return {&inner_.basis()}; }
  std::vector<Parameter*> constants() override;
  [[nodiscard]] std::vector<StoredStream> streams() const override { return inner_.streams(); }
  std::vector<CodedStream> codes() override { return inner_.codes(); }
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override {
    inner_.decode(streams, dense);
  }
  [[nodiscard]] RegenerationWork work() const override { return inner_.work(); }
  std::int64_t own_step(double rate) override;
  void set_step(std::optional<TrainingStep> step) override;

 private:
  ExchangeSource inner_;
  BucketOptions options_;
  std::optional<BucketSwitch> update_;  // of the epoch in hand
  int epoch_ = -1;
};

}  // namespace lightloom::nn
