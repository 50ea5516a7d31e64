#include <benchmark/benchmark.h>

#include "core/random/random.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"

namespace {

using namespace lightloom;
using namespace lightloom::nn;

/// Layers of ResNet-20 (last stage) and of ResNet-18 (last stage), with the paper's bits.
LayerShape layer(std::int64_t channels) {
  const int count = static_cast<int>(channels);
  return {.name = "conv",
          .in_channels = count,
          .out_channels = count,
          .kernel_height = 3,
          .kernel_width = 3};
}

SourceCard paper_card(int bits) {
  return {
      .source = "multilevel",
      .settings = MultilevelCard{
          .bits = bits == 8 ? FactorBits{8, 8, 8} : FactorBits{3, 6, 3}, .intra = 2, .cross = 44}};
}

std::vector<float> random_weight(const LayerShape& shape) {
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  fill_normal(Stream({.seed = 1}), 0, weight);
  for (float& value : weight) value *= 0.05f;
  return weight;
}

/// What a training step pays per layer besides its convolution: arguments channels, bits.
void generate_and_differentiate(benchmark::State& state) {
  const LayerShape shape = layer(state.range(0));
  const auto source = make_source(paper_card(static_cast<int>(state.range(1))), shape);
  std::vector<float> weight = random_weight(shape);
  source->encode(weight);
  for (auto _ : state) {
    source->materialise(weight);
    source->backward(weight);
  }
  state.SetItemsProcessed(state.iterations() * shape.weights());
}
BENCHMARK(generate_and_differentiate)
    ->Args({64, 3})
    ->Args({64, 8})
    ->Args({512, 3})
    ->Args({512, 8})
    ->Unit(benchmark::kMicrosecond);

void optimizer_step(benchmark::State& state) {
  Parameter parameter{.name = "p", .value = std::vector<float>(1 << 20)};
  parameter.gradient.assign(1 << 20, 0.1f);
  Parameter* all[] = {&parameter};
  Optimizer optimizer({.kind = static_cast<OptimizerKind>(state.range(0))}, all);
  for (auto _ : state) optimizer.step(1e-3);
  state.SetItemsProcessed(state.iterations() << 20);
}
BENCHMARK(optimizer_step)
    ->Arg(static_cast<int>(OptimizerKind::nesterov))
    ->Arg(static_cast<int>(OptimizerKind::radam))
    ->Unit(benchmark::kMicrosecond);

}  // namespace
