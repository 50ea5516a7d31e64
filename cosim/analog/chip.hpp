#pragma once

#include <optional>
#include <vector>

#include "cosim/analog/analog_engine.hpp"
#include "cosim/generator/generator_card.hpp"
#include "cosim/generator/optical_weights.hpp"
#include "cosim/repeated_rows.hpp"
#include "nn/data/dataset.hpp"
#include "nn/inference/inference.hpp"
#include "nn/network/network.hpp"

namespace lightloom::cosim {

/// One chip as a matrix engine: its tensor core, before it what writes rows that come again once,
/// and before that the generator, where its card has one that does not make exact weights. Core and
/// network must outlive it.
class Chip {
 public:
  Chip(const photonic::TensorCore& core, nn::Network& network, const GeneratorCard& generator,
       ChipNumber chip);
  Chip(const Chip&) = delete;
  Chip& operator=(const Chip&) = delete;

  [[nodiscard]] nn::MatrixEngine& engine();
  /// Lets the converters find their ranges on the first `images` training images (test images where
  /// there are no others). `inference` runs the network through `engine()`.
  void calibrate(nn::Inference& inference, const nn::Dataset& data, int images);

  /// The same by whoever has the network run themselves, see `AnalogEngine`.
  void begin_calibration() { analog_.begin_calibration(); }
  void end_calibration() { analog_.end_calibration(); }

  [[nodiscard]] const AnalogCounts& counts() const { return analog_.counts(); }
  [[nodiscard]] int passes(int layer) const { return analog_.passes(layer); }
  /// By weight layer; empty where weights are exact, not a number for layers no generator makes.
  [[nodiscard]] std::vector<double> effective_bits() const;

 private:
  nn::MatrixEngine& written();

  AnalogEngine analog_;
  std::optional<RepeatedRows> repeated_;
  std::optional<OpticalWeights> optical_;
};

}  // namespace lightloom::cosim
