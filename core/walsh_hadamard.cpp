#include "core/walsh_hadamard.hpp"

namespace lightloom {

void walsh_hadamard(std::span<float> x, std::size_t width) {
  float* v = x.data();
  for (std::size_t half = width; half < x.size(); half *= 2)
    for (std::size_t first = 0; first < x.size(); first += 2 * half)
      for (std::size_t i = first; i < first + half; ++i) {
        const float a = v[i], b = v[i + half];
        v[i] = a + b;
        v[i + half] = a - b;
      }
}

}  // namespace lightloom
