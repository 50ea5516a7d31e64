#pragma once

#include <memory>
#include <vector>

#include "nn/weights/multilevel/multilevel_source.hpp"
#include "nn/weights/sharing/share_groups.hpp"
#include "nn/weights/sharing/stacked_factors.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

/// What `stacked` reads of the section `weights` beside the keys of `multilevel`.
struct StackedCard {
  int uses = 0;   // layers of a group that are stacked, in order of execution; 0: all of them
  int heads = 1;  // runs of outputs of a layer that are stacked as well
  ShareBy by = ShareBy::name;
};
/// Keys: uses, heads, by.
void describe(Section& section, StackedCard& card);

/// Two-level generation W = gain V (U_i Wb_i) over a stack: what are the positions of a kernel in a
/// single layer are here the layers of a group, the heads of each and its positions. The first
/// layer of a group stores U and V, every layer its own slice of the bases.
class StackedSource final : public WeightSource {
 public:
  using Place = SharedParts::PlaceIn<StackedFactors>;
  /// The plan's sizes are those of the layer's slice, its positions and `heads` the area.
  StackedSource(const GeneratorPlan& plan, int heads, Place place);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override;
  std::vector<Parameter*> constants() override { return {&gain()}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override;
  [[nodiscard]] std::optional<TwoLevelFactors> factors() override;
  [[nodiscard]] int shared_group() const override { return place_.group; }

 private:
  [[nodiscard]] bool first() const { return place_.use == 0; }
  [[nodiscard]] QuantisedTensor& basis() const { return place_.part->basis(place_.use); }
  [[nodiscard]] Parameter& gain() const { return place_.part->gain(place_.use); }
  [[nodiscard]] float total_scale() const;
  void round_factors();
  void use(std::span<const float> u, std::span<const float> v);
  void regenerate(float scale, std::span<float> dense);
  std::span<const float> in_stack_order(std::span<const float> dense);

  GeneratorPlan plan_;
  int heads_;
  Place place_;
  std::vector<float> u_, v_;              // levels of the latest materialise or decode
  std::vector<float> kernels_, ordered_;  // [Bc, Ci, area] levels; [kernels, Ci, area]
  std::vector<double> kernels_wide_, v_wide_;
  std::vector<float> d_kernels_;
  std::vector<float> u_values_, v_values_, basis_values_;  // of `factors`
};

/// `stacked`. Grouped layers stay dense; linear ones are generated where `linear` says so.
SourceEntry stacked_entry();

}  // namespace lightloom::nn
