#include "cosim/generator/optical_generator.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include "photonic/cores/tiles.hpp"

namespace lightloom::cosim {
namespace {

using Scales = PhotonicGenerator::Scales;

/// A level that multiplies factors in its banks.
struct LevelInBanks {
  const nn::TwoLevelFactors& factors;
  BankProduct banks;
  Scales scales;
};

/// Level 1: kernels [Bc, in, area], each the product of its coefficients and its basis; scales of
/// outputs where each kernel is an output of the layer.
void form_kernels(const LevelInBanks& level, std::span<float> kernels) {
  const nn::TwoLevelFactors& f = level.factors;
  const BankProduct& banks = level.banks;
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
  std::vector<BankRange> own;
  BankRange all{.input = 0, .output = 0};
  for (int m = 0; m < f.cross; ++m) {
    own.push_back({.input = photonic::largest_weight(operands(m).inputs),
                   .output = banks.largest_reading(operands(m))});
    all = {.input = std::max(all.input, own.back().input),
           .output = std::max(all.output, own.back().output)};
  }
  const std::int64_t kernel = std::int64_t{f.in} * f.area;
  for (int m = 0; m < f.cross; ++m) {
    const BankRange& range = own[words(m)];
    const bool scaled = level.scales == Scales::output && range.input > 0 && range.output > 0;
    banks.add(operands(m), scaled ? range : all, kernels.subspan(words(m * kernel), words(kernel)));
  }
}

/// Coefficients [rows, each] in units of the largest of their row, which are returned; rows of
/// zeros stay.
std::vector<float> scale_rows(std::span<float> coefficients, std::size_t each) {
  std::vector<float> scales;
  for (std::size_t first = 0; first < coefficients.size(); first += each) {
    const std::span<float> row = coefficients.subspan(first, each);
    const float largest = photonic::largest_weight(row);
    scales.push_back(largest > 0 ? largest : 1);
    for (float& coefficient : row) coefficient /= scales.back();
  }
  return scales;
}

/// Level 2: weights [out, in, area] from the kernels.
void combine_kernels(const LevelInBanks& level, std::span<const float> kernels,
                     std::span<float> dense) {
  const auto& [f, banks, scales] = level;
  std::vector<float> coefficients(f.v.begin(), f.v.end()), by_row;
  if (scales == Scales::output)
    by_row = scale_rows(coefficients, static_cast<std::size_t>(f.cross));
  const BankOperands operands{.coefficients = coefficients,
                              .inputs = kernels,
                              .rows = f.out,
                              .inner = f.cross,
                              .positions = f.in * f.area};
  const BankRange range{.input = photonic::largest_weight(kernels),
                        .output = banks.largest_reading(operands)};
  std::fill(dense.begin(), dense.end(), 0.0F);
  banks.add(operands, range, dense);
  const std::size_t each = dense.size() / static_cast<std::size_t>(f.out);
  for (std::size_t row = 0; row < by_row.size(); ++row)
    for (float& weight : dense.subspan(row * each, each)) weight *= by_row[row];
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
    form_kernels({factors,
                  {banks[0], 0, write, {.dac = true, .adc = factors.v.empty() ? last : between}},
                  factors.v.empty() ? own.scales : Scales::layer},
                 kernels);
  if (factors.v.empty())
    std::copy(kernels.begin(), kernels.end(), dense.begin());
  else
    combine_kernels({factors, {banks[1], 1, write, {.dac = between, .adc = last}}, own.scales},
                    kernels, dense);
}

}  // namespace lightloom::cosim
