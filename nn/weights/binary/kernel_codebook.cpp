#include "nn/weights/binary/kernel_codebook.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "nn/weights/seeded/seeded_bits.hpp"

namespace lightloom::nn {
namespace {

constexpr std::size_t places = kernel_places;

Parameter constant(const char* name, std::size_t count) {
  return {.name = name,
          .value = std::vector<float>(count),
          .gradient = std::vector<float>(count),
          .decay = false};
}

std::uint32_t pattern_of(std::span<const float> values) {
  std::uint32_t pattern = 0;
  for (std::size_t i = 0; i < places; ++i)
    if (values[i] >= 0.0f) pattern |= 1u << i;
  return pattern;
}

/// What kernels of each pattern add up to.
struct PatternSums {
  std::array<std::int64_t, kernel_patterns> count{};
  std::array<std::array<double, places>, kernel_patterns> value{};
  double magnitude = 0;  // mean of all values
};

PatternSums sums_of(std::span<const float> kernels) {
  PatternSums sums;
  for (std::size_t first = 0; first < kernels.size(); first += places) {
    const std::span<const float> kernel = kernels.subspan(first, places);
    const std::uint32_t pattern = pattern_of(kernel);
    ++sums.count[pattern];
    for (std::size_t i = 0; i < places; ++i) {
      sums.value[pattern][i] += kernel[i];
      sums.magnitude += std::fabs(kernel[i]);
    }
  }
  sums.magnitude /= static_cast<double>(kernels.size());
  return sums;
}

}  // namespace

KernelCodebook::KernelCodebook(int index_bits)
    : value_(constant("pattern", places << index_bits)),
      sign_(constant("pattern_sign", places << index_bits)),
      steps_(constant("pattern_steps", 2)) {
  for (std::size_t p = 0; p < size(); ++p)
    set_pattern(p, static_cast<std::uint32_t>(p), pattern_threshold);
}

void KernelCodebook::set_pattern(std::size_t index, std::uint32_t pattern, float magnitude) {
  for (std::size_t i = 0; i < places; ++i) {
    const float sign = (pattern >> i & 1u) != 0 ? 1.0f : -1.0f;
    sign_.value[index * places + i] = sign;
    value_.value[index * places + i] = sign * magnitude;
  }
}

std::uint32_t KernelCodebook::word(std::size_t index) const {
  return pattern_of(std::span(sign_.value).subspan(index * places, places));
}

void KernelCodebook::fit(std::span<const float> kernels) {
  const PatternSums sums = sums_of(kernels);
  std::vector<std::uint32_t> order(kernel_patterns);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return sums.count[a] > sums.count[b]; });
  for (std::size_t p = 0; p < size(); ++p) {
    const std::uint32_t pattern = order[p];
    set_pattern(p, pattern, pattern_threshold);
    if (sums.count[pattern] == 0 || sums.magnitude == 0) continue;
    const double unit = static_cast<double>(sums.count[pattern]) * sums.magnitude;
    for (std::size_t i = 0; i < places; ++i)
      value_.value[p * places + i] = std::clamp(static_cast<float>(sums.value[pattern][i] / unit),
                                                -pattern_bound, pattern_bound);
  }
  steps_.value.assign(2, 0.0f);
}

std::uint32_t KernelCodebook::nearest(std::span<const float> kernel) const {
  std::uint32_t best = 0;
  float most = 0;
  for (std::size_t p = 0; p < size(); ++p) {
    float sum = 0;
    for (std::size_t i = 0; i < places; ++i) sum += sign_.value[p * places + i] * kernel[i];
    if (p > 0 && sum <= most) continue;
    best = static_cast<std::uint32_t>(p);
    most = sum;
  }
  return best;
}

std::vector<std::uint32_t> KernelCodebook::words() const {
  std::vector<std::uint32_t> words;
  for (std::size_t p = 0; p < size(); ++p) words.push_back(word(p));
  return words;
}

void KernelCodebook::add_gradient(std::uint32_t index, std::size_t place, float gradient) {
  value_.gradient[index * places + place] += gradient;
}

void KernelCodebook::move(double rate) {
  for (std::size_t i = 0; i < value_.value.size(); ++i) {
    float& value = value_.value[i];
    value = std::clamp(value - static_cast<float>(rate) * value_.gradient[i], -pattern_bound,
                       pattern_bound);
    if (std::fabs(value) >= pattern_threshold) sign_.value[i] = std::copysign(1.0f, value);
  }
}

/// The new pattern is the first that is free from a random one on.
void KernelCodebook::replace_doubles(std::uint32_t seed) {
  std::array<bool, kernel_patterns> used{};
  std::vector<std::size_t> doubles;
  for (std::size_t p = 0; p < size(); ++p) {
    const std::uint32_t pattern = word(p);
    if (used[pattern]) doubles.push_back(p);
    used[pattern] = true;
  }
  const auto move = static_cast<std::uint32_t>(steps_.value[1]);
  for (const std::size_t p : doubles) {
    const auto number = move * kernel_patterns + static_cast<std::uint32_t>(p);
    std::uint32_t pattern = seeded_word(seed, number) % kernel_patterns;
    while (used[pattern]) pattern = (pattern + 1) % kernel_patterns;
    used[pattern] = true;
    set_pattern(p, pattern, pattern_threshold);
  }
}

std::int64_t KernelCodebook::step(double rate, std::uint32_t seed) {
  std::int64_t changed = 0;
  if (++steps_.value[0] >= static_cast<float>(pattern_period)) {
    const std::vector<std::uint32_t> before = words();
    move(rate);
    replace_doubles(seed);
    for (std::size_t p = 0; p < size(); ++p) changed += word(p) != before[p] ? 1 : 0;
    steps_.value[0] = 0;
    steps_.value[1] += 1;
  }
  std::fill(value_.gradient.begin(), value_.gradient.end(), 0.0f);
  return changed;
}

}  // namespace lightloom::nn
