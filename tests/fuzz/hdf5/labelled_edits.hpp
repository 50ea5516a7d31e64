#pragma once

#include "core/files/labelled.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

/// A sound file changed as `input` says, four bytes an edit: arrays and attributes removed,
/// renamed, of other types, sizes and axes, with numbers that nobody expects. The HDF5 of the
/// result is sound; what is wrong with it is what our readers have to find.
Labelled edited(const Labelled& base, Input input);

/// Writes it into the working directory and returns its name.
const std::string& edited_file(const Labelled& base, Input input);

/// No edit, and one of each kind.
std::vector<Seed> edit_seeds();

}  // namespace lightloom::fuzz
