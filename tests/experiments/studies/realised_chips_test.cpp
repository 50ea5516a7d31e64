#include "experiments/studies/realised_chips.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"

namespace lightloom::experiments {
namespace {

/// 7 x 11 numbers about zero: 2 x 3 tiles of 4 x 5.
ComplexMatrix some_matrix() {
  ComplexMatrix matrix{.rows = 7, .columns = 11, .values = {}};
  const Stream stream({.seed = 5});
  for (std::uint64_t k = 0; k < 77; ++k) matrix.values.emplace_back(stream.normal(k));
  return matrix;
}

photonic::CoreCard core(const std::string& keys) {
  return read_card<photonic::CoreCard>(
      parse_yaml("{rows: 4, columns: 5, " + keys + "}", "card.yaml"));
}

const std::vector<float>& floats(const Labelled& data, const char* name) {
  return std::get<std::vector<float>>(data.variable(name)->values);
}

std::string refusal(const ComplexMatrix& matrix, int chips = 2) {
  try {
    realise_chips(core("kind: ideal"), matrix, {.chips = chips, .seed = 0, .name = "W.npy"});
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

TEST(RealisedChips, AnExactCoreGivesTheMatrixBack) {
  const ComplexMatrix matrix = some_matrix();
  const RealisedChips found =
      realise_chips(core("kind: ideal"), matrix, {.chips = 2, .seed = 0, .name = "W"});
  EXPECT_EQ(found.tiles, 6);
  EXPECT_FALSE(found.settings);
  const std::vector<float>& realised = floats(found.data, "realised");
  ASSERT_EQ(realised.size(), 2U * 77);
  for (std::size_t k = 0; k < realised.size(); ++k)
    EXPECT_NEAR(realised[k], matrix.values[k % 77].real(), 1e-6);
  for (const double error : found.error) EXPECT_LT(error, 1e-6);
}

TEST(RealisedChips, ErrorsAreThoseOfTheArraysChipByChip) {
  const ComplexMatrix matrix = some_matrix();
  const photonic::CoreCard card = core("kind: mrr-bank, phase_sigma_rad: 0.05");
  const RealisedChips found = realise_chips(card, matrix, {.chips = 3, .seed = 4, .name = "W"});
  const std::vector<float>& realised = floats(found.data, "realised");
  for (std::size_t chip = 0; chip < 3; ++chip) {
    double miss = 0, norm = 0;
    for (std::size_t k = 0; k < 77; ++k) {
      const auto wanted = static_cast<float>(matrix.values[k].real());
      miss += std::pow(double{realised[chip * 77 + k]} - wanted, 2);
      norm += double{wanted} * wanted;
    }
    EXPECT_NEAR(found.error[chip], std::sqrt(miss / norm), 1e-9);
    EXPECT_GT(found.error[chip], 1e-3);
  }
  EXPECT_NE(found.error[0], found.error[1]);
  const RealisedChips again = realise_chips(card, matrix, {.chips = 1, .seed = 4, .name = "W"});
  EXPECT_EQ(again.error[0], found.error[0]);
  const RealisedChips other = realise_chips(card, matrix, {.chips = 1, .seed = 5, .name = "W"});
  EXPECT_NE(other.error[0], found.error[0]);
}

TEST(RealisedChips, AMeshTellsThePhasesOfItsDevices) {
  const RealisedChips found = realise_chips(core("kind: mzi-mesh, phase_sigma_rad: 0.01"),
                                            some_matrix(), {.chips = 2, .seed = 0, .name = "W"});
  EXPECT_TRUE(found.settings);
  // Meshes of 5 modes: 10 devices each, in 6 tiles on 2 chips.
  EXPECT_EQ(lightloom::size_of(found.data.variable("theta_first")->values), 2U * 6 * 10);
  EXPECT_EQ(found.data.variable("theta_first")->unit, "rad");
}

TEST(RealisedChips, ACoreInSlicesAddsThemUp) {
  const RealisedChips found =
      realise_chips(core("kind: cell-crossbar, cells: {slices: 2, level_bits: 6}"), some_matrix(),
                    {.chips = 1, .seed = 0, .name = "W"});
  // Two digits of six bits: steps of 1 / 4095 of the largest weight of a tile.
  EXPECT_LT(found.error[0], 1e-3);
  EXPECT_GT(found.error[0], 1e-6);
}

TEST(RealisedChips, WhatACoreCannotTakeIsSaid) {
  ComplexMatrix matrix = some_matrix();
  matrix.values[13] = {1, 0.5};
  EXPECT_NE(refusal(matrix).find("W.npy: element (1, 2) is complex"), std::string::npos);
  matrix.values[13] = 1e300;
  EXPECT_NE(refusal(matrix).find("beyond what weights"), std::string::npos);
  EXPECT_NE(refusal(some_matrix(), 1 << 23).find("more than 2^28"), std::string::npos);
  for (auto& value : matrix.values) value = 0;
  EXPECT_NE(refusal(matrix).find("are zero"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
