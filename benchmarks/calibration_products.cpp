// The fit of measured products, all models, ranks and periods: 4096 vectors of 64 outputs that mix,
// with offsets of period 4.
#include <benchmark/benchmark.h>

#include <cstddef>

#include "calibration/products/product_fit.hpp"
#include "core/random/random.hpp"

namespace {

using namespace lightloom;

calibration::Products mixed_products(std::size_t vectors, std::size_t outputs) {
  const Stream expected({.seed = 1}), mixing({.seed = 2}), noise({.seed = 3});
  calibration::Products products{.vectors = static_cast<int>(vectors),
                                 .outputs = static_cast<int>(outputs),
                                 .expected = {},
                                 .observed = {}};
  for (std::size_t k = 0; k < vectors * outputs; ++k)
    products.expected.push_back(8 * expected.normal(k));
  for (std::size_t t = 0; t < vectors; ++t)
    for (std::size_t r = 0; r < outputs; ++r) {
      double sum = 0.8 * products.expected[t * outputs + r] + noise.normal(t * outputs + r) +
                   (t % 4 == 1 ? 0.7 : 0);
      for (std::size_t k = 0; k < outputs; ++k)
        sum += 0.02 * mixing.normal(r * outputs + k) * products.expected[t * outputs + k];
      products.observed.push_back(sum);
    }
  return products;
}

void fit(benchmark::State& state) {
  const calibration::Products products = mixed_products(4096, 64);
  for (auto _ : state)
    benchmark::DoNotOptimize(calibration::fit_products(products, {}).residuals.signal_rms);
}

BENCHMARK(fit)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
