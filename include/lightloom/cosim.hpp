#pragma once

// Mapping, analog execution, generators and the cost simulation.
#include "cosim/analog/analog_engine.hpp"
#include "cosim/analog/converter_errors.hpp"
#include "cosim/analog/input_layout.hpp"
#include "cosim/analog/tile_readout.hpp"
#include "cosim/cost/cost_simulation.hpp"
#include "cosim/cost/digital_work.hpp"
#include "cosim/generator/generator_card.hpp"
#include "cosim/generator/optical_generator.hpp"
#include "cosim/generator/optical_weights.hpp"
#include "cosim/mapping.hpp"
#include "cosim/schedule/tile_schedule.hpp"
#include "cosim/studies/break_even.hpp"
