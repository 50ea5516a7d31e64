#pragma once

#include <string>

#include "core/files/npy.hpp"

namespace lightloom {

/// The elements of an array as its file holds them.
struct NpyElement {
  char kind = 'f';
  int width = 8;  // bytes: f 2, 4, 8, 12, 16; c 8, 16, 24, 32; i, u 1, 2, 4, 8; b 1
  bool big_endian = false;
};

/// Turns `array.bytes`, elements as in the file, into the numbers that `NpyArray` holds and sets
/// its kind and width. Long doubles of 12 and 16 bytes are those of x87 (IEEE extended), or of 16
/// bytes IEEE quadruple where that is what the bytes are; throws `Error` naming `path` where they
/// are neither.
void to_native(const NpyElement& element, const std::string& path, NpyArray& array);

}  // namespace lightloom
