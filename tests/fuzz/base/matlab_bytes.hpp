#pragma once

#include <zlib.h>

#include "tests/fuzz/base/fuzzer.hpp"

/// MATLAB 5.0 files, put together byte by byte (MathWorks, "MAT-File Format", level 5).
namespace lightloom::fuzz::matlab {

inline void put(Bytes& bytes, std::uint32_t word) {
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
}

/// An element: its kind, its length, its bytes, padded to eight.
inline void put_element(Bytes& bytes, std::uint32_t kind, const Bytes& data) {
  put(bytes, kind);
  put(bytes, static_cast<std::uint32_t>(data.size()));
  bytes.insert(bytes.end(), data.begin(), data.end());
  bytes.resize((bytes.size() + 7) / 8 * 8);
}

/// What numbers a variable has (flags and class) and how they are stored.
struct Type {
  std::uint32_t flags, stored;
};
constexpr Type unsigned_bytes{9, 2}, doubles{6, 9}, pairs{0x0806, 9}, sparse{5, 9};

/// The parts of a variable: its numbers, or those behind one another for `pairs` and `sparse`.
inline Bytes array(std::string_view name, const Type& type, const std::vector<std::uint32_t>& sides,
                   const std::vector<Bytes>& parts) {
  Bytes flags, dims, body;
  put(flags, type.flags);
  put(flags, 4);  // elements that are not zero, of sparse ones
  for (const std::uint32_t side : sides) put(dims, side);
  put_element(body, 6, flags);
  put_element(body, 5, dims);
  put_element(body, 1, bytes_of(name));
  for (std::size_t i = 0; i < parts.size(); ++i)
    put_element(body, parts.size() == 3 && i < 2 ? 5 : type.stored, parts[i]);
  return body;
}

inline Bytes file(const std::vector<Bytes>& arrays, bool packed) {
  Bytes bytes = bytes_of("MATLAB 5.0 MAT-file");
  bytes.resize(124, ' ');
  bytes.insert(bytes.end(), {0x00, 0x01, 'I', 'M'});
  for (const Bytes& body : arrays) {
    Bytes element;
    put_element(element, 14, body);
    if (packed) {
      Bytes small(compressBound(element.size()));
      uLongf size = small.size();
      compress(small.data(), &size, element.data(), element.size());
      small.resize(size);
      put(bytes, 15);
      put(bytes, static_cast<std::uint32_t>(size));
      element = small;
    }
    bytes.insert(bytes.end(), element.begin(), element.end());
  }
  return bytes;
}

}  // namespace lightloom::fuzz::matlab
