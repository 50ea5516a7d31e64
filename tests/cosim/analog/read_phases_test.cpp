// Devices of positive and negative weights read apart, and what the converters behind them do.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "cosim/analog/range_calibration.hpp"
#include "photonic/cores/core_card.hpp"
#include "tests/cosim/analog/reading_case.hpp"
#include "tests/cosim/exact_core.hpp"

namespace lightloom::cosim {
namespace {

using photonic::InputCoding;
using photonic::InputSending;
using photonic::ReadPhases;

std::unique_ptr<photonic::TensorCore> crossbar(const std::vector<std::string>& settings) {
  const std::string path = std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/pcm-crossbar.yaml";
  std::vector<std::string> all{"rows=5", "columns=8", "output_adc.bits=0"};
  all.insert(all.end(), settings.begin(), settings.end());
  return photonic::make_core(read_card<photonic::CoreCard>(load_card(path, all)));
}

TEST(ReadPhases, ThePairsOfACrossbarAreItsTwoTransmissions) {
  // By hand from what the core says of a pair: T+ - T- is the weight over the scale, T+ + T- its
  // light, both times the tile's scale in network units.
  const auto core = crossbar({"read_phases=4"});
  const ChipCore chip(*core, 3, 2);
  const MatrixCase given = matrix_case(1, true);
  LayerOnCore layer;
  layer.shape = given.shape();
  write_layer(layer, chip, given.weights, 0);
  ASSERT_EQ(layer.devices.size(), 2U);
  const auto targets = gather_tiles(layer.shape, layer.mapping, given.weights);
  std::vector<float> realised(targets.size()), variance(targets.size()), light(targets.size()),
      scales(2);
  const photonic::TileAddress address{.seed = 3, .chip = 2};
  core->realise(targets, address, realised, scales);
  core->cell_noise(targets, address, {variance, light});
  for (const PackedDevices& side : layer.devices)
    for (std::size_t tile = 0; tile < 2; ++tile) {
      const PackedTile& packed = side.tiles[tile];
      const std::size_t inputs = packed.weights.size() / as_index(packed.padded_rows);
      for (std::size_t i = 0; i < inputs; ++i)
        for (std::size_t r = 0; r < 5; ++r) {
          const std::size_t at = tile * 40 + r * 8 + i,
                            place = i * as_index(packed.padded_rows) + r;
          const double w = realised[at] / scales[tile];
          const double transmission = (light[at] + side.sign * w) / 2;
          EXPECT_GE(transmission, -1e-6);
          EXPECT_NEAR(packed.weights[place], transmission, 1e-6);
          EXPECT_NEAR(side.cells[tile].light.weights[place], transmission, 1e-6);
          EXPECT_NEAR(side.cells[tile].variance.weights[place],
                      variance[at] / 2 / (scales[tile] * scales[tile]), 1e-9);
        }
    }
}

TEST(ReadPhases, PairsOfCellsReadApartGiveTheirDifference) {
  // Whatever programming, drift and levels made of the cells, T+ - T- is what one read gives.
  const auto core_of = [&](const std::string& phases) {
    return crossbar({"pcm.read_scale=0", "laser.rin_dBc_per_Hz=-400",
                     "detector.tia_noise_pA_per_rtHz=0", "detector.dark_current_nA=0",
                     "laser.power_per_input_mW=1e12", "read_phases=" + phases});
  };
  const MatrixCase given = matrix_case(4, true);
  const EngineRun two = multiply_on(*core_of("2"), given), four = multiply_on(*core_of("4"), given);
  for (std::size_t k = 0; k < two.outputs.size(); ++k)
    EXPECT_NEAR(four.outputs[k], two.outputs[k], 2e-5);
}

TEST(ReadPhases, OfCellsThatAreReadApartHaveTheNoiseOfBothTogether) {
  MatrixCase many = matrix_case(1, false);
  const std::vector<float> values = many.values;
  for (many.vectors = 1; many.vectors < 3000; ++many.vectors)
    many.values.insert(many.values.end(), values.begin(), values.end());
  const auto variance = [&](const std::string& phases) {
    const auto core = crossbar({"pcm.read_scale=3", "laser.rin_dBc_per_Hz=-400",
                                "detector.tia_noise_pA_per_rtHz=0", "detector.dark_current_nA=0",
                                "read_phases=" + phases});
    const EngineRun run = multiply_on(*core, many);
    double sum = 0;
    for (int o = 0; o < many.outputs; ++o) {
      double mean = 0, square = 0;
      for (int v = 0; v < many.vectors; ++v) {
        const double y = run.outputs[as_index(v * many.outputs + o)];
        mean += y / many.vectors;
        square += y * y / many.vectors;
      }
      sum += square - mean * mean;
    }
    return sum;
  };
  // Readings of inputs that are not sent add nothing but their amplifiers, which are quiet here.
  const double both = variance("auto"), apart = variance("4");
  EXPECT_NEAR(apart / both, 1, 4 * std::sqrt(2 * 2.0 / (5 * 3000)));
}

/// A converter with curves of its own at every row.
photonic::Converter bent_converter() {
  photonic::Converter adc{.bits = 7, .full_scale = 6.3};
  adc.offset_lsb = 2;
  adc.gain_sigma = 0.05;
  adc.inl_lsb = 1.5;
  return adc;
}

TEST(ReadPhases, CurvesOfConvertersBendWhatIsIntegratedLikeWholeNumbers) {
  const MatrixCase given = matrix_case(6, true);
  std::vector<float> levels;
  for (const InputSending sending :
       {InputSending::levels, InputSending::bit_serial_integrated, InputSending::pulses}) {
    auto description = reading_core(InputCoding::field, sending, ReadPhases::one);
    description.output_adc = bent_converter();
    const EngineRun run = multiply_on(ExactCore(description), given);
    if (levels.empty()) levels = run.outputs;
    for (std::size_t k = 0; k < levels.size(); ++k) EXPECT_NEAR(run.outputs[k], levels[k], 2e-5);
  }
}

TEST(ReadPhases, CurvesSpanTheCodesFromZeroOn) {
  // One tile, inputs of one sign that are sent whole and exactly: no phase but the first two sees
  // light, and each row's converter bends at u = -1 for no light and 1 for full scale.
  auto description = reading_core(InputCoding::field, InputSending::levels, ReadPhases::four);
  description.columns = 16;
  description.input_dac.bits = 0;
  description.output_adc = bent_converter();
  const MatrixCase given = matrix_case(4, false);
  const EngineRun run = multiply_on(ExactCore(description), given);
  const auto curves = photonic::draw_curves(description.output_adc, photonic::adc_address(3, 2), 5);
  double largest = 0;
  for (const float x : given.values) largest = std::max(largest, double{x});
  const double step = 6.3 / 128;
  const auto code = [&](double sum, std::size_t row) {
    const double level = sum / step, u = std::min(1.0, level / 64 - 1);
    const double bent = level + photonic::curve_error_lsb(curves[row], level, u);
    return step * std::min(std::max(std::nearbyint(bent), 0.0), 127.0);
  };
  for (int v = 0; v < given.vectors; ++v)
    for (std::size_t o = 0; o < 5; ++o) {
      double plus = 0, minus = 0;
      for (int i = 0; i < given.inputs; ++i) {
        const double w = given.weights[o * 13 + as_index(i)],
                     x = given.values[as_index(v * given.inputs + i)] / largest;
        (w < 0 ? minus : plus) += std::abs(w) * x;
      }
      // The phases of negative inputs convert nothing twice, and the two results cancel.
      EXPECT_NEAR(run.outputs[as_index(v) * 5 + o], largest * (code(plus, o) - code(minus, o)),
                  2e-5);
    }
}

TEST(ReadPhases, TheRangeOfAConverterIsThatOfTheSumsItMeets) {
  const MatrixCase given = matrix_case(9, true);
  double largest = 0;
  for (const float x : given.values) largest = std::max(largest, std::abs(double{x}));
  for (const InputSending sending : {InputSending::bit_serial, InputSending::pulses}) {
    auto description = reading_core(InputCoding::field, sending, ReadPhases::one);
    description.output_adc = {.bits = 6};
    const ExactCore core(description);
    const ChipCore chip(core, 3, 2);
    LayerOnCore layer;
    layer.shape = given.shape();
    write_layer(layer, chip, given.weights, 0);
    calibrate_ranges(layer, chip, {given.values, given.vectors});
    std::vector<float> sums;
    for (int v = 0; v < given.vectors; ++v)
      for (int o = 0; o < given.outputs; ++o)
        for (int tile = 0; tile < given.inputs; tile += 8)
          for (int bit = 0; bit < (sending == InputSending::bit_serial ? 4 : 1); ++bit) {
            double sum = 0;
            for (int i = tile; i < std::min(given.inputs, tile + 8); ++i) {
              const double x = given.values[as_index(v * given.inputs + i)] / largest;
              const auto m = static_cast<int>(std::nearbyint(std::abs(x) * 15));
              const double sent = sending == InputSending::bit_serial ? m >> bit & 1 : m / 15.0;
              sum += given.weights[as_index(o * given.inputs + i)] * (x < 0 ? -sent : sent);
            }
            sums.push_back(static_cast<float>(std::abs(sum)));
          }
    EXPECT_NEAR(layer.ranges.output_full_scale, best_full_scale(sums, 6), 1e-5);
  }
}

TEST(ReadPhases, CodesFromZeroOnHaveABitMoreForTheRange) {
  const MatrixCase given = matrix_case(9, true);
  double largest = 0;
  for (const float x : given.values) largest = std::max(largest, std::abs(double{x}));
  auto description = reading_core(InputCoding::field, InputSending::pulses, ReadPhases::four);
  description.output_adc = {.bits = 3};
  const ExactCore core(description);
  const ChipCore chip(core, 3, 2);
  LayerOnCore layer;
  layer.shape = given.shape();
  write_layer(layer, chip, given.weights, 0);
  calibrate_ranges(layer, chip, {given.values, given.vectors});
  std::vector<float> sums;
  for (int v = 0; v < given.vectors; ++v)
    for (int o = 0; o < given.outputs; ++o)
      for (int tile = 0; tile < given.inputs; tile += 8) {
        double parts[4] = {};  // by the signs of input and weight
        for (int i = tile; i < std::min(given.inputs, tile + 8); ++i) {
          const double x = given.values[as_index(v * given.inputs + i)] / largest,
                       w = given.weights[as_index(o * given.inputs + i)];
          parts[(x < 0 ? 2 : 0) + (w < 0 ? 1 : 0)] +=
              std::abs(w) * std::nearbyint(std::abs(x) * 15) / 15;
        }
        for (const double part : parts) sums.push_back(static_cast<float>(part));
      }
  EXPECT_NEAR(layer.ranges.output_full_scale, best_full_scale(sums, 4), 1e-5);
  EXPECT_NE(best_full_scale(sums, 4), best_full_scale(sums, 3));
}

TEST(ReadPhases, ReadingsOfBitsAreEachConvertedAndAveraged) {
  const MatrixCase given = matrix_case(2, true);
  const auto counts = [&](InputSending sending) {
    auto description = reading_core(InputCoding::field, sending, ReadPhases::two);
    description.readings = 3;
    description.output_adc = {.bits = 9, .full_scale = 8};
    auto once = description;
    once.readings = 1;
    const EngineRun averaged = multiply_on(ExactCore(description), given),
                    single = multiply_on(ExactCore(once), given);
    for (std::size_t k = 0; k < single.outputs.size(); ++k)  // without noise, all are alike
      EXPECT_NEAR(averaged.outputs[k], single.outputs[k], 2e-5);
    return averaged.counts.conversions;
  };
  EXPECT_EQ(counts(InputSending::pulses), 3 * 2 * 2 * 5 * 2);
  EXPECT_EQ(counts(InputSending::bit_serial), 3 * 4 * 2 * 2 * 5 * 2);
}

}  // namespace
}  // namespace lightloom::cosim
