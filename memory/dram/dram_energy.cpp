#include "memory/dram/dram_energy.hpp"

#include <algorithm>

namespace lightloom::memory {

DramEnergy dram_energy(const DramCard& card) {
  const DramCurrents& c = card.currents;
  const DramTiming& t = card.timing;
  const double bits = 8.0 * card.organization.atom_bytes();
  DramEnergy energy;
  energy.io_pJ = card.io_pJ_per_bit * bits;
  if (c.vdd_V <= 0) {
    energy.read_pJ = energy.write_pJ = card.access_pJ_per_bit * bits;
    energy.background_open_mW = energy.background_closed_mW = card.background_mW;
    return energy;
  }
  const double rank = c.vdd_V * c.devices_per_rank;  // V, all devices
  const bool per_bank = card.refresh_mode == RefreshMode::per_bank;
  // A per-bank refresh draws its share of the all-bank charge (the same rows, one bank at a time).
  const double refresh_cycles =
      per_bank ? t.rfc / static_cast<double>(card.organization.banks()) : t.rfc;
  const double activate = c.idd0 * t.rc - c.idd3n * t.ras - c.idd2n * t.rp;
  energy.activate_pJ = rank * std::max(0.0, activate) * card.clock_ns;
  energy.read_pJ = rank * (c.idd4r - c.idd3n) * card.organization.burst_cycles * card.clock_ns;
  energy.write_pJ = rank * (c.idd4w - c.idd3n) * card.organization.burst_cycles * card.clock_ns;
  energy.refresh_pJ = rank * (c.idd5ab - c.idd3n) * refresh_cycles * card.clock_ns;
  energy.background_open_mW = rank * c.idd3n;
  energy.background_closed_mW = rank * c.idd2n;
  return energy;
}

double refresh_power_mW(const DramCard& card) {
  if (!card.refresh) return 0;
  const bool per_bank = card.refresh_mode == RefreshMode::per_bank;
  const double interval_ns = (per_bank ? card.timing.refi_bank : card.timing.refi) * card.clock_ns;
  return dram_energy(card).refresh_pJ / interval_ns * card.organization.ranks *
         card.organization.units();
}

}  // namespace lightloom::memory
