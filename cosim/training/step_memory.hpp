#pragma once

#include "cosim/training/tier_cost.hpp"

namespace lightloom::cosim {

/// A training step with its maps in embedded DRAM, and in SRAM of the same area.
struct StepMemory {
  double forward_macs = 0, recompute_macs = 0, backward_macs = 0;
  TierCost edram, sram;
  [[nodiscard]] double macs() const { return forward_macs + recompute_macs + backward_macs; }
  /// SRAM's energy over eDRAM's: above 1 the eDRAM is the better use of the area.
  [[nodiscard]] double energy_gain() const { return sram.energy_pJ() / edram.energy_pJ(); }
};
StepMemory step_memory(const StepPlan& plan, const TrainingStepCard& card, const DramBehind& dram);

}  // namespace lightloom::cosim
