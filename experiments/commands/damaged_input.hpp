#pragma once

#include <string>
#include <vector>

#include "experiments/commands/command_line.hpp"

namespace lightloom::experiments {

/// The files of HDF5 format that a command may read: those that its operands, options and settings
/// name, and the texts of the cards among them, looked for as cards look for files. Each once.
std::vector<std::string> hdf5_inputs(const CommandLine& line);

/// HDF5 1.10 may crash or hang on a damaged file, so a child of the program reads every input
/// before a command does. Throws `Error` naming the file when reading it does not end in an orderly
/// way, `Failure` if there can be no child. To be called before there are threads.
void refuse_damaged(const std::vector<std::string>& files);

}  // namespace lightloom::experiments
