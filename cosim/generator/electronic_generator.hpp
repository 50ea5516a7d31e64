#pragma once

#include "core/cards/card.hpp"
#include "cosim/generator/generation_cost.hpp"

namespace lightloom::cosim {

/// Electronic arithmetic that regenerates weights: 8-bit units, so many a nanosecond.
struct ElectronicGenerator {
  double macs_per_ns = 1024;  // the array's throughput
  double shift_adds_per_ns = 1024;
  double lookups_per_ns = 256;
  double mac_pJ = 0.23;
  double add_pJ = 0.03;
  double shift_pJ = 0.03;
  double lookup_pJ = 0.4;
  double static_power_mW = 0;
  double area_mm2 = 0.5;
};

void describe(Section& section, ElectronicGenerator& card);

/// Time and energy of that arithmetic. Wider numbers take more units: a shift or sum in proportion
/// to its bits, a multiply-accumulate to their square.
GenerationCost electronic_cost(const ElectronicGenerator& card, const nn::RegenerationWork& work);

}  // namespace lightloom::cosim
