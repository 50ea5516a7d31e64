#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cosim/layers/digital_work.hpp"
#include "nn/graph/layer_shape.hpp"
#include "nn/graph/matrix_engine.hpp"

namespace lightloom::cosim {

/// What a corrector of low rank reads.
enum class CorrectorOperand { outputs, inputs };

/// A digital correction of the outputs of one layer on one chip. Of the vector with number t, of
/// which the chip made y' (outputs) out of x (inputs: channels, kernel rows, kernel columns; as the
/// layer's weights have them), it makes
///     y = g * y' + left (right z) + offset[t mod period],   z = y' or x, or
///     y = mixing y'               + offset[t mod period].
/// Empty vectors do nothing. Numbers of the digital unit, exact.
struct LayerCorrector {
  int outputs = 0;
  std::vector<float> gain{};    // (outputs)
  std::vector<float> mixing{};  // (outputs, outputs), row-major, in place of gains
  int rank = 0;
  CorrectorOperand operand = CorrectorOperand::outputs;
  std::vector<float> left{};    // (outputs, rank)
  std::vector<float> right{};   // (rank, outputs or inputs)
  std::vector<float> offset{};  // (period, outputs)
  int period = 1;

  /// Numbers that are stored for it.
  [[nodiscard]] std::int64_t numbers() const;
};

/// How the vectors of a layer are numbered: those of an image one after the other, `passes` times
/// (see AnalogEngine), the images by their numbers.
struct VectorCount {
  std::int64_t positions = 1;  // vectors of an image
  int passes = 1;
  /// Number of the vector at a position of an image, modulo `period`.
  [[nodiscard]] int phase(std::uint64_t image, std::int64_t position, int period) const;
};

/// Where a correction takes place: a layer and how its vectors are numbered.
struct CorrectedLayer {
  const nn::LayerShape& shape;
  int passes = 1;
  [[nodiscard]] VectorCount count() const { return {shape.positions(), passes}; }
};

/// Inputs of the vector at one output position of one map (height, width, channels): (in_channels,
/// kernel rows, kernel columns), zeros outside the map.
void take_patch(const nn::LayerShape& shape, std::span<const float> map, std::int64_t position,
                std::span<float> patch);

/// Corrects the outputs (images, positions, outputs) that a chip made of `inputs`, in place.
void correct(const LayerCorrector& corrector, const CorrectedLayer& layer,
             const nn::InputMaps& inputs, std::span<float> outputs);

/// What the digital unit does for it, per image: stored numbers are looked up for every vector. A
/// factor that is 1 (a diagonal without gains) costs nothing; of an operand that is read again, its
/// map passes the activation buffer once more.
DigitalWork corrector_work(const LayerCorrector& corrector, const nn::LayerShape& shape);

}  // namespace lightloom::cosim
