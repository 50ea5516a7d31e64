#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "cosim/analog/layer_on_core.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// What went through the converters. Nothing saturates silently.
struct AnalogCounts {
  std::int64_t inputs = 0;                 // input elements that a DAC took
  std::int64_t clipped_inputs = 0;         // outside the range that calibration found
  std::int64_t conversions = 0;            // ADC conversions
  std::int64_t saturated_conversions = 0;  // outside the ADC's range
  // Products of maps with maps, by images: on the core, and left to the digital unit.
  std::int64_t core_products = 0, digital_products = 0;
  photonic::RealisationReport realisation;
};

/// A matrix engine made of light: one chip of a tensor core. Each layer's matrix is cut into tiles;
/// every tile's partial sums get the read-out noise of the core and their own ADC conversion before
/// they are added digitally, as in hardware.
///
/// Inputs: x is coded by the DAC as x / x_max on the core's input range. Cores with intensity-coded
/// inputs take signed inputs in two passes, positive and negative parts, each with its own noise
/// and conversion; a card's `read_phases` has any core do so, and read the devices of positive and
/// negative weights apart. With `input_coding` other than levels, numbers are sent bit by bit, each
/// read converted or all integrated before (docs/models/photonic/cores.md). Ranges: x_max and the
/// ADC full scale of each layer come from a calibration batch. The ADC range minimises the expected
/// squared error of clipping and rounding on that batch, unless the card fixes it. Static errors of
/// converters belong to the core's columns (DACs) and rows (ADCs), whatever runs on them. On cores
/// that modulate both operands products of maps run like layers; others leave them to the digital
/// unit. Noise is
/// drawn per (seed, chip, layer, tile, image, position, output): neither batch size nor threads
/// matter.
class AnalogEngine final : public nn::MatrixEngine {
 public:
  AnalogEngine(const photonic::TensorCore& core, std::uint64_t seed, std::uint32_t chip);

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  void multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) override;
  /// Taken by cores that modulate both operands: the product's activations are coded by the DACs of
  /// the weights on a range that calibration found, tile by tile and new for every image.
  bool multiply_maps(const nn::MapProduct& product) override;

  /// Until `end_calibration`, `multiply` measures each layer's input and output ranges on its batch
  /// and computes without noise and ADC. Run the network once over a representative batch.
  void begin_calibration();
  void end_calibration();

  [[nodiscard]] const AnalogCounts& counts() const { return counts_; }
  /// Passes that every input vector of a loaded layer takes, see `passes_of`.
  [[nodiscard]] int passes(int layer) const;

 private:
  LayerOnCore& layer_at(int layer);
  /// One input map on its way through a layer.
  struct Image {
    std::span<const float> input;
    std::uint64_t number = 0;
    std::span<float> output;
  };
  /// What one image put through the converters.
  struct ImageCounts {
    std::int64_t clipped = 0, saturated = 0, conversions = 0;
  };
  ImageCounts run_image(const LayerOnCore& layer, const Image& image,
                        ReadoutScratch& scratch) const;
  void need_ranges(const LayerOnCore& layer) const;
  void count(std::span<const ImageCounts> images, std::size_t inputs);

  ChipCore chip_;
  bool calibrating_ = false;
  std::vector<std::unique_ptr<LayerOnCore>> layers_;
  std::map<int, LayerOnCore> products_;  // of maps, by number
  AnalogCounts counts_;
};

}  // namespace lightloom::cosim
