#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cosim/corrections/frozen_chip.hpp"
#include "cosim/corrections/layer_corrector.hpp"

namespace lightloom::cosim {

/// Correctors of all layers of a network, by layer number.
struct NetworkCorrector {
  std::string name;
  std::vector<LayerCorrector> layers;
  bool shared = false;  // all mixings are parts of the one of the widest layer, stored once

  /// Numbers that are stored for it.
  [[nodiscard]] std::int64_t numbers() const;
};

/// A frozen chip with a digital correction behind every layer. Refers to both.
class CorrectingEngine final : public nn::MatrixEngine {
 public:
  CorrectingEngine(FrozenChip& chip, const NetworkCorrector& corrector)
      : chip_(chip), corrector_(corrector), shapes_(corrector.layers.size()) {}

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  void multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) override;
  bool multiply_maps(const nn::MapProduct& product) override {
    return chip_.multiply_maps(product);
  }

 private:
  FrozenChip& chip_;
  const NetworkCorrector& corrector_;
  std::vector<nn::LayerShape> shapes_;
};

}  // namespace lightloom::cosim
