// Run from the root of the repository. Full schedule and cost of ResNet-18 at 224 x 224, batch 1.
// Target: three sources in less than 2 s.

#include <benchmark/benchmark.h>

#include "core/cards/tree.hpp"
#include "cosim/cost/cost_simulation.hpp"

namespace {

using namespace lightloom;
using cosim::CostLayer;

struct Channels {
  int in, out;
};
nn::LayerShape conv(const Channels& channels, int kernel, int map, int stride) {
  return {.name = "conv",
          .in_channels = channels.in,
          .out_channels = channels.out,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride = stride,
          .padding = kernel / 2,
          .in_height = map * stride,
          .in_width = map * stride,
          .out_height = map,
          .out_width = map};
}

std::vector<nn::LayerShape> resnet18() {
  std::vector<nn::LayerShape> layers{conv({3, 64}, 7, 112, 2)};
  const int channels[] = {64, 128, 256, 512};
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < 2; ++block) {
      const int out = channels[stage], map = 56 >> stage;
      const bool down = stage > 0 && block == 0;
      layers.push_back(conv({down ? out / 2 : out, out}, 3, map, down ? 2 : 1));
      layers.push_back(conv({out, out}, 3, map, 1));
      if (down) layers.push_back(conv({out / 2, out}, 1, map, 2));
    }
  layers.push_back({.name = "fc",
                    .kind = nn::LayerShape::Kind::linear,
                    .in_channels = 512,
                    .out_channels = 1000});
  return layers;
}

CostLayer multilevel(const nn::LayerShape& shape, int intra, int cross) {
  const std::int64_t in = shape.in_channels, out = shape.out_channels, area = shape.kernel_area();
  CostLayer layer{.shape = shape, .way = cosim::WeightDelivery::regenerate};
  layer.streams = {{.name = "basis", .count = cross * intra * area, .bits = 3},
                   {.name = "intra", .count = cross * in * intra, .bits = 6},
                   {.name = "cross", .count = out * cross, .bits = 3}};
  layer.work = {.intra_macs = cross * in * intra * area, .cross_macs = out * cross * in * area};
  layer.factors = cosim::FactorShape{.out = static_cast<int>(out),
                                     .in = static_cast<int>(in),
                                     .area = static_cast<int>(area),
                                     .cross = cross,
                                     .intra = intra};
  return layer;
}

cosim::CostInput system_of(int size, bool regenerated, cosim::WeightDelivery way) {
  cosim::CostInput input;
  input.memory = read_card<memory::MemoryCard>(load_card("data/memory/lpddr4-edge.yaml", {}));
  // Room for two places of the largest tile.
  input.memory.weight_buffer.capacity_KB = input.memory.tile_buffer.capacity_KB = 512;
  input.core = {.kind = "bench", .rows = size, .columns = size};
  input.core.cost = {.symbol_rate_GHz = 10,
                     .settle_ns = 10,
                     .write_energy_pJ = 1,
                     .laser_power_mW = 100,
                     .input_energy_pJ = 0.5,
                     .output_energy_pJ = 1.5,
                     .devices = std::int64_t{size} * size};
  for (const auto& shape : resnet18()) {
    input.layers.push_back(regenerated && shape.kernel_area() == 9 ? multilevel(shape, 2, 44)
                                                                   : cosim::reload_layer(shape, 8));
    if (regenerated && shape.kernel_area() == 9) input.layers.back().way = way;
  }
  if (regenerated) input.generator.kind = "photonic";
  return input;
}

void three_sources(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  const cosim::CostInput ours = system_of(size, true, cosim::WeightDelivery::regenerate);
  cosim::CostInput int8 = system_of(size, false, cosim::WeightDelivery::reload), fp32 = int8;
  for (CostLayer& layer : fp32.layers) layer = cosim::reload_layer(layer.shape, 32);
  for (auto _ : state)
    for (const cosim::CostInput* input : {&ours, static_cast<const cosim::CostInput*>(&int8),
                                          static_cast<const cosim::CostInput*>(&fp32)})
      benchmark::DoNotOptimize(cosim::simulate_cost(*input).time_ns);
}
BENCHMARK(three_sources)->Arg(16)->Arg(64)->Arg(256)->Unit(benchmark::kMillisecond);

void automatic_ways(benchmark::State& state) {
  const cosim::CostInput input = system_of(64, true, cosim::WeightDelivery::automatic);
  for (auto _ : state) benchmark::DoNotOptimize(cosim::simulate_cost(input).time_ns);
}
BENCHMARK(automatic_ways)->Unit(benchmark::kMillisecond);

}  // namespace
