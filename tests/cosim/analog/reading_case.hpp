#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "tests/oracles/as_index.hpp"

// A matrix that meets vectors on a core which sends inputs in bits or reads them in phases.

namespace lightloom::cosim {

/// A matrix (outputs, inputs) and vectors that meet it one by one. Weights are multiples of 1/64,
/// so that no sum of bits or of whole numbers comes near the middle of two of an ADC's steps of 4.1
/// / 32 or 4.1 / 64, whatever the order of addition.
struct MatrixCase {
  int outputs = 5, inputs = 13, vectors = 1;
  std::vector<float> weights, values;
  [[nodiscard]] nn::LayerShape shape() const {
    return {.name = "matrix", .in_channels = inputs, .out_channels = outputs};
  }
};

inline MatrixCase matrix_case(int vectors, bool with_signs) {
  MatrixCase c{.vectors = vectors};
  const Stream stream({.seed = 17, .purpose = Purpose::test});
  for (int i = 0; i < c.outputs * c.inputs; ++i)
    c.weights.push_back(static_cast<float>(std::round(64 * stream.normal(as_index(i), 0)) / 64));
  for (int i = 0; i < vectors * c.inputs; ++i) {
    const double x = stream.normal(as_index(i), 1);
    c.values.push_back(static_cast<float>(with_signs ? x : std::max(0.0, x)));
  }
  return c;
}

inline photonic::CoreDescription reading_core(photonic::InputCoding coding,
                                              photonic::InputSending sending,
                                              photonic::ReadPhases phases) {
  photonic::CoreDescription core{
      .kind = "test", .rows = 5, .columns = 8, .coding = coding};  // two tiles
  core.input_dac.bits = 5;
  core.reads = {sending, phases};
  core.signs = photonic::WeightSigns::parts;
  return core;
}

struct EngineRun {
  std::vector<float> outputs;
  AnalogCounts counts;
};

inline EngineRun multiply_on(const photonic::TensorCore& core, const MatrixCase& c,
                             std::uint64_t first = 0) {
  AnalogEngine engine(core, 3, 2);
  engine.load(0, c.shape(), c.weights, 0);
  EngineRun run{.outputs = std::vector<float>(as_index(c.vectors * c.outputs)), .counts = {}};
  engine.begin_calibration();
  engine.multiply(0, {c.values, c.vectors, 0}, run.outputs);
  engine.end_calibration();
  engine.multiply(0, {c.values, c.vectors, first}, run.outputs);
  run.counts = engine.counts();
  return run;
}

}  // namespace lightloom::cosim
