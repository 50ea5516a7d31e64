#include "cosim/analog/converter_range.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {

double best_full_scale(std::span<const float> samples, int bits) {
  const auto largest = std::max_element(samples.begin(), samples.end());
  if (largest == samples.end() || !(*largest > 0)) return 1.0;
  const auto count = static_cast<double>(samples.size());
  double best = *largest, least = 0;
  for (int k = 0; k <= 64; ++k) {
    const double scale = *largest * std::exp2(-k / 8.0);
    const double step = scale / std::exp2(bits - 1);
    double clipping = 0;
    for (const float y : samples) {
      const double beyond = std::max(0.0, y - scale);
      clipping += beyond * beyond;
    }
    const double error = clipping + count * step * step / 12;
    if (k == 0 || error < least) {
      least = error;
      best = scale;
    }
    if (clipping > least) break;  // only grows from here
  }
  return best;
}

}  // namespace lightloom::cosim
