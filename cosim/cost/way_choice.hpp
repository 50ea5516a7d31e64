#pragma once

#include "cosim/layers/cost_input.hpp"

namespace lightloom::cosim {

/// The input with `automatic` ways chosen: of the choices in which every layer takes what is
/// cheapest by itself and those in which all take the same way, the one whose whole schedule costs
/// least (ScheduleCard::objective), then layer by layer whatever makes the whole cheaper. Ways the
/// hardware cannot run are left out. Where nothing is regenerated there is no generator to pay for.
CostInput choose_ways(const CostInput& input);

/// Takes the generator out if no layer regenerates its weights.
void drop_unused_generator(CostInput& input);

}  // namespace lightloom::cosim
