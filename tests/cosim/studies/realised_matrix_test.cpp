#include "cosim/studies/realised_matrix.hpp"

#include <gtest/gtest.h>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "photonic/cores/core_table.hpp"

namespace lightloom::cosim {
namespace {

photonic::CoreCard small_core(const std::string& kind) {
  photonic::CoreCard card = photonic::default_card(kind);
  card.rows = 4;
  card.columns = 5;
  card.phase_sigma_rad = 0.02;
  card.input_dac.bits = card.output_adc.bits = 0;
  return card;
}

std::vector<float> any_weights(int count) {
  const Stream stream({.seed = 12});
  std::vector<float> weights;
  for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(count); ++k)
    weights.push_back(static_cast<float>(stream.normal(k)));
  return weights;
}

/// The matrix by its columns: what the engine's calibration pass, which has no noise and no ADC,
/// makes of inputs that are 1 in one place.
std::vector<float> columns_of(const photonic::TensorCore& core, const TargetMatrix& target,
                              std::uint32_t chip) {
  AnalogEngine engine(core, 3, chip);
  const nn::LayerShape shape{.name = "matrix",
                             .kind = nn::LayerShape::Kind::linear,
                             .in_channels = target.columns,
                             .out_channels = target.rows};
  engine.load(0, shape, target.weights, 0);
  engine.begin_calibration();
  const auto rows = static_cast<std::size_t>(target.rows),
             columns = static_cast<std::size_t>(target.columns);
  std::vector<float> units(columns * columns), outputs(columns * rows), matrix(rows * columns);
  for (std::size_t c = 0; c < columns; ++c) units[c * columns + c] = 1;
  engine.multiply(0, {units, target.columns, 0}, outputs);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) matrix[r * columns + c] = outputs[c * rows + r];
  return matrix;
}

TEST(RealisedMatrix, IsWhatTheAnalogEngineMultipliesWithOnEveryChip) {
  const std::vector<float> weights = any_weights(7 * 11);
  const TargetMatrix target{7, 11, weights};
  for (const char* kind :
       {"ideal", "mrr-bank", "mzi-mesh", "pcm-crossbar", "incoherent-crossbar"}) {
    const auto core = photonic::make_core(small_core(kind));
    std::vector<std::vector<float>> chips;
    for (const std::uint32_t number : {0U, 1U}) {
      const RealisedMatrix found = realise_matrix(ChipCore(*core, 3, number), target);
      EXPECT_EQ(found.row_tiles, 2);
      EXPECT_EQ(found.column_tiles, 3);
      const std::vector<float> engine = columns_of(*core, target, number);
      for (std::size_t k = 0; k < engine.size(); ++k)
        EXPECT_NEAR(found.weights[k], engine[k], 1e-5) << kind << " " << k;
      chips.push_back(found.weights);
    }
    EXPECT_EQ(chips[0] == chips[1], std::string(kind) == "ideal") << kind;
  }
}

}  // namespace
}  // namespace lightloom::cosim
