#include "memory/dram/dram_energy.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/memory/presets.hpp"

namespace lightloom::memory {
namespace {

// DDR5 by hand: VDD 1.1 V with 60, 50, 55, 145, 145, 362 mA; VPP 1.8 V with 3 mA, 48 mA refreshing;
// four devices, clock 0.416 ns, RC 113, RAS 77, RP 36, eight cycles a burst, RFC 710.
TEST(DramEnergy, RailsAddUpStateByState) {
  const DramEnergy e = dram_energy(preset("ddr5-4800"));
  const double ns = 0.416, devices = 4;
  const double p0 = 1.1 * 60 + 1.8 * 3, p2n = 1.1 * 50 + 1.8 * 3, p3n = 1.1 * 55 + 1.8 * 3;
  EXPECT_NEAR(e.activate_pJ, devices * ns * (p0 * 113 - p3n * 77 - p2n * 36), 1e-6);
  EXPECT_NEAR(e.read_pJ, devices * ns * 8 * 1.1 * (145 - 55), 1e-6);
  EXPECT_NEAR(e.write_pJ, devices * ns * 8 * 1.1 * (145 - 55), 1e-6);
  EXPECT_NEAR(e.refresh_pJ, devices * ns * 710 * (1.1 * (362 - 55) + 1.8 * (48 - 3)), 1e-3);
  EXPECT_NEAR(e.background_open_mW, devices * p3n, 1e-9);
  EXPECT_NEAR(e.background_closed_mW, devices * p2n, 1e-9);
}

TEST(DramEnergy, RailsOfLowPowerDevicesAreListedInTheCard) {
  const std::string rails =
      "currents: {vdd_V: 1.05, idd0_mA: 30, idd2n_mA: 9, idd3n_mA: 12, idd4w_mA: 210, idd4r_mA: "
      "250, "
      "idd5ab_mA: 40, rails: [{name: VDD1, voltage_V: 1.8, i0_mA: 4, i2n_mA: 1, i3n_mA: 1.5, "
      "i4w_mA: "
      "3, i4r_mA: 3, i5ab_mA: 11}, {name: VDDQ, voltage_V: 0.5, i0_mA: 0.5, i2n_mA: 0.5, i3n_mA: "
      "0.5, "
      "i4w_mA: 0.5, i4r_mA: 110, i5ab_mA: 0.5}]}";
  const DramCard card = read_card<DramCard>(parse_yaml("{" + rails + "}", "test"));
  // The default card's clock of 0.83 ns and burst of four cycles.
  EXPECT_NEAR(dram_energy(card).read_pJ,
              0.83 * 4 * (1.05 * (250 - 12) + 1.8 * (3 - 1.5) + 0.5 * (110 - 0.5)), 1e-9);
  EXPECT_NEAR(dram_energy(card).background_closed_mW, 1.05 * 9 + 1.8 * 1 + 0.5 * 0.5, 1e-9);
}

TEST(DramEnergy, RailsThatContradictThemselvesOrStandAloneAreRefused) {
  const auto refused = [](const std::string& currents) {
    EXPECT_THROW(read_card<DramCard>(parse_yaml("{currents: " + currents + "}", "test")), Error)
        << currents;
  };
  refused(
      "{rails: [{name: VPP, voltage_V: 1.8, i0_mA: 3, i2n_mA: 3, i3n_mA: 3, i4w_mA: 3, i4r_mA: "
      "3, i5ab_mA: 48}]}");
  const std::string vdd =
      "vdd_V: 1.1, idd0_mA: 60, idd2n_mA: 50, idd3n_mA: 55, idd4w_mA: 145, idd4r_mA: 145, "
      "idd5ab_mA: "
      "362, ";
  refused("{" + vdd + "rails: [{name: VPP, voltage_V: 1.8, i0_mA: 3}]}");
  refused(
      "{" + vdd +
      "rails: [{name: VPP, voltage_V: 1.8, i0_mA: 3, i2n_mA: 3, i3n_mA: 3, i4w_mA: 3, i4r_mA: 2, "
      "i5ab_mA: 48}]}");
}

// All rows are refreshed within the same time in each mode.
TEST(DramEnergy, RefreshTakesTheSamePowerInEveryMode) {
  const double all = refresh_power_mW(preset("ddr5-4800"));
  EXPECT_NEAR(refresh_power_mW(preset("ddr5-4800", {"refresh_mode=same_bank"})), all, 1e-9 * all);
  EXPECT_NEAR(refresh_power_mW(preset("ddr5-4800", {"refresh_mode=per_bank"})), all, 1e-9 * all);
}

}  // namespace
}  // namespace lightloom::memory
