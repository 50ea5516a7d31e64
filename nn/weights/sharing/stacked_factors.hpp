#pragma once

#include <deque>
#include <vector>

#include "nn/weights/multilevel/multilevel_source.hpp"
#include "nn/weights/multilevel/two_level_fit.hpp"
#include "nn/weights/source/quantised_tensor.hpp"

namespace lightloom::nn {

/// The factors U and V of a two-level generator whose kernels' positions are stacked layers, and of
/// each layer its own slice of the bases: slice l of W = gain_l V (U_i Wb_il). A layer's slice has
/// the plan's sizes, its area the positions and heads of that layer.
class StackedFactors {
 public:
  /// Factors of magnitudes up to `peak` when fitted.
  StackedFactors(const GeneratorPlan& plan, double peak);

  /// The number of a new layer.
  int join();
  /// Fits all factors to what the layers were last given, once all have been given something:
  /// truncated singular value decompositions of the stack, level 2 first. `ordered` is the layer's
  /// weight as the sizes have it.
  void encode(int layer, std::span<const float> ordered);

  /// Takes stored levels of U and V, as a memory gives them, for the layers that are decoded next.
  void take(std::span<const CodedStream> streams);
  /// Throws `Error` where nothing was taken yet.
  void require_taken() const;
  [[nodiscard]] std::span<const float> taken_u() const { return taken_u_; }
  [[nodiscard]] std::span<const float> taken_v() const { return taken_v_; }

  [[nodiscard]] QuantisedTensor& u() { return u_; }
  [[nodiscard]] QuantisedTensor& v() { return v_; }
  [[nodiscard]] QuantisedTensor& basis(int layer) { return at(layer).basis; }
  [[nodiscard]] Parameter& gain(int layer) { return at(layer).gain; }

 private:
  struct Layer {
    QuantisedTensor basis;
    Parameter gain;
    std::vector<float> given;
  };
  Layer& at(int layer) { return layers_[static_cast<std::size_t>(layer)]; }
  [[nodiscard]] LevelSizes stack_sizes() const;
  [[nodiscard]] std::vector<float> stack() const;
  void set_factors(const LevelSizes& fitted, const TwoLevelFit& fit);

  GeneratorPlan plan_;
  double peak_;
  QuantisedTensor u_, v_;
  std::deque<Layer> layers_;  // they keep their address
  bool is_taken_ = false;
  std::vector<float> taken_u_, taken_v_;
};

}  // namespace lightloom::nn
