#pragma once

#include <string>

#include "calibration/calibrate.hpp"
#include "calibration/calibration_card.hpp"
#include "core/cards/tree.hpp"
#include "experiments/commands/command_table.hpp"

namespace lightloom::experiments {

// One function for each action of `lightloom calibrate <action> ...`; operands[0] is the action.
CommandResult calibrate_simulate(const CommandLine& line);
CommandResult calibrate_fit(const CommandLine& line);
CommandResult calibrate_predict(const CommandLine& line);
CommandResult calibrate_program(const CommandLine& line);
CommandResult calibrate_fringe(const CommandLine& line);
CommandResult calibrate_ring(const CommandLine& line);
CommandResult calibrate_line(const CommandLine& line);
CommandResult calibrate_energy(const CommandLine& line);
CommandResult calibrate_drift(const CommandLine& line);
CommandResult calibrate_design(const CommandLine& line);
CommandResult calibrate_track(const CommandLine& line);
CommandResult calibrate_pulls(const CommandLine& line);
CommandResult calibrate_when(const CommandLine& line);

/// The operand at `index` (1: the first after the action). Throws `Error` naming `what` it should
/// be.
const std::string& calibrate_operand(const CommandLine& line, std::size_t index, const char* what);
/// Throws `Error` when more than `count` operands follow the action.
void at_most_operands(const CommandLine& line, std::size_t count);
/// An option as a number of at least `least`.
double calibrate_number(const CommandLine& line, const std::string& option, double otherwise,
                        double least);

/// Residuals, correlations and worst devices of a fit as one self-contained HTML page.
std::string calibration_page(const calibration::ChipShape& shape,
                             const calibration::Calibration& found, const std::string& data);

}  // namespace lightloom::experiments
