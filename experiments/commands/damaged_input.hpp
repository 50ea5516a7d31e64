#pragma once

#include <string>
#include <vector>

namespace lightloom::experiments {

/// HDF5 1.10 may crash or hang on a damaged file, so a child of the program reads every input
/// before a command does. Throws `Error` naming the file when reading it does not end in an orderly
/// way, `Failure` if there can be no child. To be called before there are threads.
void refuse_damaged(const std::vector<std::string>& files);

}  // namespace lightloom::experiments
