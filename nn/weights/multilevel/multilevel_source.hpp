#pragma once

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/multilevel/level_sizes.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/multilevel/sliced_levels.hpp"
#include "nn/weights/multilevel/two_level_fit.hpp"
#include "nn/weights/source/factored_weight.hpp"
#include "nn/weights/source/quantised_tensor.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// What a layer's generator is made of.
struct GeneratorPlan {
  LevelSizes sizes;  // something is generated
  FactorBits bits;
  Rounding rounding = Rounding::dorefa;  // none: the factors are used as they are
};

/// Multi-level weight generation (Gu et al., ICCV 2021): W = gain V (U_i Wb_i), all three factors
/// trained through the symmetric DoReFa quantiser. W is generated from the integer levels, exactly
/// while their bound stays below 2^53, and multiplied once by the product of the scales: what
/// integer hardware would give. The gain (1 in the paper, where a normalisation layer follows) is
/// fixed by `encode` and folds into that one scale.
class MultilevelSource final : public WeightSource, public FactoredWeight, public SlicedWeight {
 public:
  /// Of `card` the source reads how it is fitted and trained; the plan has the rest.
  MultilevelSource(const GeneratorPlan& plan, const MultilevelCard& card, const LayerShape& shape);

  void encode(std::span<const float> dense) override;
  /// What all settings of the same layer have in common of a fit by the SVD.
  [[nodiscard]] TwoLevelSvd decompose(std::span<const float> dense);
  /// As `encode` does with the projection `svd`, from a decomposition of the weight. Where a
  /// `OneThread` lives around it, safe beside other sources' on other threads.
  void encode(const TwoLevelSvd& svd);
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  [[nodiscard]] int inner_outputs() const override;
  void materialise_factors(std::span<float> kernels, std::span<float> mix) override;
  void backward_factors(std::span<const float> d_kernels, std::span<const float> d_mix) override;
  std::vector<Parameter*> parameters() override;
  std::vector<Parameter*> constants() override { return {&gain_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  void round_to_words() override;
  [[nodiscard]] RegenerationWork work() const override;
  double regularise() override;
  void set_step(std::optional<TrainingStep> step) override { step_ = step; }
  [[nodiscard]] std::optional<TwoLevelFactors> factors() override;
  [[nodiscard]] bool can_slice() const override;
  [[nodiscard]] std::vector<StoredStream> slice_streams(const LayerSlice& slice) const override;
  [[nodiscard]] RegenerationWork slice_work(const LayerSlice& slice) const override;
  std::optional<TwoLevelFactors> slice_factors(const LayerSlice& slice) override;
  void materialise_slice(const LayerSlice& slice, std::span<float> part) override;
  void backward_slice(const LayerSlice& slice, std::span<const float> d_part) override;

  [[nodiscard]] const LevelSizes& sizes() const { return sizes_; }
  [[nodiscard]] const QuantisedTensor& basis() const { return basis_; }
  [[nodiscard]] const QuantisedTensor& u() const { return u_; }
  [[nodiscard]] const QuantisedTensor& v() const { return v_; }
  /// Largest magnitude an integer of the generated weight can reach; 0 when a factor is not
  /// rounded (docs/models/weights/multilevel.md#precision).
  [[nodiscard]] double integer_bound() const;

 private:
  std::vector<QuantisedTensor*> factors_on();
  void quantise_factors();
  void set_factors(const TwoLevelFit& fit);
  void improve(std::span<const float> target);
  void generate_kernels();
  void regenerate(float scale, std::span<float> dense);
  void backward_level_one(const float* d_kernels);
  void add_gradients();
  [[nodiscard]] SliceFactors levels_of(const SlicedLevels& part) const;
  [[nodiscard]] float total_scale() const;
  [[nodiscard]] bool noisy() const { return step_.has_value() && card_.quant_ratio < 1; }
  std::span<const float> in_level_order(std::span<const float> dense);

  MultilevelCard card_;
  LayerShape shape_;
  GeneratorPlan plan_;
  LevelSizes sizes_;
  QuantisedTensor basis_, u_, v_;
  Parameter gain_;
  std::optional<TrainingStep> step_;
  bool wide_ = false;           // integers past 2^24: multiply in double
  std::vector<float> kernels_;  // [Bc, Ci*k*k], levels
  std::vector<double> kernels_wide_, v_wide_;
  std::vector<float> d_kernels_, ordered_;
  std::vector<float> basis_values_, u_values_, v_values_;
  std::vector<float> slice_kernels_;  // of the latest slice
  SliceFactors slice_values_;
};

/// The streams of a generated layer, and what regenerating it costs.
std::vector<StoredStream> generator_streams(const GeneratorPlan& plan);
RegenerationWork generator_work(const GeneratorPlan& plan);

}  // namespace lightloom::nn
