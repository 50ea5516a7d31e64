#pragma once

#include <vector>

#include "cosim/generator/optical_generator.hpp"
#include "nn/graph/matrix_engine.hpp"

namespace lightloom::cosim {

/// Puts a photonic weight generator before another engine: layers whose source is a two-level
/// product are loaded with the weights that one chip's generator makes, others with the weights as
/// given.
class OpticalWeights final : public nn::MatrixEngine {
 public:
  /// `sources` by layer number; `inner` and the sources must outlive this.
  OpticalWeights(nn::MatrixEngine& inner, std::vector<nn::StoredWeight*> sources,
                 const GeneratorNoise& noise, std::uint64_t seed, std::uint32_t chip);

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  void multiply(int layer, std::span<const float> inputs, int images, std::uint64_t first_image,
                std::span<float> outputs) override;

  /// Effective bits of each loaded layer's weights against the noiseless ones, by layer number; NaN
  /// for layers that the generator does not make.
  [[nodiscard]] const std::vector<double>& effective_bits_by_layer() const { return bits_; }

 private:
  nn::MatrixEngine& inner_;
  std::vector<nn::StoredWeight*> sources_;
  GeneratorNoise noise_;
  std::uint64_t seed_;
  std::uint32_t chip_;
  std::vector<double> bits_;
};

}  // namespace lightloom::cosim
