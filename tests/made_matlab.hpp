#pragma once

// MATLAB files of format 5, written by the tests byte by byte ("MAT-File Format", MathWorks).

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/made_files.hpp"

namespace lightloom::made {

enum class Order { little, big };

template <class Number>
std::string ordered(Number number, Order order) {
  std::string bytes = little_endian(number);
  if (order == Order::big) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

template <class Number>
std::string ordered(const std::vector<Number>& numbers, Order order) {
  std::string bytes;
  for (const Number number : numbers) bytes += ordered(number, order);
  return bytes;
}

/// A part of an array: the tag of its number type, and the numbers.
struct MatPart {
  std::uint32_t tag = 2;
  std::string bytes;
};

struct MatArray {
  std::string name;
  std::vector<std::int32_t> sides;
  std::uint32_t flags = 9;  // class (9: uint8, 6: double, 5: sparse, 4: text), 0x800 if complex
  std::vector<MatPart> parts;
  std::uint32_t stored = 0;  // of a sparse one
};

/// Tag, length, data, padding to eight bytes.
inline std::string mat_element(std::uint32_t tag, const std::string& data, Order order) {
  std::string bytes =
      ordered(tag, order) + ordered(static_cast<std::uint32_t>(data.size()), order) + data;
  while (tag != 15 && bytes.size() % 8 != 0) bytes += '\0';
  return bytes;
}

inline std::string mat_matrix(const MatArray& array, Order order = Order::little) {
  // A short name as MATLAB writes it: in the tag itself.
  std::string name =
      ordered(static_cast<std::uint32_t>(array.name.size()) << 16 | 1, order) + array.name;
  name.resize(8);
  std::string all = mat_element(6, ordered(std::vector{array.flags, array.stored}, order), order) +
                    mat_element(5, ordered(array.sides, order), order) + name;
  for (const MatPart& part : array.parts) all += mat_element(part.tag, part.bytes, order);
  return mat_element(14, all, order);
}

inline std::string mat_compressed(const std::string& plain, Order order = Order::little) {
  uLongf size = compressBound(plain.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(plain.data()), plain.size());
  packed.resize(size);
  return mat_element(15, packed, order);
}

inline std::string mat_file(const std::vector<std::string>& elements, Order order = Order::little) {
  std::string bytes = "MATLAB 5.0 MAT-file, made by a test";
  bytes.resize(124, ' ');
  bytes += ordered<std::uint16_t>(0x0100, order) + (order == Order::little ? "IM" : "MI");
  for (const std::string& one : elements) bytes += one;
  return bytes;
}

}  // namespace lightloom::made
