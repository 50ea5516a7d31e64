#pragma once

#include "cosim/training/step_card.hpp"
#include "memory/dram/dram_card.hpp"

namespace lightloom::cosim {

/// The DRAM behind a buffer, of long runs.
struct DramBehind {
  double GBps = 0;
  double pJ_per_byte = 0;  // moved, either way
};
DramBehind dram_behind(const memory::DramCard& card);

/// What keeping the maps of a training step in one buffer takes.
struct TierCost {
  double capacity_KB = 0, area_mm2 = 0;
  double time_ns = 0;     // of the step
  double peak_bytes = 0;  // that want to be on chip at once
  double buffer_bytes = 0, dram_bytes = 0;
  double access_pJ = 0, leakage_pJ = 0, refresh_pJ = 0, dram_pJ = 0;
  double refreshes = 0;         // of images' shares of maps; 0 for SRAM, as all that follows
  double longest_life_ns = 0;   // of them
  double retention_ns = 0;      // of a cell
  double failed_bits = 0;       // expected to have leaked before they are read
  double blind_refresh_pJ = 0;  // if all of the buffer were refreshed once a retention time
  [[nodiscard]] double energy_pJ() const { return access_pJ + leakage_pJ + refresh_pJ + dram_pJ; }
  /// Whether nothing lives longer than its cells remember.
  [[nodiscard]] bool refresh_free() const { return longest_life_ns <= retention_ns; }
};

/// The step with its maps in this buffer, what finds no room there in DRAM.
TierCost tier_cost(const StepPlan& plan, const memory::BufferCard& buffer, const DramBehind& dram,
                   double temperature_K);

/// The same buffer at the capacity whose area is nearest to `area_mm2` from below, in KB, at least
/// 1/1024 of a KB. Throws `Error` where not even that fits.
memory::BufferCard of_area(memory::BufferCard buffer, double area_mm2);

}  // namespace lightloom::cosim
