#include "cosim/generator/optical_generator.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include "photonic/cores/tiles.hpp"

namespace lightloom::cosim {
namespace {

/// Level 1: kernels [Bc, in, area], each the product of its coefficients and its basis.
void form_kernels(const nn::TwoLevelFactors& f, const BankProduct& banks,
                  std::span<float> kernels) {
  const auto words = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  const auto operands = [&](int m) {
    return BankOperands{.coefficients = f.u.subspan(words(std::int64_t{m} * f.in * f.intra),
                                                    words(std::int64_t{f.in} * f.intra)),
                        .inputs = f.basis.subspan(words(std::int64_t{m} * f.intra * f.area),
                                                  words(std::int64_t{f.intra} * f.area)),
                        .rows = f.in,
                        .inner = f.intra,
                        .positions = f.area,
                        .number = m};
  };
  BankRange range{.input = photonic::largest_weight(f.basis), .output = 0};
  for (int m = 0; m < f.cross; ++m)
    range.output = std::max(range.output, banks.largest_reading(operands(m)));
  const std::int64_t kernel = std::int64_t{f.in} * f.area;
  for (int m = 0; m < f.cross; ++m)
    banks.add(operands(m), range, kernels.subspan(words(m * kernel), words(kernel)));
}

/// Level 2: weights [out, in, area] from the kernels.
void combine_kernels(const nn::TwoLevelFactors& f, const BankProduct& banks,
                     std::span<const float> kernels, std::span<float> dense) {
  const BankOperands operands{.coefficients = f.v,
                              .inputs = kernels,
                              .rows = f.out,
                              .inner = f.cross,
                              .positions = f.in * f.area};
  const BankRange range{.input = photonic::largest_weight(kernels),
                        .output = banks.largest_reading(operands)};
  std::fill(dense.begin(), dense.end(), 0.0F);
  banks.add(operands, range, dense);
}

}  // namespace

double effective_bits(std::span<const float> exact, std::span<const float> noisy) {
  assert(exact.size() == noisy.size() && !exact.empty());
  const auto [low, high] = std::minmax_element(exact.begin(), exact.end());
  double square = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) square += std::pow(double{noisy[i]} - exact[i], 2);
  const double rms = std::sqrt(square / static_cast<double>(exact.size()));
  return rms > 0 ? std::log2((double{*high} - *low) / (std::sqrt(12.0) * rms))
                 : std::numeric_limits<double>::infinity();
}

void regenerate_optically(const nn::TwoLevelFactors& factors, const GeneratorCard& card,
                          const WeightWrite& write, std::span<float> dense) {
  const auto& own = card.own.get<PhotonicGenerator>();
  const auto banks = generator_banks(own, generator_light(own).power_per_input_mW);
  const bool between = own.levels == PhotonicGenerator::Levels::digital || factors.u.empty();
  const bool last = card.handover == Handover::digital;
  require_reachable(own, last, factor_shape(factors));
  std::vector<float> kernels(
      static_cast<std::size_t>(std::int64_t{factors.cross} * factors.in * factors.area));
  if (factors.u.empty())
    std::copy(factors.basis.begin(), factors.basis.end(), kernels.begin());
  else
    form_kernels(factors,
                 {banks[0], 0, write, {.dac = true, .adc = factors.v.empty() ? last : between}},
                 kernels);
  if (factors.v.empty())
    std::copy(kernels.begin(), kernels.end(), dense.begin());
  else
    combine_kernels(factors, {banks[1], 1, write, {.dac = between, .adc = last}}, kernels, dense);
}

}  // namespace lightloom::cosim
