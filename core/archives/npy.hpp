#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/archives/array_file.hpp"

namespace lightloom {

/// A NumPy array (.npy, format versions 1 to 3) as its bytes, in the order of the file,
/// little-endian. Halves are held as floats of 4 bytes, long doubles of all kinds as floats of 8.
struct NpyArray {
  char kind = 'f';             // of the elements: f float, c complex, i integer, u unsigned, b bool
  int width = 8;               // bytes of one element: 4 or 8 of a float, 8 or 16 of a complex one
  bool columns_first = false;  // Fortran order
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;

  [[nodiscard]] std::int64_t count() const;
  /// "<f8", as NumPy writes it.
  [[nodiscard]] std::string type() const;
  /// Element `i` in the order of the file, i < count(). A sign stays a sign.
  [[nodiscard]] double real(std::int64_t i) const;
  [[nodiscard]] double imaginary(std::int64_t i) const;
  /// Of whole numbers only (kinds i, u, b); an unsigned one past the largest is the largest.
  [[nodiscard]] std::int64_t integer(std::int64_t i) const;
  [[nodiscard]] bool whole() const { return kind == 'i' || kind == 'u' || kind == 'b'; }
};

/// Reads numbers of every type and byte order. Throws `Error` naming file and reason for anything
/// else, for a cut file, and for a shape that the file does not fill.
NpyArray read_npy(const std::string& path);
/// The same of an array that is open, at its first number.
NpyArray read_npy(ArrayFile file);

/// The bytes of a .npy file of version 1 in C order: complex numbers when `type` is "<c16", floats
/// for "<f8".
std::string npy_bytes(const std::string& type, std::span<const std::int64_t> shape,
                      std::span<const std::uint8_t> bytes);

}  // namespace lightloom
