#pragma once

#include <string>
#include <vector>

#include "experiments/commands/command_line.hpp"

namespace lightloom::experiments {

/// The files that a command may read: those that its operands, options and settings name, and the
/// texts of the cards among them, looked for as cards look for files. Each once.
std::vector<std::string> named_inputs(const CommandLine& line);

/// Those of HDF5 format, with results and checkpoints whose names are made from one.
std::vector<std::string> hdf5_inputs(const CommandLine& line);

/// Throws `Error` unless the files can be written (`require_writable`), differ from each other, and
/// are none that the command may read; "" is no file. Call before long work, with all that a
/// command writes.
void require_outputs(const CommandLine& line, const std::vector<std::string>& files);

}  // namespace lightloom::experiments
