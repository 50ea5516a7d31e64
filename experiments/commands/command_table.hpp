#pragma once

#include <string>

#include "experiments/commands/commands.hpp"

namespace lightloom::experiments {

// One function and one .cpp for each command.
CommandResult run_inspect(const CommandLine& line);
CommandResult run_search(const CommandLine& line);
CommandResult run_report(const CommandLine& line);
CommandResult run_run(const CommandLine& line);
CommandResult run_train(const CommandLine& line);
CommandResult run_sweep_command(const CommandLine& line);
CommandResult run_pack(const CommandLine& line);
CommandResult run_unpack(const CommandLine& line);
CommandResult run_ratio(const CommandLine& line);
CommandResult run_cost(const CommandLine& line);
CommandResult run_decompose(const CommandLine& line);
CommandResult run_chip(const CommandLine& line);
CommandResult run_memory(const CommandLine& line);
CommandResult run_calibrate(const CommandLine& line);
CommandResult run_onnx(const CommandLine& line);

/// The single operand of a command that takes one. Throws `Error` naming `what` it should be.
std::string only_operand(const CommandLine& line, const std::string& what);
/// Throws `Error` when there are operands.
void no_operand(const CommandLine& line);

}  // namespace lightloom::experiments
