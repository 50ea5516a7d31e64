#pragma once

#include <functional>
#include <memory>

#include "nn/weights/seeded/seeded_bits.hpp"
#include "nn/weights/sharing/low_rank_addition.hpp"
#include "nn/weights/sharing/share_groups.hpp"
#include "nn/weights/source/shared_tensor.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

/// What `shared_depth` reads of the section `weights`.
struct SharedDepthCard {
  int uses = 0;  // layers of a group that share a tensor, in order of execution; 0: all of them
  ShareBy by = ShareBy::shape;
  int rank = 0;         // of what each layer adds of its own; 0: nothing
  int factor_bits = 8;  // of its two factors
};
/// Keys: uses, by, rank, factor_bits.
void describe(Section& section, SharedDepthCard& card);

/// What `blend` reads of the section `weights`.
struct BlendCard {
  int uses = 0;           // as above
  bool transpose = true;  // every second use of square layers is transposed
  std::uint64_t seed = 0;
};
/// Keys: uses, transpose, seed.
void describe(Section& section, BlendCard& card);

/// A layer's use of a shared tensor: w_i = scale * level of element order[i], and what the layer
/// adds; an empty order is as it stands. The tensor's latents and the scales of all uses are
/// trained, each by the gradients of all layers it is in; a scale's gradient is divided by its
/// weights, so that it moves as they do.
class SharedSource final : public WeightSource {
 public:
  /// The order of the elements that a seed gives.
  using Order = std::function<std::vector<std::uint32_t>(std::uint32_t seed)>;
  struct Blend {
    std::uint32_t seed = 0;
    Order order = nullptr;  // none: the tensor as it stands, and no seed is stored
    RegenerationWork work = {};
  };
  /// A layer adds something of its own where there is an `addition`, and no order.
  SharedSource(SharedParts::Place place, Blend blend,
               std::shared_ptr<LowRankAddition> addition = nullptr);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override;
  std::vector<Parameter*> constants() override;
  /// Of the first use the tensor, and of all uses what is their own.
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override { return blend_.work; }
  [[nodiscard]] int shared_group() const override { return place_.group; }

 private:
  [[nodiscard]] bool first() const { return place_.use == 0; }
  [[nodiscard]] bool blends() const { return static_cast<bool>(blend_.order); }
  [[nodiscard]] Parameter& scale() const { return place_.tensor->scale(place_.use); }
  [[nodiscard]] std::size_t element(std::size_t i) const { return blends() ? order_[i] : i; }
  void set_order(std::uint32_t seed);
  void spread(std::span<const float> levels, float scale, std::span<float> dense);

  SharedParts::Place place_;
  Blend blend_;
  std::shared_ptr<LowRankAddition> addition_;  // the tensor fits it
  KeptSeed seed_;
  std::vector<std::uint32_t> order_;  // of the seed
  std::uint32_t order_of_ = 0;
  std::vector<float> used_;  // levels of the latest materialise or decode
};

/// `shared_depth`: layers of a group have one weight, up to a magnitude of each and a matrix of low
/// rank.
SourceEntry shared_depth_entry();
/// `blend`: the same with outputs and inputs in another order for every layer.
SourceEntry blend_entry();

}  // namespace lightloom::nn
