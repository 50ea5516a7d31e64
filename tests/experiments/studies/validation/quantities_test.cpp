// Each quantity by hand, on the made-up chip: 8 outputs, 4 inputs, 2 GHz, three cores.
#include "experiments/studies/validation/quantities.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "experiments/studies/validation/chip_card.hpp"
#include "tests/experiments/example_results.hpp"
#include "tests/experiments/studies/validation/made_up_chip.hpp"

namespace lightloom::experiments {
namespace {

/// The model of the made-up chip with keys changed.
Experiment made_up_model(const std::vector<std::pair<std::string, std::string>>& with = {}) {
  const ChipCard chip = read_chip(written_chip(made_up_chip));
  ChipMetric metric = chip.predictions.at(0);
  for (const auto& [key, value] : with) metric.with.emplace_back(key, parse_yaml(value, "test"));
  return experiment_of(chip, metric);
}

/// An ideal core of one output and one input.
Experiment one_product(const std::string& noise, const std::string& bits = "0") {
  return read_experiment(parse_yaml("core: {kind: ideal, rows: 1, columns: 1, noise: {additive: " +
                                        noise + "}, output_adc: {bits: " + bits + "}}",
                                    "test"));
}

double quantity_of(const std::string& name, const Experiment& card,
                   const QuantityOptions& options = {}) {
  const Quantity* row = find_quantity(name);
  EXPECT_NE(row, nullptr) << name;
  return row->of(card, options);
}

TEST(Quantities, ThroughputPowerAndTheirRatiosByHand) {
  const Experiment card = made_up_model();
  const double operations = 2.0 * 8 * 4 * 2e9 * 3;  // a second
  // mW of a core: 4 inputs of 5 mW over 0.25; a conversion of 50 mW / 10 GHz at 2 GHz for each of 4
  // DACs, of 20 mW / 10 GHz for each of 8 ADCs; 500 fJ at 2 GHz for each of 4 modulators; 6 mW for
  // each of 8 receivers.
  const double laser = 4 * 5 / 0.25, dac = 4 * 50.0 / 10 * 2, adc = 8 * 20.0 / 10 * 2,
               modulators = 4 * 0.5 * 2, receivers = 8 * 6;
  const double all_W = 3e-3 * (laser + dac + adc + modulators + receivers);
  EXPECT_NEAR(quantity_of("throughput_TOPS", card), operations * 1e-12, 1e-12);
  EXPECT_NEAR(quantity_of("power_W", card), all_W, 1e-12);
  EXPECT_NEAR(quantity_of("power_W", card, {.parts = {"laser"}}), 3e-3 * laser, 1e-12);
  EXPECT_NEAR(quantity_of("power_W", card, {.without = {"laser"}}), all_W - 3e-3 * laser, 1e-12);
  EXPECT_NEAR(quantity_of("power_W", card, {.parts = {"DAC", "ADC"}, .without = {"ADC"}}),
              3e-3 * dac, 1e-12);
  EXPECT_NEAR(quantity_of("efficiency_TOPS_per_W", card), operations * 1e-12 / all_W, 1e-9);
  EXPECT_NEAR(quantity_of("energy_fJ_per_operation", card, {.parts = {"ADC"}}),
              3e-3 * adc / operations * 1e15, 1e-9);
  EXPECT_THROW(quantity_of("power_W", card, {.parts = {"clock"}}), Error);
}

TEST(Quantities, AreasByHand) {
  const Experiment card = made_up_model();
  const double dacs_mm2 = 3 * 4 * 30000e-6;  // three cores of four
  EXPECT_NEAR(quantity_of("area_mm2", card, {.parts = {"DAC"}}), dacs_mm2, 1e-12);
  EXPECT_NEAR(quantity_of("density_TOPS_per_mm2", card, {.parts = {"DAC"}}),
              2.0 * 8 * 4 * 2e-3 * 3 / dacs_mm2, 1e-9);
  EXPECT_GT(quantity_of("area_mm2", card), dacs_mm2);
}

TEST(Quantities, EffectiveBitsFollowFromShotAmplifierAndLaserNoise) {
  const Experiment card = made_up_model({{"core.detector.dark_current_nA", "0"}});
  // Coupling 0.7 dB, modulator 1.2 dB, cells 1 dB, split over two cells in each of 8 rows.
  const double loss_db = 0.7 + 1.2 + 1 + 10 * std::log10(16.0);
  EXPECT_NEAR(quantity_of("insertion_loss_dB", card), loss_db, 1e-9);
  const double current = 5e-3 * std::pow(10, -loss_db / 10), bandwidth = 1e9;  // A at 1 A/W, Hz
  const double variance = 2 * 1.602176634e-19 * current * bandwidth +          // shot
                          12e-12 * 12e-12 * bandwidth +                        // amplifier
                          std::pow(10, -160.0 / 10) * current * current * bandwidth;  // laser
  const double snr = current * current / variance;
  const double uniform = 0.5 * std::log2(snr / 3);  // log2(2 / (sqrt(12) sigma)), sigma^2 = 1 / snr
  EXPECT_NEAR(quantity_of("enob_uniform", card), uniform, 1e-6);
  EXPECT_NEAR(quantity_of("enob_sine", card), (10 * std::log10(snr) - 1.76) / 6.02, 1e-6);
  // 6 bits over [-1, 1]: steps of 2 / 64, rounding error of a step over sqrt(12).
  const double rounding = 2.0 / 64 / std::sqrt(12.0);
  EXPECT_NEAR(quantity_of("enob_converted", card),
              0.5 * std::log2(1 / (3 * (1 / snr + rounding * rounding))), 1e-6);
}

TEST(Quantities, TheLaserThatBitsNeedGivesThem) {
  const double watts = quantity_of("laser_W_for_enob", made_up_model(), {.bits = 5});
  const double each_mW = watts * 1e3 * 0.25 / 4 / 3;  // wall plug, inputs, cores
  const Experiment card = made_up_model({{"core.laser.power_per_input_mW", number_text(each_mW)}});
  EXPECT_NEAR(quantity_of("enob_uniform", card), 5, 1e-6);
  EXPECT_THROW(quantity_of("laser_W_for_enob", made_up_model(), {.bits = 30}), Error);
}

TEST(Quantities, ErrorsOfProductsAreThoseOfTheNoiseAndFallWithAverages) {
  // Of 65536 products, each error is known to 1 / sqrt(2 * 65536) of itself: 0.28 %.
  const double known = 4 / std::sqrt(2.0 * 65536);
  EXPECT_NEAR(quantity_of("product_error_percent", one_product("0.05")), 5, 5 * known);
  EXPECT_NEAR(quantity_of("product_error_percent", one_product("0.05"), {.averages = 4}), 2.5,
              2.5 * known);
  EXPECT_NEAR(quantity_of("product_error_percent", one_product("0")), 0, 1e-5);
}

TEST(Quantities, ErrorsOfWeightsAreThoseOfTheChips) {
  const Experiment card = made_up_model();
  const std::string core = written_chip("{kind: pcm-crossbar, rows: 8, columns: 4}");
  for (const auto targets : {AskedWeights::uniform, AskedWeights::normal}) {
    const std::string name = targets == AskedWeights::normal ? "normal" : "uniform";
    const Ran chips = run_shell(
        fmt::format("{} chip {} --chips 3 --targets {} --json --quiet", program(), core, name));
    const double error = nlohmann::json::parse(chips.output)["error"]["mean"].get<double>();
    EXPECT_GT(error, 0);
    EXPECT_NEAR(quantity_of("weight_error_percent", card, {.chips = 3, .targets = targets}),
                100 * error, 1e-9)
        << name;
  }
  EXPECT_EQ(quantity_of("weight_error_percent", one_product("0.05")), 0);
}

TEST(Quantities, ReadsOfAProductFollowEachOther) {
  EXPECT_NEAR(quantity_of("latency_ns", made_up_model()), 0.5, 1e-12);  // a symbol at 2 GHz
  // A table says 7 ns and 32 pJ for each of four phases, beside the card's converters.
  const Experiment phases = read_experiment(parse_yaml(
      "core: {kind: ideal, rows: 8, columns: 4, read_phases: 4, precision: {table: [{part: array, "
      "energy_pJ: 32, time_ns: 7}]}}",
      "test"));
  EXPECT_NEAR(quantity_of("latency_ns", phases), 28, 1e-12);
  EXPECT_NEAR(quantity_of("throughput_TOPS", phases), 2 * 8 * 4 / 28.0 * 1e-3, 1e-12);
  EXPECT_NEAR(quantity_of("power_W", phases, {.parts = {"array"}}), 32 / 7.0 * 1e-3, 1e-12);
}

TEST(Quantities, SettlingIsPartOfLoading) {
  // Four tiles for three cores, 64 vectors each at 2 GHz beside a millisecond of settling: what is
  // left is less than 1 %.
  const Experiment slow = made_up_model({{"core.shifter.settle_us", "1000"}});
  const double share = quantity_of("loading_percent", slow, {.product = "64,16,8"});
  EXPECT_GT(share, 99);
  EXPECT_LT(share, 100);
  EXPECT_GT(quantity_of("time_us", slow, {.product = "64,16,8"}), 2000);
  // One tile stays on its core from batch to batch.
  EXPECT_EQ(quantity_of("loading_percent", slow, {.product = "64,4,8"}), 0);
  const Experiment quick = made_up_model({{"core.shifter.settle_us", "0.0001"}});
  EXPECT_LT(quantity_of("loading_percent", quick, {.product = "100000,16,8"}), 2);
  EXPECT_GT(quantity_of("energy_uJ", quick, {.product = "100000,16,8"}),
            quantity_of("energy_uJ", quick, {.product = "1000,16,8"}));
}

TEST(Quantities, SpeedupsAreOfBaselinesThatTheCardHas) {
  const Experiment card = made_up_model({{"weights", "{source: integer, bits: 4}"},
                                         {"baselines", "[{source: integer, bits: 8}]"},
                                         {"model", "{name: lenet5}"}});
  const double gain = quantity_of("speedup", card, {.baseline = "int8"});
  EXPECT_GE(gain, 1);  // less to fetch
  EXPECT_LT(gain, 2);
  EXPECT_THROW(quantity_of("speedup", card, {.baseline = "int3"}), Error);
}

TEST(Quantities, CirculantBlocksOfFourLeaveAQuarterOfTheParameters) {
  const Experiment card =
      made_up_model({{"model", "{name: resnet18}"}, {"weights", "{source: circulant, block: 4}"}});
  // .2510 of ResNet-18 on CIFAR-10: docs/models/weights/baselines.md.
  EXPECT_NEAR(quantity_of("parameters_saved_percent", card), 100 * (1 - 0.2510), 0.005);
}

/// What a model leaves of products of chips whose errors these are, read by an ideal core.
double drawn_residual(const std::string& law, calibration::ErrorModel model, int chips = 6) {
  const Experiment card = read_experiment(parse_yaml(
      "core: {kind: ideal, rows: 9, columns: 9, measured: {chip: drawn, " + law + "}}", "test"));
  return quantity_of("drawn_product_residual", card, {.chips = chips, .model = model});
}

TEST(Quantities, DrawnChipsLeaveTheirNoiseAndOffsetsWhateverTheFullScale) {
  using calibration::ErrorModel;
  // Of 576 vectors of 9 outputs a model of k unknowns an output leaves (1 + k / 288) of the noise's
  // variance, held out; six chips know the noise's root mean square to 1 / sqrt(2 6 9 576).
  const double known = 4 / std::sqrt(2.0 * 6 * 9 * 576);
  for (const char* scale : {"1", "7"}) {
    const std::string noise = fmt::format("full_scale: {}, noise_sigma: 0.5", scale);
    EXPECT_NEAR(drawn_residual(noise, ErrorModel::gains) / (0.5 * std::sqrt(1 + 2 / 288.0)), 1,
                known)
        << scale;
    const std::string both = noise + ", period: 4, periodic_sd: 1.2";
    EXPECT_NEAR(drawn_residual(both, ErrorModel::periodic) / (0.5 * std::sqrt(1 + 5 / 288.0)), 1,
                known)
        << scale;
    // Offsets by phase have 3 x 9 degrees of freedom a chip.
    EXPECT_NEAR(drawn_residual(both, ErrorModel::gains) / std::hypot(0.5, 1.2), 1,
                4 / std::sqrt(2.0 * 6 * 27))
        << scale;
  }
  EXPECT_THROW(drawn_residual("noise_sigma: 0.5", ErrorModel::both), Error) << "no period";
  EXPECT_THROW(quantity_of("drawn_product_residual", one_product("0.05")), Error);
}

TEST(Quantities, DrawnChipsLeaveTheirMixingToModelsWithout) {
  using calibration::ErrorModel;
  // Gain 0.9, of weights s a share of 0.2 s mixed in: of products of unit-variance inputs, whose
  // root mean square is 3 s, 0.6 s. In units in which a full-scale product is 1: the gains leave
  // it.
  const std::string law = "gain_mean: 0.9, mixing_share: 0.2, noise_sigma: 1e-6";
  const double gains = drawn_residual(law, ErrorModel::gains, 24),
               mixing = drawn_residual(law, ErrorModel::mixing, 24);
  EXPECT_LT(mixing, 1e-3 * gains);
  // The same of chips with twice the share.
  const double twice =
      drawn_residual("gain_mean: 0.9, mixing_share: 0.4, noise_sigma: 1e-6", ErrorModel::gains, 24);
  EXPECT_NEAR(twice / gains, 2, 1e-3) << "the same draws, twice as large";
  EXPECT_GT(std::abs(drawn_residual(law, ErrorModel::gains, 1) /
                         drawn_residual(law, ErrorModel::gains, 2) -
                     1),
            1e-3)
      << "every chip draws its own";
}

TEST(Quantities, ChipsDrawnFromTheShippedCardAreOffLikeTheMeasuredOne) {
  // Residuals of the 4096 published products of 64 outputs; the card holds their statistics only.
  const ChipCard chip = read_chip(LIGHTLOOM_SOURCE_DIR "/data/chips/ahmed2025.yaml");
  int compared = 0;
  for (const ChipMetric& metric : chip.predictions) {
    if (metric.quantity->name != "drawn_product_residual") continue;
    const double left = metric.quantity->of(experiment_of(chip, metric), metric.options);
    EXPECT_NEAR(left / metric.published->value, 1, 0.05) << metric.name;
    ++compared;
  }
  EXPECT_EQ(compared, 4);
}

TEST(Quantities, EveryRowIsWhole) {
  for (const Quantity& quantity : quantities()) {
    EXPECT_EQ(find_quantity(quantity.name), &quantity);
    EXPECT_TRUE(quantity.of != nullptr || quantity.in != nullptr) << quantity.name;
    EXPECT_EQ(quantity.in != nullptr, !quantity.results_kind.empty()) << quantity.name;
    EXPECT_TRUE(quantity.of != nullptr || quantity.needs_files) << quantity.name;
    for (const std::string& text : {quantity.family, quantity.unit, quantity.meaning})
      EXPECT_FALSE(text.empty()) << quantity.name;
  }
  EXPECT_EQ(find_quantity("luck"), nullptr);
}

}  // namespace
}  // namespace lightloom::experiments
