// Decomposition, realisation of many tiles, and drawing of chips.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <vector>

#include "core/random/random.hpp"
#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/cores/weight_targets.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

void clements(benchmark::State& state) {
  const SquareMatrix u = haar_unitary(static_cast<int>(state.range(0)), Stream({.seed = 1}));
  for (auto _ : state) benchmark::DoNotOptimize(decompose_clements(u));
}
BENCHMARK(clements)->Arg(16)->Arg(64)->Arg(256)->Unit(benchmark::kMillisecond);

CoreCard imperfect_mesh(int modes) {
  CoreCard card = default_card("mzi-mesh");
  mesh_part(card).mesh.modes = modes;
  mesh_part(card).fabrication.splitter_sigma_rad = 0.01;
  return card;
}

/// SVD, both decompositions and realisation of all 16 x 16 convolution tiles of ResNet-18 on one
/// imperfect chip.
void resnet18_tiles(benchmark::State& state) {
  constexpr std::size_t tiles = 43600;
  std::vector<float> weights(tiles * 256), realised(weights.size()), scales(tiles);
  fill_normal(Stream({.seed = 1}), 0, weights);
  for (auto _ : state) {
    const auto core = make_core(imperfect_mesh(16));  // a new core has nothing remembered
    benchmark::DoNotOptimize(core->realise(weights, {}, realised, scales));
  }
}
BENCHMARK(resnet18_tiles)
    ->Unit(benchmark::kSecond)
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

/// 32 tiles of 64 x 64, the second and later chips of a core.
void next_chip(benchmark::State& state) {
  constexpr std::size_t tiles = 32;
  std::vector<float> weights(tiles * 4096), realised(weights.size()), scales(tiles);
  fill_normal(Stream({.seed = 1}), 0, weights);
  const auto core = make_core(imperfect_mesh(64));
  core->realise(weights, {}, realised, scales);
  std::uint32_t chip = 0;
  for (auto _ : state) core->realise(weights, {.chip = ++chip}, realised, scales);
}
BENCHMARK(next_chip)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

/// 1000 chips of a 64-mode mesh with all static errors to dense matrices, with their statistics, on
/// the given number of threads.
void thousand_chips(benchmark::State& state) {
  CoreCard card = imperfect_mesh(64);
  mesh_part(card).fabrication.gradient_sigma_rad = 0.005;
  mesh_part(card).fabrication.correlated_sigma_rad = 0.005;
  mesh_part(card).fabrication.arm_loss_sigma_db = 0.02;
  card.phase_sigma_rad = 0.005;
  mesh_part(card).heater.efficiency_sigma = 0.002;
  const int before = omp_get_max_threads();
  omp_set_num_threads(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(chip_statistics(card, {.chips = 1000}));
  omp_set_num_threads(before);
}
BENCHMARK(thousand_chips)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

/// Set points of 64 x 64 rings on buses of 8, of weights with so many levels (0: normal ones).
void ring_tile(benchmark::State& state) {
  CoreCard card = default_card("mrr-bank");
  const auto core = make_core(card);
  const int levels = static_cast<int>(state.range(0));
  const std::vector<float> target =
      target_tiles({.law = levels > 0 ? WeightTargets::Law::levels : WeightTargets::Law::normal,
                    .levels = levels,
                    .matrix = {}},
                   Stream({.seed = 1}), 64, 64);
  std::vector<float> realised(target.size()), scale(1);
  for (auto _ : state) benchmark::DoNotOptimize(core->realise(target, {}, realised, scale));
}
BENCHMARK(ring_tile)->Arg(0)->Arg(3)->Arg(16)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lightloom::photonic

BENCHMARK_MAIN();
