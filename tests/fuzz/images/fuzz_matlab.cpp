// MATLAB 5.0 files, plain and compressed elements.
#include "core/archives/matlab.hpp"
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
  const MatlabFile file = open_matlab(path);
  for (const MatlabHeader& header : file.arrays) {
    const MatlabArray array = read_matlab(file, header);
    demand(header.is_sparse || static_cast<double>(array.real.count()) == header.count(),
           "as many values as the shape");
  }
  read_images("MATLAB files", {path}, small_images(3));
}

std::vector<Seed> seeds() { return {{"plain", digits(false)}, {"packed", digits(true)}}; }

}  // namespace lightloom::fuzz
