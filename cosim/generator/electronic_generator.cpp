#include "cosim/generator/electronic_generator.hpp"

#include <algorithm>

#include "cosim/generator/generator_table.hpp"

namespace lightloom::cosim {
namespace {

constexpr double unit_bits = 8;

}  // namespace

void describe(Section& section, ElectronicGenerator& card) {
  section.value("macs_per_ns", card.macs_per_ns, positive);
  section.value("shift_adds_per_ns", card.shift_adds_per_ns, positive);
  section.value("lookups_per_ns", card.lookups_per_ns, positive);
  section.value("mac_pJ", card.mac_pJ, not_negative);
  section.value("add_pJ", card.add_pJ, not_negative);
  section.value("shift_pJ", card.shift_pJ, not_negative);
  section.value("lookup_pJ", card.lookup_pJ, not_negative);
  section.value("static_power_mW", card.static_power_mW, not_negative);
  section.value("area_mm2", card.area_mm2, not_negative);
}

GenerationCost electronic_cost(const ElectronicGenerator& card, const nn::RegenerationWork& work) {
  const double sum_units = work.sum_bits / unit_bits, mac_sides = work.mac_bits / unit_bits;
  const double macs =
      static_cast<double>(work.intra_macs + work.cross_macs) * mac_sides * mac_sides;
  const double shifts = static_cast<double>(work.shifts) * sum_units,
               adds = static_cast<double>(work.adds) * sum_units;
  const auto lookups = static_cast<double>(work.lookups);
  return {.time_ns = macs / card.macs_per_ns + std::max(shifts, adds) / card.shift_adds_per_ns +
                     lookups / card.lookups_per_ns,
          .arithmetic_pJ = macs * card.mac_pJ + shifts * card.shift_pJ + adds * card.add_pJ +
                           lookups * card.lookup_pJ};
}

GeneratorEntry electronic_generator() {
  return {.name = electronic_name,
          .describe = [](Section& section,
                         GeneratorCard& card) { section.card("electronic", card.electronic); },
          .cost =
              [](const GeneratorCard& card) {
                return [unit = card.electronic](const GenerationWork& work) {
                  return electronic_cost(unit, work.operations);
                };
              }};
}

}  // namespace lightloom::cosim
