#pragma once

#include <cstdint>
#include <vector>

#include "cosim/generator/generator_card.hpp"
#include "nn/graph/matrix_engine.hpp"

namespace lightloom::cosim {

/// Which chip: everything random on it is drawn from these two.
struct ChipNumber {
  std::uint64_t seed = 0;
  std::uint32_t number = 0;
};

/// Puts a photonic weight generator before another engine: layers whose source is a two-level
/// product are loaded with the weights that one chip's generator makes, others with the weights as
/// given.
class OpticalWeights final : public nn::MatrixEngine {
 public:
  /// `sources` by layer number; `inner` and the sources must outlive this. The kind of the
  /// generator must say how it regenerates.
  OpticalWeights(nn::MatrixEngine& inner, std::vector<nn::StoredWeight*> sources,
                 const GeneratorCard& generator, ChipNumber chip);

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  void multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) override;
  bool multiply_maps(const nn::MapProduct& product) override;

  /// Effective bits of each loaded layer's weights against the noiseless ones, by layer number; NaN
  /// for layers that the generator does not make.
  [[nodiscard]] const std::vector<double>& effective_bits_by_layer() const { return bits_; }

 private:
  nn::MatrixEngine& inner_;
  std::vector<nn::StoredWeight*> sources_;
  GeneratorCard generator_;
  ChipNumber chip_;
  std::vector<double> bits_;
};

}  // namespace lightloom::cosim
