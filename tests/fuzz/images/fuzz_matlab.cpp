// MATLAB 5.0 files, plain and compressed elements.
#include "nn/files/matlab.hpp"
#include "tests/fuzz/base/matlab_bytes.hpp"
#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {
namespace {

Bytes digits(bool packed) {
  using namespace matlab;
  return file({array("X", unsigned_bytes, {2, 3, 3, 2}, {Bytes(36, 5)}),
               array("y", unsigned_bytes, {2, 1}, {{1, 2}})},
              packed);
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

std::vector<Seed> seeds() { return {{"plain", digits(false)}, {"packed", digits(true)}}; }

}  // namespace lightloom::fuzz
