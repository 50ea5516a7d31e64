#include "cosim/layers/cost_cards.hpp"

namespace lightloom::cosim {

void describe(Section& section, ProgrammingCard& card) {
  section.value("lanes", card.lanes, {.low = 0, .high = 1e9});
  section.value("rate_GHz", card.rate_GHz, positive);
  section.value("setting_bits", card.setting_bits, {.low = 1, .high = 32});
  section.value("shadow_settings", card.shadow_settings);
}

void describe(Section& section, DigitalUnitCard& card) {
  section.value("operations_per_ns", card.operations_per_ns, positive);
  section.value("operation_pJ", card.operation_pJ, not_negative);
  section.default_from("operation_pJ",
                       "mean of a 32-bit floating-point multiply and add, 45 nm (Horowitz, ISSCC "
                       "2014)");
  section.value("vector_operations_per_ns", card.vector_operations_per_ns, positive);
  section.value("add_pJ", card.add_pJ, not_negative);
  section.default_from("add_pJ", "32-bit integer, 45 nm (Horowitz, ISSCC 2014)");
  section.value("multiply_pJ", card.multiply_pJ, not_negative);
  section.default_from("multiply_pJ", "32-bit integer, 45 nm (Horowitz, ISSCC 2014)");
  section.value("lookup_pJ", card.lookup_pJ, not_negative);
  section.default_from("lookup_pJ", "8 bytes of a 4 KB table, 32 nm (CACTI 7)");
  section.value("area_mm2", card.area_mm2, not_negative);
}

void describe(Section& section, ScheduleCard& card) {
  section.value("cores", card.cores, {.low = 1, .high = 4096});
  section.value("replicate", card.replicate);
  section.value("weight_slots", card.weight_slots, {.low = 1, .high = 1e6});
  section.value("tile_slots", card.tile_slots, {.low = 1, .high = 1e6});
  section.value("input_slots", card.input_slots, {.low = 1, .high = 1e6});
  section.value("output_slots", card.output_slots, {.low = 1, .high = 1e6});
  section.value("accumulator_bits", card.accumulator_bits, {.low = 8, .high = 64});
  section.choice("dataflow", card.dataflow,
                 {{"weight_stationary", Dataflow::weight_stationary},
                  {"output_stationary", Dataflow::output_stationary},
                  {"input_stationary", Dataflow::input_stationary}});
  section.value("block_vectors", card.block_vectors, {.low = 1, .high = 1e9});
  section.choice("objective", card.objective,
                 {{"time", Objective::time},
                  {"energy", Objective::energy},
                  {"energy_delay", Objective::energy_delay}});
  section.value("bandwidth_scale", card.bandwidth_scale, positive);
  section.default_from("bandwidth_scale", "1 is the DRAM as its card says");
}

}  // namespace lightloom::cosim
