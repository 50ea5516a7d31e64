#pragma once

#include "nn/weights/exchange/exchange_blocks.hpp"
#include "nn/weights/source/power_of_two.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

/// SmartExchange / SmartDeal: every block of 3 columns is C B, C of 4-bit signed powers of two (7
/// exponents below the layer's top one, and zero), B of 8-bit integers with a scale per block, and
/// one bit a row telling whether the row of C is stored at all. Rebuilt by shifts and adds,
/// exactly. Trained as SmartDeal does: straight through rounding and threshold, a fixed mask keeps
/// what `encode` pruned at zero.
class ExchangeSource final : public WeightSource {
 public:
  static constexpr int coefficient_bits = 4, basis_bits = 8;

  ExchangeSource(const ExchangeCard& card, const LayerShape& shape);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&coefficients_, &basis_}; }
  std::vector<Parameter*> constants() override { return {&mask_, &top_}; }
  /// Coefficients are counted for the rows that are live at the latest encode, materialise or
  /// decode.
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override;

  [[nodiscard]] const ExchangeShape& shape() const { return shape_; }
  [[nodiscard]] PowerCode power_code() const;
  /// Stored bits per weight, as published: coefficients of live rows, bases, row index.
  [[nodiscard]] double bits_per_weight() const;
  /// Latent coefficients [units, rows, 3] and bases [units, blocks, 3, 3].
  [[nodiscard]] Parameter& coefficients() { return coefficients_; }
  [[nodiscard]] Parameter& basis() { return basis_; }
  /// 1 where `encode` kept a coefficient.
  [[nodiscard]] std::span<const float> mask() const { return mask_.value; }

 private:
  void round();
  void count_rows();
  void rebuild(std::span<float> dense) const;

  ExchangeCard card_;
  ExchangeShape shape_;
  Parameter coefficients_, basis_;
  Parameter mask_, top_;
  std::vector<float> powers_;       // rounded coefficients
  std::vector<float> basis_codes_;  // integers
  std::vector<float> scales_;       // per block
  std::int64_t live_rows_ = 0, nonzero_ = 0;
};

/// With every row live.
std::vector<StoredStream> exchange_streams(const LayerShape& shape);

/// `smart_exchange`: the layers that the reshape rules cover.
SourceEntry exchange_entry();

}  // namespace lightloom::nn
