// Cores whose weights are set from a bank of levels a column: what the bank and its switches take,
// and which cores cannot have one.
#include "photonic/readout/sparse_dac.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"

namespace lightloom::photonic {
namespace {

CoreCard shipped_with(const std::string& name, const std::vector<std::string>& settings) {
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/" + name + ".yaml", settings));
}

const std::vector<std::string> bank{
    "rows=10", "columns=12",
    "sparse_dac={levels: 7, level_power_mW: 0.02, level_area_um2: 300, switch_energy_pJ: 0.3, "
    "switch_leakage_nW: 5, switch_area_um2: 4, select_rows: 2}"};

double area_of(const CoreCost& cost, const std::string& component) {
  for (const CoreCost::Part& part : cost.parts)
    if (part.component == component) return part.area_mm2;
  return 0;
}

// 12 columns of 7 DACs, 120 rings of 7 switches.
TEST(SparseDac, BankAndSwitchesTakePowerAndArea) {
  const CoreCost with = core_cost(shipped_with("mrr-bank-carrier", bank)),
                 without = core_cost(shipped_with("mrr-bank-carrier", {"rows=10", "columns=12"}));
  const double bank_mW = 12 * 7 * 0.02, switches_mW = 120 * 7 * 5e-6;
  EXPECT_NEAR(with.static_power_mW - without.static_power_mW, bank_mW + switches_mW, 1e-12);
  EXPECT_NEAR(area_of(with, "level bank"), 12 * 7 * 300e-6, 1e-12);
  EXPECT_NEAR(area_of(with, "weight switches"), 120 * 7 * 4e-6, 1e-12);
  EXPECT_NEAR(with.area_mm2 - without.area_mm2, 12 * 7 * 300e-6 + 120 * 7 * 4e-6, 1e-12);
  EXPECT_FALSE(without.sparse_dac.used());
  EXPECT_EQ(area_of(without, "level bank"), 0);
}

// What is paid as long as the core is on comes once in the energy of a symbol.
TEST(SparseDac, PartsOfASymbolStillAddUpToItsEnergy) {
  const CoreCost cost = core_cost(shipped_with("mrr-bank-carrier", bank));
  double parts = 0;
  for (const CoreCost::Part& part : cost.parts) parts += part.energy_pJ_per_symbol;
  const double whole =
      12 * cost.input_energy_pJ + 10 * cost.output_energy_pJ +
      (cost.laser_power_mW + cost.hold_power_mW * static_cast<double>(cost.devices) +
       cost.static_power_mW) /
          cost.symbol_rate_GHz;
  EXPECT_NEAR(parts, whole, 1e-9 * whole);
}

TEST(SparseDac, CoresWhoseCellsAreNotSetByTheirWeightAloneRefuseIt) {
  struct Case {
    const char *device, *settings, *part;
  };
  for (const auto& [device, settings, part] :
       {Case{"ideal", "rows=8", "kind 'ideal'"}, Case{"mzi-mesh", "rows=8", "kind 'mzi-mesh'"},
        Case{"pcm-crossbar", "rows=8", "kind 'pcm-crossbar'"},
        Case{"neurram-rram", "rows=8", "of kind"},
        Case{"dynamic-product", "rows=8", "kind 'dynamic-product'"},
        Case{"mrr-bank", "rows=8", "trimmed beside their drive"},
        Case{"mrr-bank-carrier", "bank.channels=8", "neighbouring rings"},
        Case{"mrr-bank-carrier", "weight_scales=output", "weight_scales: output"},
        Case{"incoherent-crossbar", "rows=8", "block_floating_point"}}) {
    try {
      shipped_with(device, {settings, "sparse_dac={levels: 16}"});
      ADD_FAILURE() << device;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }
  EXPECT_NO_THROW(shipped_with("mrr-bank-carrier", {"sparse_dac={levels: 16}"}));
  EXPECT_NO_THROW(shipped_with("mrr-bank-carrier",
                               {"bank.channels=8", "correction=none", "sparse_dac={levels: 16}"}));
}

TEST(SparseDac, ASectionWithoutLevelsIsRefused) {
  EXPECT_THROW(shipped_with("mrr-bank-carrier", {"sparse_dac={switch_energy_pJ: 1}"}), Error);
  EXPECT_THROW(shipped_with("mrr-bank-carrier", {"sparse_dac={levels: 0}"}), Error);
}

}  // namespace
}  // namespace lightloom::photonic
