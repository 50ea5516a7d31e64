#pragma once

#include <string>

#include "core/files/labelled.hpp"

namespace lightloom {

/// The bytes of the file that `write_labelled` writes.
std::string labelled_bytes(const Labelled& data);

/// Writes the same with its large arrays packed (deflate), for files that are written once: several
/// times smaller where many numbers are equal, at some microseconds for a hundred numbers.
void write_packed(const std::string& path, const Labelled& data);

}  // namespace lightloom
