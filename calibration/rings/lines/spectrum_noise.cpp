#include "calibration/rings/lines/spectrum_noise.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

struct Block {
  double power = 0, sigma = 0;
};

/// Third differences in groups of like power: the bottoms of lines are a small part of every place.
std::vector<Block> blocks_of(std::span<const double> power) {
  std::vector<Block> points;
  for (std::size_t i = 0; i + 3 < power.size(); ++i)
    points.push_back({0.25 * (power[i] + power[i + 1] + power[i + 2] + power[i + 3]),
                      std::abs(power[i + 3] - 3 * power[i + 2] + 3 * power[i + 1] - power[i])});
  std::sort(points.begin(), points.end(),
            [](const Block& a, const Block& b) { return a.power < b.power; });
  const std::size_t length = std::clamp<std::size_t>(points.size() / 30, 12, 400);
  std::vector<Block> blocks;
  for (std::size_t from = 0; from < points.size(); from += length) {
    const std::size_t to = std::min(points.size(), from + length);
    if (to - from < length && !blocks.empty()) break;
    std::vector<double> levels, sizes;
    for (std::size_t i = from; i < to; ++i) {
      levels.push_back(points[i].power);
      sizes.push_back(points[i].sigma);
    }
    blocks.push_back({median_of(levels), median_of(sizes) / 0.6745 / std::sqrt(20.0)});
  }
  return blocks;
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double upper_quartile_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(3 * values.size() / 4);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double difference_sigma(std::span<const double> values) {
  if (values.size() < 5) return 0;
  std::vector<double> sizes;
  double sum = 0;
  for (std::size_t i = 0; i + 2 < values.size(); ++i) {
    sizes.push_back(std::abs(values[i + 2] - 2 * values[i + 1] + values[i]));
    sum += sizes.back();
  }
  // A normal deviate's size has the upper quartile 1.150 and the mean 0.798; 1 + 4 + 1 = 6.
  const double upper = upper_quartile_of(sizes) / 1.1503;
  return (upper > 0 ? upper : sum / static_cast<double>(sizes.size()) / 0.798) / std::sqrt(6.0);
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
    // Where all powers are alike, nothing tells: rather a floor, which trusts no reading too much.
    if (sum < cost * (ratio > 1e-7 ? 1.02 : 1) + 1e-9) {
      cost = std::min(cost, sum);
      best = {std::exp(relative) * level, std::exp(relative)};
    }
  }
  return {std::max(best.floor, least), std::max(best.relative, 1e-7)};
}

}  // namespace lightloom::calibration
