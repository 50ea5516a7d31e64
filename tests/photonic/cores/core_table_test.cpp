#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <lightloom/core/error.hpp>
#include <lightloom/photonic/cores/chip_statistics.hpp>
#include <lightloom/photonic/cores/core_table.hpp>

// The very text that CONTRIBUTING shows: compiled and run here.
#define main small_core_main
#include "docs/examples/small_core.cpp"
#undef main

namespace lightloom::photonic {
namespace {

/// What is thrown when `work` is done, "" for nothing.
template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

CoreCard card_from_text(const std::string& text, Tree* resolved = nullptr) {
  return read_card<CoreCard>(parse_yaml(text, "test"), resolved);
}

/// The example registers its core once in the process, like any program.
class SmallCore : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (ran_ == 1) ran_ = small_core_main();
  }
  static int ran_;
};
int SmallCore::ran_ = 1;

TEST_F(SmallCore, RunsAsAProgram) {
  EXPECT_EQ(ran_, 0);
  EXPECT_TRUE(std::ranges::count(core_kinds(), "gain-errors") == 1);
}

TEST_F(SmallCore, ReadsItsOwnSectionAndNoOther) {
  Tree resolved;
  const CoreCard card =
      card_from_text("{kind: gain-errors, rows: 3, cells: {gain_sigma: 0.5}}", &resolved);
  EXPECT_EQ(card.own.of<small_core::CellCard>().gain_sigma, 0.5);
  EXPECT_EQ(resolved.find("cells")->find("loss_db")->scalar, "3");
  EXPECT_EQ(card.core_rows(), 3);
  EXPECT_EQ(card.core_columns(), 64);
  EXPECT_NE(error_of([] { card_from_text("{kind: gain-errors, mesh: {modes: 4}}"); }).find("mesh"),
            std::string::npos);
  EXPECT_NE(error_of([] {
              card_from_text("{kind: gain-errors, cells: {gain_sigma: -1}}");
            }).find("cells.gain_sigma"),
            std::string::npos);
}

TEST_F(SmallCore, IsNamedNearAWrongKind) {
  const std::string error = error_of([] { card_from_text("{kind: gain-error}"); });
  EXPECT_NE(error.find("did you mean 'gain-errors'"), std::string::npos) << error;
}

TEST_F(SmallCore, CostsWhatItsPartsCost) {
  const CoreCard card = card_from_text("{kind: gain-errors, rows: 4, columns: 8}");
  const CoreDescription core = make_core(card)->description();
  EXPECT_EQ(core.kind, "gain-errors");
  EXPECT_EQ(core.cost.devices, 32);
  EXPECT_EQ(core.cost.decompose_operations, 32);
  EXPECT_NEAR(core.cost.static_power_mW, 32 * 2e-3, 1e-15);
  double energy = 0, area = 0;
  for (const CoreCost::Part& part : core.cost.parts) {
    energy += part.energy_pJ_per_symbol;
    area += part.area_mm2;
    if (part.component == "cells") {
      EXPECT_NEAR(part.area_mm2, 32 * 1e-4, 1e-15);
    }
  }
  const double power_mW = core.cost.laser_power_mW + core.cost.static_power_mW;
  const double whole = 8 * core.cost.input_energy_pJ + 4 * core.cost.output_energy_pJ +
                       power_mW / core.cost.symbol_rate_GHz;
  EXPECT_NEAR(energy, whole, 1e-12 * whole);
  EXPECT_NEAR(area, core.cost.area_mm2, 1e-12);
  // Every dB of its loss is a dB less at the detector.
  const CoreCard darker =
      card_from_text("{kind: gain-errors, rows: 4, columns: 8, cells: {loss_db: 13}}");
  EXPECT_NEAR(detected_power_mW(card) / detected_power_mW(darker), 10, 1e-12);
}

TEST_F(SmallCore, ErrorsOfItsChipsFollowTheGains) {
  const CoreCard card =
      card_from_text("{kind: gain-errors, rows: 32, columns: 32, cells: {gain_sigma: 0.02}}");
  const ChipStatistics chips = chip_statistics(card, {.chips = 20, .seed = 4});
  // Of 1024 uniform weights w: E^2 = sigma^2 sum w^2 g^2 / sum w^2, with a relative standard
  // deviation of at most sqrt(2 (9/5) / 1024) = 0.06 a chip.
  double mean = 0;
  for (const double error : chips.error) mean += error * error / 20;
  EXPECT_NEAR(mean / 4e-4, 1, 4 * 0.06 / std::sqrt(20.0));
  EXPECT_EQ(chips.target, "uniform weights");
}

TEST_F(SmallCore, RefusesWeightsThatAreNoNumbers) {
  const auto core = make_core(card_from_text("{kind: gain-errors, rows: 1, columns: 2}"));
  std::vector<float> targets{1, std::nanf("")}, realised(2), scales(1);
  EXPECT_THROW(core->realise(targets, {}, realised, scales), Error);
  targets[1] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(core->realise(targets, {}, realised, scales), Error);
}

TEST_F(SmallCore, ANameIsTakenOnce) {
  const auto refused = [](const CoreEntry& entry) {
    return error_of([&] { register_core(entry); });
  };
  CoreEntry again = core_entry("gain-errors");
  EXPECT_NE(refused(again).find("'gain-errors' already"), std::string::npos);
  again.name = "mzi-mesh";
  EXPECT_NE(refused(again).find("'mzi-mesh' already"), std::string::npos);
  again.name = "";
  EXPECT_NE(refused(again).find("needs a name"), std::string::npos);
  again.name = "bodiless";
  again.make = nullptr;
  EXPECT_NE(refused(again).find("'bodiless' lacks"), std::string::npos);
  EXPECT_NE(error_of([] { core_entry("bodiless"); }).find("no core of kind"), std::string::npos);
}

TEST(CoreTable, DefaultCardsAreThoseOfEmptyOnes) {
  for (const std::string& kind : core_kinds()) {
    const CoreCard card = default_card(kind);
    EXPECT_EQ(card.kind, kind);
    EXPECT_EQ(make_core(card)->description().rows, 64) << kind;
  }
  EXPECT_THROW(default_card("none such"), Error);
}

}  // namespace
}  // namespace lightloom::photonic
