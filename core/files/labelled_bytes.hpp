#pragma once

#include <string>

#include "core/files/labelled.hpp"

namespace lightloom {

/// The bytes of the file that `write_labelled` writes.
std::string labelled_bytes(const Labelled& data);

/// Whether a packed file is written quickly, at some microseconds for a hundred numbers, or made as
/// small as deflate can.
enum class Deflate { quick, small };

/// Writes the same with its large arrays packed (deflate), for files that are written once: several
/// times smaller where many numbers are equal.
void write_packed(const std::string& path, const Labelled& data, Deflate deflate = Deflate::quick);

}  // namespace lightloom
