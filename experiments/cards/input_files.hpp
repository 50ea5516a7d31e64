#pragma once

#include <string>

#include "core/cards/tree.hpp"

namespace lightloom::experiments {

/// What the files say that a resolved card names, and those in the folder of its data set: one line
/// each, "path: bytes hash", in order of paths. Two runs that may be mixed in one result or go on
/// from one another have the same text. Reads the files.
std::string input_files_text(const Tree& resolved);

}  // namespace lightloom::experiments
