#pragma once

#include <vector>

#include "memory/dram/dram_controller.hpp"
#include "memory/traffic/dram_run.hpp"

namespace lightloom::memory {

/// Fills in the shares of a run (its requests and cycles are known) that each constraint alone
/// would take, counts of all controllers, and names the one that binds:
///   bus         column commands of the busiest (pseudo-)channel x BL
///   ccd_l       pairs in one bank group, or all of the busiest group, x CCD_L (writes: CCD_L_WR)
///   activate    activations x max(RRD_S, FAW / 4, 32AW / 32) / ranks
///   row_cycle   activations of the busiest bank x RC
///   turnaround  bus plus the idle gap of every two changes between reading and writing
///   command     commands on pins that pseudo-channels share
///   injection   requests / requests a cycle
void attribute_bounds(MemoryRun& run, const DramCard& card, const std::vector<DramCounts>& counts);

}  // namespace lightloom::memory
