#include "photonic/cores/measured_core.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/readout/frozen_errors.hpp"

namespace lightloom::photonic::measured_core_tests {
namespace {

constexpr std::size_t rows = 6, columns = 9;

/// Errors of six products of a random matrix.
ProductErrors measured_products() {
  const Stream stream({.seed = 4});
  ProductErrors errors{.outputs = 6, .period = 2, .full_scale = 3};
  std::vector<double> weights(36);
  for (std::size_t k = 0; k < 36; ++k) weights[k] = stream.normal(k);
  errors.covariance.assign(36, 0.0);
  for (std::size_t r = 0; r < 6; ++r)
    for (std::size_t k = 0; k < 6; ++k) {
      errors.mixing.push_back((r == k ? 0.8 : 0.0) + 0.05 * stream.normal(r * 6 + k, 1));
      for (std::size_t j = 0; j < 6; ++j)
        errors.covariance[r * 6 + k] += weights[r * 6 + j] * weights[k * 6 + j];
    }
  for (std::size_t k = 0; k < 12; ++k) errors.offset.push_back(stream.normal(k, 2));
  for (std::size_t k = 0; k < 6; ++k) errors.noise_sigma.push_back(0.5 + stream.uniform(k, 3));
  return errors;
}

/// A file for this test's reader, which knows no other.
std::string measured_file() {
  set_product_errors_reader([](const std::string& path) {
    require(path.ends_with("measured.h5"), "'{}' is not there", path);
    return measured_products();
  });
  return "measured.h5";
}

CoreCard card_of(const std::string& keys, const std::string& size = "rows: 6, columns: 9") {
  return read_card<CoreCard>(
      parse_yaml("{kind: ideal, " + size + ", measured: {" + keys + "}}", "card.yaml"));
}

struct Realised {
  std::vector<float> targets, weights, scales;
  RealisationReport report;
};

Realised realise(const CoreCard& card, const TileAddress& address, UsedPart used = {}) {
  const auto core = make_core(card);
  const std::size_t size = static_cast<std::size_t>(core->description().rows) *
                           static_cast<std::size_t>(core->description().columns);
  Realised realised{.targets = std::vector<float>(2 * size),
                    .weights = std::vector<float>(2 * size),
                    .scales = std::vector<float>(2)};
  fill_normal(Stream({.seed = 21}), 0, realised.targets);
  const auto width = static_cast<std::size_t>(core->description().columns);
  for (std::size_t k = 0; used.rows > 0 && k < 2 * size; ++k)  // nobody's weights are zero
    if (static_cast<int>(k % size / width) >= used.rows ||
        static_cast<int>(k % width) >= used.columns)
      realised.targets[k] = 0;
  const std::vector<UsedPart> parts(2, used);
  TileBatch batch{realised.targets, address, realised.weights, realised.scales};
  if (used.rows > 0) batch.used = parts;
  realised.report = core->realise_used(batch);
  return realised;
}

TEST(MeasuredCore, CellsAreOffInUnitsOfTheirRowInEveryTileAlike) {
  const CoreCard card = card_of("chip: drawn, gain_mean: 0.9, gain_sd: 0.1, mixing_share: 0.2");
  const Realised realised = realise(card, {.seed = 8, .chip = 3});
  const FrozenErrors frozen = draw_frozen_errors(
      card.measured.law, {.seed = 8, .chip = 3, .outputs = rows, .inputs = columns});
  for (std::size_t r = 0; r < 2 * rows; ++r) {
    double square = 0;
    for (std::size_t c = 0; c < columns; ++c)
      square += std::pow(double{realised.targets[r * columns + c]}, 2) / columns;
    for (std::size_t c = 0; c < columns; ++c)
      EXPECT_NEAR(realised.weights[r * columns + c],
                  frozen.gain[r % rows] * realised.targets[r * columns + c] +
                      frozen.cells[r % rows * columns + c] * std::sqrt(square),
                  1e-6);
  }
}

TEST(MeasuredCore, OutputsMixTheirRows) {
  const CoreCard card = card_of("chip: as_measured, frozen: outputs, file: " + measured_file());
  const Realised realised = realise(card, {.seed = 8, .chip = 3});
  const ProductErrors errors = measured_products();
  for (std::size_t r = 0; r < 2 * rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      double mixed = 0;
      for (std::size_t k = 0; k < rows; ++k)
        mixed += errors.mixing[r % rows * rows + k] *
                 realised.targets[(r / rows * rows + k) * columns + c];
      EXPECT_NEAR(realised.weights[r * columns + c], mixed, 1e-6);
    }
}

TEST(MeasuredCore, EveryChipIsAsMeasuredOrItsOwn) {
  const CoreCard measured =
      card_of("chip: as_measured, file: " + measured_file() + ", frozen: weights, repeat: true");
  EXPECT_EQ(realise(measured, {.seed = 8, .chip = 3}).weights,
            realise(measured, {.seed = 9, .chip = 4}).weights);
  const CoreCard drawn = card_of("chip: drawn, file: " + measured_file());
  EXPECT_NE(realise(drawn, {.seed = 8, .chip = 3}).weights,
            realise(drawn, {.seed = 8, .chip = 4}).weights);
  EXPECT_EQ(realise(drawn, {.seed = 8, .chip = 3, .layer = 1, .write = 2}).weights,
            realise(drawn, {.seed = 8, .chip = 3}).weights);
}

TEST(MeasuredCore, OutputErrorsAreInFullScaleProducts) {
  const auto core = make_core(card_of("chip: as_measured, file: " + measured_file()));
  const ProductErrors errors = measured_products();
  const OutputErrors added = core->output_errors(1, 2);
  EXPECT_EQ(added.period, 2);
  for (std::size_t k = 0; k < 12; ++k) EXPECT_NEAR(added.offset[k], errors.offset[k] / 3, 1e-6);
  for (std::size_t k = 0; k < 6; ++k)
    EXPECT_NEAR(added.noise_sigma[k], errors.noise_sigma[k] / 3, 1e-6);
  const auto other =
      make_core(card_of("chip: as_measured, full_scale: 6, file: " + measured_file()));
  EXPECT_NEAR(other->output_errors(1, 2).offset[3], errors.offset[3] / 6, 1e-6);
}

TEST(MeasuredCore, OutputsAreTakenInTurnOnlyWhereTheCardSaysSo) {
  const std::string of_file = "chip: as_measured, frozen: weights, file: " + measured_file();
  EXPECT_THROW(make_core(card_of(of_file, "rows: 7, columns: 9")), Error);
  EXPECT_THROW(make_core(card_of(of_file, "rows: 5, columns: 9")), Error);
  const auto core = make_core(card_of(of_file + ", repeat: true", "rows: 13, columns: 2"));
  const OutputErrors added = core->output_errors(0, 0);
  for (std::size_t t = 0; t < 2; ++t)
    for (std::size_t r = 0; r < 13; ++r)
      EXPECT_NEAR(added.offset[t * 13 + r], measured_products().offset[t * 6 + r % 6] / 3, 1e-6);
}

TEST(MeasuredCore, MixingStaysWithinEachTurnAndKeepsItsNumbers) {
  const CoreCard card =
      card_of("chip: as_measured, frozen: outputs, repeat: true, file: " + measured_file(),
              "rows: 13, columns: 2");
  const Realised realised = realise(card, {});
  const ProductErrors errors = measured_products();
  for (std::size_t r = 0; r < 13; ++r) {
    double mixed = 0;
    for (std::size_t k = r / 6 * 6; k < std::min<std::size_t>(13, r / 6 * 6 + 6); ++k)
      mixed += errors.mixing[r % 6 * 6 + k % 6] * realised.targets[k * 2];
    EXPECT_NEAR(realised.weights[r * 2], mixed, 1e-6);
  }
}

TEST(MeasuredCore, WhatNobodyUsesStaysZeroAndTheReportIsOfWhatCameOut) {
  const CoreCard card = card_of("chip: drawn, mixing_share: 0.3, gain_mean: 0.9");
  const Realised realised = realise(card, {.seed = 2}, {.rows = 4, .columns = 5});
  double square = 0;
  for (std::size_t k = 0; k < realised.weights.size(); ++k) {
    const std::size_t r = k / columns % rows, c = k % columns;
    if (r >= 4 || c >= 5) {
      EXPECT_EQ(realised.weights[k], 0.0F);
    }
    square += std::pow(double{realised.weights[k]} - realised.targets[k], 2);
  }
  EXPECT_NEAR(realised.report.squared_error, square, 1e-9 * square);
  EXPECT_EQ(realised.report.tiles, 2);
}

TEST(MeasuredCore, StandsInPlaceOfReadOutNoiseAndLeavesTheCost) {
  const auto card = [](const std::string& more) {
    return read_card<CoreCard>(parse_yaml("{kind: mrr-bank" + more + "}", "card.yaml"));
  };
  const auto plain = make_core(card("")), measured = make_core(card(", measured: {chip: drawn}"));
  EXPECT_GT(plain->description().noise.additive, 0);
  EXPECT_EQ(measured->description().noise.additive, 0);
  EXPECT_EQ(measured->description().noise.relative, 0);
  EXPECT_EQ(measured->description().cost.area_mm2, plain->description().cost.area_mm2);
  EXPECT_EQ(measured->description().cost.output_energy_pJ,
            plain->description().cost.output_energy_pJ);
}

TEST(MeasuredCore, AFilesLawIsThatOfItsErrorsWithTheCardsKeysOnTop) {
  const CoreCard card = card_of("chip: drawn, noise_sigma: 0.25, file: " + measured_file());
  const ProductErrorLaw law = error_law(measured_products());
  EXPECT_EQ(card.measured.law.gain_mean, law.gain_mean);
  EXPECT_EQ(card.measured.law.mixing_share, law.mixing_share);
  EXPECT_EQ(card.measured.law.frozen, law.frozen);
  EXPECT_EQ(card.measured.law.noise_sigma, 0.25);
}

std::string refusal(const std::string& keys) {
  try {
    card_of(keys);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(MeasuredCore, ACardThatCannotBeMeantIsRefused) {
  EXPECT_NE(refusal("chip: as_measured").find("needs the key 'file'"), std::string::npos);
  EXPECT_NE(refusal("chip: drawn, file: nowhere.h5").find("nowhere.h5"), std::string::npos);
  EXPECT_NE(refusal("chip: drawn, periodic_sd: 1").find("period"), std::string::npos);
  EXPECT_NE(refusal("chip: drawn, noise_common: 1.5").find("noise_common"), std::string::npos);
  EXPECT_NE(refusal("chip: drawn, full_scale: 0").find("full_scale"), std::string::npos);
  EXPECT_EQ(refusal("chip: drawn, period: 4, periodic_sd: 1"), "");
}

}  // namespace
}  // namespace lightloom::photonic::measured_core_tests
