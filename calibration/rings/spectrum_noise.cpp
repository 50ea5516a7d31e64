#include "calibration/rings/spectrum_noise.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

struct Block {
  double power = 0, sigma = 0;
};

std::vector<Block> blocks_of(std::span<const double> power) {
  const std::size_t length = std::clamp<std::size_t>(power.size() / 12, 12, 64);
  std::vector<Block> blocks;
  for (std::size_t from = 0; from + length <= power.size(); from += length) {
    const auto part = power.subspan(from, length);
    blocks.push_back({median_of({part.begin(), part.end()}), difference_sigma(part)});
  }
  if (blocks.empty()) blocks.push_back({median_of({power.begin(), power.end()}), difference_sigma(power)});
  return blocks;
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double difference_sigma(std::span<const double> values) {
  if (values.size() < 5) return 0;
  std::vector<double> sizes;
  double sum = 0;
  for (std::size_t i = 0; i + 3 < values.size(); ++i) {
    sizes.push_back(std::abs(values[i + 3] - 3 * values[i + 2] + 3 * values[i + 1] - values[i]));
    sum += sizes.back();
  }
  // A normal deviate's size has the median 0.6745 and the mean 0.798; 1 + 9 + 9 + 1 = 20.
  const double middle = median_of(sizes) / 0.6745;
  return (middle > 0 ? middle : sum / static_cast<double>(sizes.size()) / 0.798) / std::sqrt(20.0);
}

double SpectrumNoise::sigma(double power) const { return std::hypot(floor, relative * power); }

double SpectrumNoise::stabilised(double power) const {
  return std::asinh(relative * power / floor) / relative;
}

SpectrumNoise noise_of(std::span<const double> power) {
  double greatest = 0;
  for (const double p : power) greatest = std::max(greatest, std::abs(p));
  if (!(greatest > 0)) return {1, 1e-7};
  const double least = 1e-7 * greatest;
  std::vector<Block> blocks = blocks_of(power);
  SpectrumNoise best{least, 1e-7};
  double cost = INFINITY;
  for (double ratio = 1e-7; ratio < 20; ratio *= 1.5) {  // floor / relative, over the largest power
    std::vector<double> logs;
    const double level = ratio * greatest;
    for (const Block& b : blocks)
      logs.push_back(std::log(std::max(b.sigma, least * 1e-3) / std::hypot(level, b.power)));
    const double relative = median_of(logs);
    double sum = 0;
    for (const double l : logs) sum += std::abs(l - relative);
    if (sum < cost) {
      cost = sum;
      best = {std::exp(relative) * level, std::exp(relative)};
    }
  }
  return {std::max(best.floor, least), std::max(best.relative, 1e-7)};
}

}  // namespace lightloom::calibration
