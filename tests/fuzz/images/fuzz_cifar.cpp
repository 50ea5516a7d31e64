// Records of CIFAR-10 and CIFAR-100; the first byte chooses.
#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  if (input.empty()) return;
  read_images(input[0] % 2 == 0 ? "CIFAR-10 records" : "CIFAR-100 records",
              {file_of(input.subspan(1), "batch.bin")}, small_images(3));
}

std::vector<Seed> seeds() {
  Bytes ten(1 + 2 * 19, 1), hundred(1 + 20, 2);
  ten[0] = 0;
  hundred[0] = 1;
  return {{"ten", ten}, {"hundred", hundred}};
}

}  // namespace lightloom::fuzz
