#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/files/byte_stream.hpp"

namespace lightloom::nn {

/// What one number of a file is made of.
struct NumberType {
  char kind = 'f';       // f IEEE 754 binary, B bfloat16, i integer, u unsigned, b bool
  int width = 4;         // bytes: f 2, 4, 8; B 2; i and u 1, 2, 4, 8; b 1
  bool swapped = false;  // big-endian

  /// "float32", as NumPy names it.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool whole() const { return kind == 'i' || kind == 'u' || kind == 'b'; }
  bool operator==(const NumberType&) const = default;
};

/// The number at the front of `bytes`, of which there are as many as one number has.
double number_of(const std::uint8_t* bytes, const NumberType& type);

/// IEEE 754 half precision, and the upper half of a float (bfloat16).
float half_number(std::uint16_t bits);
float bfloat_number(std::uint16_t bits);

/// What an array of a file says of itself.
struct ArrayHeader {
  NumberType type;
  bool columns_first = false;  // Fortran order
  std::vector<std::int64_t> shape;

  /// Elements of all axes but the first, and of all; an `Error` naming `path` past 2^48.
  [[nodiscard]] std::uint64_t row(const std::string& path) const;
  [[nodiscard]] std::uint64_t count(const std::string& path) const;
};

/// Reads the header of a NumPy array (.npy, versions 1 to 3), whose numbers follow. Throws `Error`
/// naming `path`, for texts, dates, records and Python objects too.
ArrayHeader read_array_header(ByteStream& stream, const std::string& path);

/// An array in rows along its first axis.
struct ArrayFile {
  std::string path;  // with the member's name, for sentences
  ArrayHeader header;
  std::unique_ptr<ByteStream> numbers;
};

/// Opens a .npy file (or one packed by gzip), or the array `name` of an .npz archive.
ArrayFile open_array(const std::string& path);
ArrayFile open_archived_array(const std::string& path, const std::string& name);
/// Names of the arrays of an .npz archive, in its order.
std::vector<std::string> archived_arrays(const std::string& path);

/// All its numbers in C order.
std::vector<double> all_numbers(ArrayFile& array);

}  // namespace lightloom::nn
