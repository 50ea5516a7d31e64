// MATLAB 5.0 files, plain and compressed elements.
#include <zlib.h>

#include "nn/files/matlab.hpp"
#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {
namespace {

void put(Bytes& bytes, std::uint32_t word) {
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
}

/// An element: its kind, its length, its bytes, padded to eight.
void put_element(Bytes& bytes, std::uint32_t kind, const Bytes& data) {
  put(bytes, kind);
  put(bytes, static_cast<std::uint32_t>(data.size()));
  bytes.insert(bytes.end(), data.begin(), data.end());
  bytes.resize((bytes.size() + 7) / 8 * 8);
}

/// An array of bytes (class 9, data of kind 2).
Bytes array(std::string_view name, const std::vector<std::uint32_t>& sides, const Bytes& values) {
  Bytes flags, dims, body;
  put(flags, 9);
  put(flags, 0);
  for (const std::uint32_t side : sides) put(dims, side);
  put_element(body, 6, flags);
  put_element(body, 5, dims);
  put_element(body, 1, bytes_of(name));
  put_element(body, 2, values);
  return body;
}

Bytes file(bool packed) {
  Bytes bytes = bytes_of("MATLAB 5.0 MAT-file");
  bytes.resize(124, ' ');
  bytes.insert(bytes.end(), {0x00, 0x01, 'I', 'M'});
  for (const Bytes& body : {array("X", {2, 3, 3, 2}, Bytes(36, 5)), array("y", {2, 1}, {1, 2})}) {
    Bytes element;
    put_element(element, 14, body);
    if (!packed) {
      bytes.insert(bytes.end(), element.begin(), element.end());
      continue;
    }
    Bytes small(compressBound(element.size()));
    uLongf size = small.size();
    compress(small.data(), &size, element.data(), element.size());
    small.resize(size);
    put(bytes, 15);
    put(bytes, static_cast<std::uint32_t>(size));
    bytes.insert(bytes.end(), small.begin(), small.end());
  }
  return bytes;
}

}  // namespace

void read_input(Input input) {
  const std::string path = file_of(input, "digits.mat");
  for (const nn::MatlabArray& array : nn::read_matlab(path)) {
    std::int64_t count = 1;
    for (const std::int64_t side : array.shape) count *= side;
    demand(count == static_cast<std::int64_t>(array.values.size()), "as many values as the shape");
  }
  read_images("MATLAB files", {path}, small_images(3));
}

std::vector<Seed> seeds() { return {{"plain", file(false)}, {"packed", file(true)}}; }

}  // namespace lightloom::fuzz
