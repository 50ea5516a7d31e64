#include "calibration/products/row_halves.hpp"

#include <algorithm>
#include <cassert>

#include "core/random/random.hpp"

namespace lightloom::calibration {

RowHalves row_halves(int rows, int period, std::uint64_t seed, int number) {
  const int blocks = rows / period;
  assert(blocks >= 2);
  std::vector<std::uint32_t> order(static_cast<std::size_t>(blocks));
  fill_permutation(Stream(address_of(family::product_halves, seed)),
                   static_cast<std::uint64_t>(number), order);
  std::vector<char> in_first(static_cast<std::size_t>(blocks) + 1, 0);  // and what is left
  for (int k = 0; k < blocks / 2; ++k) in_first[order[static_cast<std::size_t>(k)]] = 1;
  RowHalves halves;
  for (int t = 0; t < rows; ++t)
    (in_first[static_cast<std::size_t>(t / period)] != 0 ? halves.first : halves.second)
        .push_back(t);
  return halves;
}

}  // namespace lightloom::calibration
