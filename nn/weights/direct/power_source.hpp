#pragma once

#include "nn/weights/slices/layer_slice.hpp"
#include "nn/weights/source/power_of_two.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* power_kind = "power_of_two";

/// Every weight a signed power of two of `bits` bits (2 to 8), the top exponent fixed by `encode`:
/// the control for sources that rebuild by shifts. Trained straight through.
class PowerSource final : public WeightSource, public WordPerWeight {
 public:
  PowerSource(const LayerShape& shape, int bits);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&weight_}; }
  std::vector<Parameter*> constants() override { return {&top_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override;

 private:
  [[nodiscard]] PowerCode code() const;

  Parameter weight_, top_;
  int bits_;
};

std::vector<StoredStream> power_streams(std::int64_t weights, int bits);

/// `power_of_two`: convolutions.
SourceEntry power_entry();

}  // namespace lightloom::nn
