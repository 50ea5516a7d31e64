#include "cosim/analog/readout/input_range.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

/// Means over the inputs that are coded on a full scale.
struct CodedMeans {
  double clipping = 0;  // of the squared part beyond the full scale
  double light = 0;
  double lit = 0;  // share that is not zero
};

CodedMeans coded_means(std::span<const float> magnitudes, double scale, bool fields) {
  CodedMeans sums;
  for (const float x : magnitudes) {
    const double beyond = std::max(0.0, x - scale), coded = std::min(1.0, x / scale);
    sums.clipping += beyond * beyond;
    sums.light += fields ? coded * coded : coded;
    sums.lit += x > 0 ? 1 : 0;
  }
  const auto count = static_cast<double>(magnitudes.size());
  return {sums.clipping / count, sums.light / count, sums.lit / count};
}

}  // namespace

double error_of_range(std::span<const float> magnitudes, double full_scale,
                      const InputRangeError& error) {
  const bool fields = error.coding != photonic::InputCoding::intensity;
  const CodedMeans means = coded_means(magnitudes, full_scale, fields);
  const double step = error.levels > 0 ? full_scale / error.levels : 0;
  return error.weights * (means.clipping + means.lit * step * step / 12) +
         full_scale * full_scale * (error.steady + error.shot * means.light);
}

double best_input_scale(std::span<const float> magnitudes, const InputRangeError& error) {
  const auto largest = std::max_element(magnitudes.begin(), magnitudes.end());
  if (largest == magnitudes.end() || !(*largest > 0)) return 1.0;
  double best = *largest, least = error_of_range(magnitudes, best, error);
  for (int k = 1; k <= 64; ++k) {
    const double scale = *largest * std::exp2(-k / 8.0),
                 left = error_of_range(magnitudes, scale, error);
    if (left < least) {
      least = left;
      best = scale;
    }
  }
  return best;
}

}  // namespace lightloom::cosim
