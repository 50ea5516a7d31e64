#include <benchmark/benchmark.h>

#include "core/random/random.hpp"
#include "nn/weights/faults/bit_errors.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"

/// Which stored stream is fragile: the relative squared weight error that one flipped bit causes on
/// average, for a Gaussian 64x64x3x3 layer. Counter `error_per_flip`; the time is that of
/// materialising, storing, flipping and regenerating.
namespace {

using namespace lightloom;
using namespace lightloom::nn;

const LayerShape shape{
    .name = "conv", .in_channels = 64, .out_channels = 64, .kernel_height = 3, .kernel_width = 3};

void fragility(benchmark::State& state, const SourceCard& card, const std::string& stream) {
  std::vector<float> dense(static_cast<std::size_t>(shape.weights())), faulty(dense.size());
  fill_normal(Stream({.seed = 1}), 0, dense);
  for (float& value : dense) value *= 0.05f;
  const auto source = make_source(card, shape);
  source->encode(dense);
  source->materialise(dense);
  double error = 0, norm = 0;
  std::int64_t flips = 0;
  for (const float value : dense) norm += double{value} * value;
  std::uint64_t seed = 0;
  for (auto _ : state) {
    flips += materialise_with_errors(*source, {.rate = 2e-4, .streams = {stream}, .seed = seed++},
                                     0, faulty);
    for (std::size_t i = 0; i < dense.size(); ++i) {
      const double miss = double{faulty[i]} - dense[i];
      error += miss * miss;
    }
  }
  state.counters["error_per_flip"] = flips > 0 ? error / norm / static_cast<double>(flips) : 0.0;
  state.counters["flips"] = static_cast<double>(flips);
}

const SourceCard multilevel{.source = "multilevel",
                            .settings = MultilevelCard{.bits = {3, 6, 3}, .intra = 2, .cross = 44}};
const SourceCard exchange{.source = "smart_exchange"};
BENCHMARK_CAPTURE(fragility, int8_weight, {.source = "integer", .bits = 8}, "weight")
    ->Iterations(400);
BENCHMARK_CAPTURE(fragility, int4_weight, {.source = "integer", .bits = 4}, "weight")
    ->Iterations(400);
BENCHMARK_CAPTURE(fragility, power_of_two_weight, {.source = "power_of_two", .bits = 4}, "weight")
    ->Iterations(400);
BENCHMARK_CAPTURE(fragility, multilevel_basis, multilevel, "basis")->Iterations(400);
BENCHMARK_CAPTURE(fragility, multilevel_intra, multilevel, "intra")->Iterations(400);
BENCHMARK_CAPTURE(fragility, multilevel_cross, multilevel, "cross")->Iterations(400);
BENCHMARK_CAPTURE(fragility, exchange_coefficients, exchange, "coefficients")->Iterations(400);
BENCHMARK_CAPTURE(fragility, exchange_basis, exchange, "basis")->Iterations(400);
BENCHMARK_CAPTURE(fragility, exchange_index, exchange, "index")->Iterations(400);

}  // namespace
