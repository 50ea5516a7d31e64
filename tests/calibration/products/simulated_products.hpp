#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "calibration/products/products.hpp"
#include "core/random/random.hpp"
#include "photonic/readout/product_errors.hpp"

namespace lightloom::calibration {

/// Expected products, independent and normal, as many vectors as asked for.
inline std::vector<double> expected_products(int vectors, int outputs, double sd) {
  const Stream stream({.seed = 17});
  std::vector<double> values(static_cast<std::size_t>(vectors) * static_cast<std::size_t>(outputs));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = sd * stream.normal(k);
  return values;
}

/// What a core with these errors makes of them: the equation of `ProductErrors`, term by term.
inline Products simulate_products(const photonic::ProductErrors& errors,
                                  std::vector<double> expected, std::uint64_t seed) {
  const auto outputs = static_cast<std::size_t>(errors.outputs);
  const std::size_t vectors = expected.size() / outputs;
  const Stream own({.seed = seed, .chip = 1}), common({.seed = seed, .chip = 2});
  std::vector<double> observed(expected.size());
  for (std::size_t t = 0; t < vectors; ++t)
    for (std::size_t r = 0; r < outputs; ++r) {
      double sum = errors.offset[t % static_cast<std::size_t>(errors.period) * outputs + r];
      for (std::size_t k = 0; k < outputs; ++k)
        sum += errors.mixing[r * outputs + k] * expected[t * outputs + k];
      const double q = errors.noise_common;
      sum += errors.noise_sigma[r] *
             (std::sqrt(1 - q) * own.normal(t * outputs + r) + std::sqrt(q) * common.normal(t));
      observed[t * outputs + r] = sum;
    }
  return {.vectors = static_cast<int>(vectors),
          .outputs = errors.outputs,
          .expected = std::move(expected),
          .observed = std::move(observed)};
}

/// A core of 7 outputs that mix, with offsets of period 3 and unequal noise.
inline photonic::ProductErrors example_errors(int outputs = 7, int period = 3) {
  const Stream stream({.seed = 23});
  const auto n = static_cast<std::size_t>(outputs), p = static_cast<std::size_t>(period);
  photonic::ProductErrors errors{.outputs = outputs, .period = period};
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t k = 0; k < n; ++k)
      errors.mixing.push_back(r == k ? 0.85 + 0.02 * static_cast<double>(r)
                                     : 0.06 * stream.normal(r * n + k));
  for (std::size_t k = 0; k < p * n; ++k) errors.offset.push_back(0.5 * stream.normal(k, 1));
  for (std::size_t r = 0; r < n; ++r)
    errors.noise_sigma.push_back(0.4 + 0.1 * static_cast<double>(r));
  return errors;
}

}  // namespace lightloom::calibration
