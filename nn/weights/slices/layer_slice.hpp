#pragma once

#include <optional>
#include <span>
#include <vector>

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// Part of a layer's weight: its first output channels, and of its input channels those that a
/// narrower network has. A depthwise layer has its first channels.
struct LayerSlice {
  LayerShape whole, part;   // of one kernel, and one group unless both are depthwise
  std::vector<int> inputs;  // by input channel of the part, the whole's, ascending
};

/// part = whole[:outputs, inputs], weights [out, in/groups, kh, kw] both.
void gather(const LayerSlice& slice, std::span<const float> whole, std::span<float> part);
/// The inverse: `whole` gets zeros where the part has nothing.
void scatter(const LayerSlice& slice, std::span<const float> part, std::span<float> whole);

/// A role that a `WeightSource` may have besides: every weight has a word of its own, so that a
/// slice is a layer of its sizes with the whole's scales.
class WordPerWeight {
 public:
  virtual ~WordPerWeight() = default;
};

/// The role of a weight whose words are no weights themselves, but of which a slice takes some.
class SlicedWeight {
 public:
  virtual ~SlicedWeight() = default;

  /// As `StoredWeight` has them, of the words that the slice is made of.
  [[nodiscard]] virtual std::vector<StoredStream> slice_streams(const LayerSlice& slice) const = 0;
  [[nodiscard]] virtual RegenerationWork slice_work(const LayerSlice& slice) const = 0;
  virtual std::optional<TwoLevelFactors> slice_factors(const LayerSlice& slice) = 0;
  /// Like `WeightCode::materialise`, but the slice alone, from its own words alone.
  virtual void materialise_slice(const LayerSlice& slice, std::span<float> part) = 0;
  /// Like `Learnable::backward`; refers to the latest `materialise_slice`, of the same slice.
  virtual void backward_slice(const LayerSlice& slice, std::span<const float> d_part) = 0;
  /// Whether the layer's rows are outputs and its columns inputs: else nothing can be sliced.
  [[nodiscard]] virtual bool can_slice() const = 0;
};

}  // namespace lightloom::nn
