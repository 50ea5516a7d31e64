#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cosim/analog/converter_errors.hpp"
#include "cosim/analog/tile_readout.hpp"
#include "cosim/mapping.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// What went through the converters. Nothing saturates silently.
struct AnalogCounts {
  std::int64_t inputs = 0;                 // input elements that a DAC took
  std::int64_t clipped_inputs = 0;         // outside the range that calibration found
  std::int64_t conversions = 0;            // ADC conversions
  std::int64_t saturated_conversions = 0;  // outside the ADC's range
  photonic::RealisationReport realisation;
};

/// A matrix engine made of light: one chip of a tensor core. Each layer's matrix is cut into tiles;
/// every tile's partial sums get the read-out noise of the core and their own ADC conversion before
/// they are added digitally, as in hardware.
///
/// Inputs: x is coded by the DAC as x / x_max on the core's input range. Cores with intensity-coded
/// inputs take signed inputs in two passes, positive and negative parts, each with its own noise
/// and conversion. Ranges: x_max and the ADC full scale of each layer come from a calibration
/// batch. The ADC range minimises the expected squared error of clipping and rounding on that
/// batch, unless the card fixes it. Static errors of converters belong to the core's columns (DACs)
/// and rows (ADCs), whatever runs on them. Noise is drawn per (seed, chip, layer, tile, image,
/// position, output): neither batch size nor threads matter.
class AnalogEngine final : public nn::MatrixEngine {
 public:
  AnalogEngine(const photonic::TensorCore& core, std::uint64_t seed, std::uint32_t chip);
  ~AnalogEngine() override;

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  void multiply(int layer, std::span<const float> inputs, int images, std::uint64_t first_image,
                std::span<float> outputs) override;

  /// Until `end_calibration`, `multiply` measures each layer's input and output ranges on its batch
  /// and computes without noise and ADC. Run the network once over a representative batch.
  void begin_calibration();
  void end_calibration();

  [[nodiscard]] const AnalogCounts& counts() const { return counts_; }

  struct Layer;  // defined in the source file only
  struct Scratch;

 private:
  Layer& layer_at(int layer);
  void calibrate_inputs(Layer& layer, std::span<const float> inputs) const;
  void calibrate_outputs(Layer& layer, std::span<const float> inputs, int images) const;
  void pack_tiles(Layer& layer, std::span<const float> targets, std::span<const float> realised,
                  std::uint32_t write) const;
  [[nodiscard]] bool needs_power() const;
  void draw_noise(const Layer& layer, const Readout& readout, std::int64_t tile, std::uint64_t shot,
                  Scratch& scratch, ReadoutBlock& block) const;
  void run_image(const Layer& layer, std::span<const float> input, std::uint64_t image,
                 Scratch& scratch, std::span<float> output) const;

  const photonic::TensorCore& core_;
  std::uint64_t seed_;
  std::uint32_t chip_;
  AdcCurves adcs_;
  std::vector<photonic::ConverterCurve> dacs_;
  bool calibrating_ = false;
  std::vector<std::unique_ptr<Layer>> layers_;
  AnalogCounts counts_;
};

}  // namespace lightloom::cosim
