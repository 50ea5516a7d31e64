#include "cosim/generator/optical_generator.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

namespace lightloom::cosim {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;

float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

/// Adds Gaussian errors of `sigma` times the largest magnitude. `part` keeps the numbers of several
/// uses of one stream apart.
void disturb(std::span<float> values, double sigma, const WeightWrite& write, std::uint64_t part) {
  if (sigma == 0) return;
  std::vector<float> normals(values.size());
  fill_normal(Stream(write.address), write.number * 4 + part, normals);
  const auto scale = static_cast<float>(sigma * largest_magnitude(values));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += scale * normals[i];
}

/// Rounds to the 2^bits - 1 levels of a converter whose range is the largest magnitude.
void digitise(std::span<float> values, int bits) {
  const float range = largest_magnitude(values);
  if (bits == 0 || range == 0) return;
  const float steps = std::exp2(static_cast<float>(bits - 1)) - (bits > 1 ? 1.0F : 0.0F);
  for (float& value : values) value = std::nearbyint(value / range * steps) / steps * range;
}

std::vector<float> copy_of(std::span<const float> values) { return {values.begin(), values.end()}; }

}  // namespace

void describe(Section& section, GeneratorNoise& noise) {
  section.value("coefficient_sigma", noise.coefficient_sigma, fraction);
  section.value("intra_sigma", noise.intra_sigma, fraction);
  section.value("cross_sigma", noise.cross_sigma, fraction);
  section.value("handover_bits", noise.handover_bits, {.low = 0, .high = 16});
}

double effective_bits(std::span<const float> exact, std::span<const float> noisy) {
  assert(exact.size() == noisy.size() && !exact.empty());
  const auto [low, high] = std::minmax_element(exact.begin(), exact.end());
  double square = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) square += std::pow(double{noisy[i]} - exact[i], 2);
  const double rms = std::sqrt(square / static_cast<double>(exact.size()));
  return rms > 0 ? std::log2((double{*high} - *low) / (std::sqrt(12.0) * rms))
                 : std::numeric_limits<double>::infinity();
}

void regenerate_optically(const nn::TwoLevelFactors& factors, const GeneratorNoise& noise,
                          const WeightWrite& write, std::span<float> dense) {
  StreamAddress setting = write.address, detection = write.address;
  setting.purpose = Purpose::programming;
  detection.purpose = Purpose::generator_readout;
  const Eigen::Index kernel = std::int64_t{factors.in} * factors.area;
  std::vector<float> kernels(static_cast<std::size_t>(factors.cross) *
                             static_cast<std::size_t>(kernel));
  if (factors.u.empty()) {
    std::copy(factors.basis.begin(), factors.basis.end(), kernels.begin());
  } else {
    std::vector<float> u = copy_of(factors.u);
    disturb(u, noise.coefficient_sigma, {setting, write.number}, 0);
    for (int m = 0; m < factors.cross; ++m)
      Eigen::Map<Matrix>(kernels.data() + m * kernel, factors.in, factors.area).noalias() =
          View(u.data() + std::int64_t{m} * factors.in * factors.intra, factors.in, factors.intra) *
          View(factors.basis.data() + std::int64_t{m} * factors.intra * factors.area, factors.intra,
               factors.area);
    disturb(kernels, noise.intra_sigma, {detection, write.number}, 1);
  }
  if (factors.v.empty()) {
    std::copy(kernels.begin(), kernels.end(), dense.begin());
  } else {
    std::vector<float> v = copy_of(factors.v);
    disturb(v, noise.coefficient_sigma, {setting, write.number}, 2);
    Eigen::Map<Matrix>(dense.data(), factors.out, kernel).noalias() =
        View(v.data(), factors.out, factors.cross) * View(kernels.data(), factors.cross, kernel);
    disturb(dense, noise.cross_sigma, {detection, write.number}, 3);
  }
  digitise(dense, noise.handover_bits);
}

}  // namespace lightloom::cosim
