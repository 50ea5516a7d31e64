// Run from the root of the repository. Command-level DRAM and its fast path. Targets: random DDR4
// at least 2 M requests/s, long streams at least 100 M requests/s.

#include <benchmark/benchmark.h>

#include "core/cards/tree.hpp"
#include "memory/traffic/dram_run.hpp"
#include "memory/traffic/steady_rate.hpp"

namespace {

using namespace lightloom;

memory::DramCard ddr4() { return memory::read_dram(load_card("data/memory/ddr4-2400.yaml", {})); }

void command_level(benchmark::State& state, const char* pattern) {
  const memory::DramCard card = ddr4();
  const std::int64_t requests = 200000;
  for (auto _ : state)
    benchmark::DoNotOptimize(memory::run_pattern(card, pattern, requests, 12345).cycles);
  state.SetItemsProcessed(state.iterations() * requests);
}
BENCHMARK_CAPTURE(command_level, random_reads, "rand_rd")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(command_level, stream, "seq_rd")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(command_level, mixed, "seq_2r1w")->Unit(benchmark::kMillisecond);

void fast_path(benchmark::State& state, const char* pattern) {
  const memory::DramCard card = ddr4();
  const std::int64_t requests = 100'000'000;
  for (auto _ : state)
    benchmark::DoNotOptimize(memory::run_pattern_fast(card, pattern, requests, 777).cycles);
  state.SetItemsProcessed(state.iterations() * requests);
}
BENCHMARK_CAPTURE(fast_path, stream, "seq_rd")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fast_path, stride, "stride_rd")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fast_path, tiles, "tile4k_rd")->Unit(benchmark::kMillisecond);

}  // namespace
