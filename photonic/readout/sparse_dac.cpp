#include "photonic/readout/sparse_dac.hpp"

namespace lightloom::photonic {

void describe(Section& section, SparseDac& card) {
  section.must_have("levels");
  section.value("levels", card.levels, {.low = 1, .high = 4096});
  section.value("level_power_mW", card.level_power_mW, not_negative);
  section.default_from("level_power_mW", "assumption: 10 uA at 1 V");
  section.value("level_area_um2", card.level_area_um2, not_negative);
  section.default_from("level_area_um2", "assumption");
  section.value("switch_energy_pJ", card.switch_energy_pJ, not_negative);
  section.default_from("switch_energy_pJ", "assumption: 100 fF charged to 1 V");
  section.value("switch_leakage_nW", card.switch_leakage_nW, not_negative);
  section.default_from("switch_leakage_nW", "assumption");
  section.value("switch_area_um2", card.switch_area_um2, not_negative);
  section.default_from("switch_area_um2", "assumption");
  section.value("select_rows", card.select_rows, {.low = 1, .high = 4096});
}

}  // namespace lightloom::photonic
