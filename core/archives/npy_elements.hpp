#pragma once

#include <string>

#include "core/archives/npy.hpp"
#include "core/archives/numbers.hpp"

namespace lightloom {

/// Turns `array.bytes`, elements as in the file, into the numbers that `NpyArray` holds and sets
/// its kind and width. Long doubles of 12 and 16 bytes are those of x87 (IEEE extended), or of 16
/// bytes IEEE quadruple where that is what the bytes are; throws `Error` naming `path` where they
/// are neither.
void to_native(const NumberType& element, const std::string& path, NpyArray& array);

}  // namespace lightloom
