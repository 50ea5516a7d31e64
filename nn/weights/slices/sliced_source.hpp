#pragma once

#include "nn/weights/slices/layer_slice.hpp"

namespace lightloom::nn {

/// What a memory holds of a slice, and what making it again costs.
struct StoredSlice {
  std::vector<StoredStream> streams;
  RegenerationWork work;
};

/// A slice of another source's weight as the source of a narrower layer. It has no words of its
/// own: gradients go to the whole's, whose optimiser trains them. Refers to the whole, which must
/// outlive it.
class SlicedSource final : public WeightSource {
 public:
  /// `stored` where every weight has its words; else the whole has the role `SlicedWeight`, which
  /// says it itself.
  SlicedSource(WeightSource& whole, LayerSlice slice, StoredSlice stored = {});

  [[nodiscard]] const LayerSlice& slice() const { return slice_; }

  [[nodiscard]] std::vector<StoredStream> streams() const override;
  [[nodiscard]] RegenerationWork work() const override;
  [[nodiscard]] std::optional<TwoLevelFactors> factors() override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {}; }

  /// These are the whole's: nobody fits, packs or unpacks a slice by itself. Throw
  /// `std::logic_error`.
  void encode(std::span<const float> dense) override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;

 private:
  WeightSource& whole_;
  SlicedWeight* role_;  // null: words are weights
  LayerSlice slice_;
  StoredSlice stored_;
  std::vector<float> dense_;  // of the whole
};

}  // namespace lightloom::nn
