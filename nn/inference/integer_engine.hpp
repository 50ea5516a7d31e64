#pragma once

#include <cstdint>
#include <vector>

#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"

namespace lightloom::nn {

/// Products as integer hardware computes them: integer weights times integer activations, summed
/// exactly in 64 bits, one multiplication by both scales at the end. Checks the fake-quantised
/// path, which multiplies rounded floats. For networks whose layers quantise their inputs and whose
/// sources are uniform integers, learned steps or powers of two.
class IntegerEngine : public MatrixEngine {
 public:
  /// Takes the integers that the sources store now. Throws `Error` for other sources and for layers
  /// without a quantiser that has seen its range.
  explicit IntegerEngine(Network& network);

  /// Throws `Error` when the weights are not those integers times their scale, to the bit.
  void load(int layer, const LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  /// Throws `Error` when an input is not a level of the layer's quantiser, to the bit.
  void multiply(int layer, std::span<const float> inputs, int images, std::uint64_t first_image,
                std::span<float> outputs) override;

  /// The largest magnitude of a sum so far: what an accumulator must hold.
  [[nodiscard]] std::int64_t largest_sum() const { return largest_sum_; }

 private:
  struct Layer {
    LayerShape shape;
    std::vector<std::int64_t> weights;
    float weight_scale = 1, input_scale = 1;
  };

  std::vector<Layer> layers_;
  std::int64_t largest_sum_ = 0;
};

}  // namespace lightloom::nn
