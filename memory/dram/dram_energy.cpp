#include "memory/dram/dram_energy.hpp"

#include <algorithm>

namespace lightloom::memory {

namespace {

/// mW of one device in each state, all rails together.
struct DevicePower {
  double p0 = 0, p2n = 0, p3n = 0, p4w = 0, p4r = 0, p5ab = 0;
};

DevicePower device_power(const DramCurrents& c) {
  const double v = c.vdd_V;
  DevicePower p{v * c.idd0, v * c.idd2n, v * c.idd3n, v * c.idd4w, v * c.idd4r, v * c.idd5ab};
  for (const DramRail& r : c.rails) {
    p.p0 += r.voltage_V * r.i0;
    p.p2n += r.voltage_V * r.i2n;
    p.p3n += r.voltage_V * r.i3n;
    p.p4w += r.voltage_V * r.i4w;
    p.p4r += r.voltage_V * r.i4r;
    p.p5ab += r.voltage_V * r.i5ab;
  }
  return p;
}

}  // namespace

DramEnergy dram_energy(const DramCard& card) {
  const DramTiming& t = card.timing;
  const double bits = 8.0 * card.organization.atom_bytes();
  DramEnergy energy;
  energy.io_pJ = card.io_pJ_per_bit * bits;
  if (card.currents.vdd_V <= 0) {
    energy.read_pJ = energy.write_pJ = card.access_pJ_per_bit * bits;
    energy.background_open_mW = energy.background_closed_mW = card.background_mW;
    return energy;
  }
  const DevicePower p = device_power(card.currents);
  const double devices = card.currents.devices_per_rank;
  const double clock = devices * card.clock_ns, burst = clock * card.organization.burst_cycles;
  energy.activate_pJ = std::max(0.0, p.p0 * t.rc - p.p3n * t.ras - p.p2n * t.rp) * clock;
  energy.read_pJ = (p.p4r - p.p3n) * burst;
  energy.write_pJ = (p.p4w - p.p3n) * burst;
  // All rows are refreshed in the same time in every mode, so that the mean power is the same: a
  // refresh of some banks draws the share of the all-bank charge that its interval has of theirs.
  const bool all = card.refresh_mode == RefreshMode::all_bank;
  const double share = all ? 1 : static_cast<double>(t.refi_bank) / t.refi;
  energy.refresh_pJ = (p.p5ab - p.p3n) * t.rfc * clock * share;
  energy.background_open_mW = devices * p.p3n;
  energy.background_closed_mW = devices * p.p2n;
  return energy;
}

double refresh_power_mW(const DramCard& card) {
  if (!card.refresh) return 0;
  const bool all = card.refresh_mode == RefreshMode::all_bank;
  const double interval_ns = (all ? card.timing.refi : card.timing.refi_bank) * card.clock_ns;
  return dram_energy(card).refresh_pJ / interval_ns * card.organization.ranks *
         card.organization.units();
}

}  // namespace lightloom::memory
