// Gaussian numbers from the counter-based stream, single precision, as the read-out noise takes
// them.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/random/random.hpp"

namespace lightloom {
namespace {

/// A block of read-out noise at a time: 256 positions of 64 outputs, in cache.
void gaussian(benchmark::State& state) {
  std::vector<float> values(static_cast<std::size_t>(state.range(0)));
  const Stream stream({.seed = 1});
  std::uint64_t shot = 0;
  for (auto _ : state) {
    fill_normal(stream, shot++, values);
    benchmark::DoNotOptimize(values.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}
BENCHMARK(gaussian)->Arg(1024)->Arg(16384)->Arg(1 << 20);

}  // namespace
}  // namespace lightloom
