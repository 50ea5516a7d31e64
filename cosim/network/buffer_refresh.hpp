#pragma once

#include "cosim/layers/cost_input.hpp"
#include "cosim/layers/cost_report.hpp"

namespace lightloom::cosim {

/// Adds the refresh of eDRAM buffers to `buffer_leakage` of every layer, and how often it came, by
/// the lifetimes of the schedule (docs/models/memory/buffers.md): a layer's input map lives from
/// the start of the layer before to the end of this one, its stored words while it runs, each
/// regenerated tile for the visits that fit the places of its core, kernels of level 1 until they
/// are formed again. Nothing for SRAM. Starts and ends of the layers must be known.
void add_refresh(CostReport& report, const CostInput& input);

}  // namespace lightloom::cosim
