#pragma once

#include "cosim/generator/generator_table.hpp"
#include "cosim/generator/photonic_generator.hpp"

namespace lightloom::cosim {

/// Time and energy of work on the card's banks, worked out once for all work
/// (docs/models/cosim/generator.md). Work that is no two-level product goes to the electronic unit.
GeneratorCost photonic_cost(const GeneratorCard& card);

/// Light, converters, area and standing power of the card's banks.
GeneratorFigures photonic_figures(const GeneratorCard& card);

}  // namespace lightloom::cosim
