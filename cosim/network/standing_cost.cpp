#include "cosim/network/standing_cost.hpp"

#include <algorithm>

#include "cosim/generator/generator_table.hpp"
#include "memory/dram/dram_energy.hpp"

namespace lightloom::cosim {

Energies static_power_mW(const CostContext& context) {
  const CostInput& input = context.input;
  const memory::DramOrganization& dram = input.memory.dram.organization;
  Energies power;
  power[Component::dram_background] = context.dram.background_open_mW * dram.ranks * dram.units() +
                                      memory::refresh_power_mW(input.memory.dram);
  double leakage = 0;
  for (const memory::BufferFigures* f :
       {&context.weight_buffer, &context.tile_buffer, &context.activation_buffer})
    leakage += f->leakage_mW;  // refresh of eDRAM goes by lifetimes
  power[Component::buffer_leakage] = leakage;
  const GeneratorCard& generator = input.generator;
  power[Component::generator_static] =
      (generator.present() ? generator.electronic.static_power_mW : 0) +
      context.generator.static_power_mW;
  const double cores = input.schedule.cores;
  power[Component::hold] =
      cores * static_cast<double>(input.core.cost.devices) * input.core.cost.hold_power_mW;
  power[Component::core_static] = cores * input.core.cost.static_power_mW;
  return power;
}

std::vector<AreaPart> areas_of(const CostContext& context) {
  const CostInput& input = context.input;
  std::vector<AreaPart> areas{{"weight buffer", context.weight_buffer.area_mm2},
                              {"tile buffer", context.tile_buffer.area_mm2},
                              {"activation buffer", context.activation_buffer.area_mm2}};
  const double cores = input.schedule.cores;
  double parts = 0;
  for (const auto& part : input.core.cost.parts) {
    areas.push_back({"core " + part.component, cores * part.area_mm2});
    parts += part.area_mm2;
  }
  areas.push_back({"core", cores * std::max(0.0, input.core.cost.area_mm2 - parts)});
  const GeneratorCard& generator = input.generator;
  if (generator.present()) areas.push_back({"electronic generator", generator.electronic.area_mm2});
  if (generator.present() && generator.kind != electronic_name) {
    double named = 0;
    for (const GeneratorFigures::Part& part : context.generator.parts) {
      areas.push_back({generator.kind + " generator " + part.component, part.area_mm2});
      named += part.area_mm2;
    }
    areas.push_back(
        {generator.kind + " generator", std::max(0.0, context.generator.area_mm2 - named)});
  }
  areas.push_back({"digital unit", input.digital.area_mm2});
  return areas;
}

}  // namespace lightloom::cosim
