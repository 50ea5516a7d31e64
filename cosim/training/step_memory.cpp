#include "cosim/training/step_memory.hpp"

namespace lightloom::cosim {

StepMemory step_memory(const StepPlan& plan, const TrainingStepCard& card, const DramBehind& dram) {
  StepMemory memory{.forward_macs = plan.macs(StepPhase::forward),
                    .recompute_macs = plan.macs(StepPhase::recompute),
                    .backward_macs = plan.macs(StepPhase::backward),
                    .edram = tier_cost(plan, card.buffer, dram, card.temperature_K),
                    .sram = {}};
  memory.sram =
      tier_cost(plan, of_area(card.sram, memory.edram.area_mm2), dram, card.temperature_K);
  return memory;
}

}  // namespace lightloom::cosim
