#pragma once

#include <vector>

#include "cosim/analog/chip.hpp"
#include "nn/graph/matrix_engine.hpp"

namespace lightloom::cosim {

/// A chip that was programmed once: the first weights that a layer is loaded with (write 0) stay,
/// whatever is loaded later. Core and network must outlive it.
class FrozenChip final : public nn::MatrixEngine {
 public:
  FrozenChip(const photonic::TensorCore& core, nn::Network& network, const GeneratorCard& generator,
             ChipNumber number)
      : chip_(core, network, generator, number), loaded_(network.weight_layers().size(), false) {}

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  void multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) override {
    chip_.engine().multiply(layer, inputs, outputs);
  }
  bool multiply_maps(const nn::MapProduct& product) override {
    return chip_.engine().multiply_maps(product);
  }

  /// Passes of a layer's vectors, once its converters are calibrated.
  [[nodiscard]] int passes(int layer) const { return chip_.passes(layer); }
  [[nodiscard]] Chip& chip() { return chip_; }

 private:
  Chip chip_;
  std::vector<bool> loaded_;
};

}  // namespace lightloom::cosim
