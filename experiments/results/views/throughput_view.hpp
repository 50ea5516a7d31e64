#pragma once

#include <string>

#include "experiments/results/json.hpp"
#include "photonic/studies/throughput.hpp"

namespace lightloom::experiments {

/// {cores, read_phases, symbols, conversions, operations_per_product, latency_s, operations_per_s,
/// TOPS, energy_per_product_J, energy_parts_J {component: J}, power_W, TOPS_per_W, area_mm2,
/// TOPS_per_mm2}; null where no energy or area is known.
Json throughput_json(const photonic::Throughput& throughput);

/// The same in two lines, and a line of what takes the energy.
std::string throughput_text(const photonic::Throughput& throughput);

}  // namespace lightloom::experiments
