#include "cosim/studies/realised_matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>

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
       {"ideal", "mrr-bank", "mzi-mesh", "pcm-crossbar", "incoherent-crossbar", "by output"}) {
    photonic::CoreCard card = small_core(std::string(kind) == "by output" ? "mrr-bank" : kind);
    if (std::string(kind) == "by output") card.weight_scales = photonic::WeightScales::output;
    const auto core = photonic::make_core(card);
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

/// A row of small weights errs by its own size, not by that of the others.
TEST(RealisedMatrix, OutputsWithScalesOfTheirOwnErrByTheirOwnSize) {
  std::vector<float> weights = any_weights(7 * 11);
  for (std::size_t k = 0; k < 11; ++k) weights[2 * 11 + k] /= 1024;
  const TargetMatrix target{7, 11, weights};
  const auto error_of_row = [&](photonic::WeightScales scales) {
    photonic::CoreCard card = small_core("mrr-bank");
    card.weight_scales = scales;
    const auto core = photonic::make_core(card);
    double sum = 0;
    for (std::uint32_t chip = 0; chip < 20; ++chip) {
      const RealisedMatrix found = realise_matrix(ChipCore(*core, 3, chip), target);
      for (std::size_t k = 2 * 11; k < 3 * 11; ++k)
        sum += std::pow(double{found.weights[k]} - weights[k], 2);
    }
    return std::sqrt(sum);
  };
  const double by_tile = error_of_row(photonic::WeightScales::tile),
               by_output = error_of_row(photonic::WeightScales::output);
  EXPECT_LT(by_output, by_tile / 300);
  EXPECT_GT(by_output, by_tile / 3000);
}

}  // namespace
}  // namespace lightloom::cosim
