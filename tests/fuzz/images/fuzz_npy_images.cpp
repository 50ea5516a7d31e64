// NumPy arrays of images and of labels.
#include "core/archives/npy.hpp"
#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const auto [first, second] = pair_of(input);
  read_images("NumPy files", {file_of(first, "images.npy"), file_of(second, "labels.npy")},
              small_images(1));
}

std::vector<Seed> seeds() {
  using Sides = std::vector<std::int64_t>;
  const Bytes images(12, 7), labels{1, 2}, wide{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
  const auto file = [](const char* type, const Sides& sides, const Bytes& bytes) {
    return bytes_of(npy_bytes(type, sides, bytes));
  };
  return {{"bytes", joined(file("|u1", {2, 2, 3}, images), file("|u1", {2}, labels))},
          {"words", joined(file("|u1", {2, 2, 3, 1}, images), file("<i8", {2}, wide))}};
}

}  // namespace lightloom::fuzz
