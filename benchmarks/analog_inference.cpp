// Analog inference against digital inference of the same network in the same run: cnn3, batch 64,
// noise and an ADC conversion for every partial sum. `bench_analog_inference` prints images per
// second; the ratio is what counts. `chips`: 16 chips, each drawn, its converters' ranges measured,
// and run on as many batches as its argument
// says.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "core/cards/tree.hpp"
#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "nn/inference/inference.hpp"
#include "nn/models/models.hpp"
#include "photonic/cores/core_card.hpp"

namespace {

using namespace lightloom;

constexpr int batch = 64;

nn::Tensor random_images(const nn::Network& network) {
  nn::Tensor images(nn::TensorShape(batch, network.graph().nodes.front().shape));
  const Stream stream({.seed = 1});
  for (std::size_t i = 0; i < images.values().size(); ++i)
    images.values()[i] = static_cast<float>(stream.uniform(i));
  return images;
}

nn::Network cnn3() {
  nn::SourceCard card;
  card.activations = 8;
  return {nn::build_graph("cnn3", "fashion-mnist"), card, 1};
}

void digital(benchmark::State& state) {
  nn::Network network = cnn3();
  const nn::Tensor images = random_images(network);
  nn::Inference inference(network);
  for (auto _ : state) benchmark::DoNotOptimize(inference.forward(images).values().data());
  state.SetItemsProcessed(state.iterations() * batch);
}

void analog(benchmark::State& state, const char* device) {
  nn::Network network = cnn3();
  const nn::Tensor images = random_images(network);
  const auto core = photonic::make_core(
      read_card<photonic::CoreCard>(load_card(resolve_path(device, __FILE__), {})));
  cosim::AnalogEngine engine(*core, 1, 0);
  nn::Inference inference(network, &engine);
  engine.begin_calibration();
  inference.forward(images);
  engine.end_calibration();
  for (auto _ : state) benchmark::DoNotOptimize(inference.forward(images).values().data());
  state.SetItemsProcessed(state.iterations() * batch);
}

void chips(benchmark::State& state, const char* device) {
  nn::Network network = cnn3();
  const nn::Tensor images = random_images(network);
  const auto core = photonic::make_core(read_card<photonic::CoreCard>(
      load_card(resolve_path(device, __FILE__), {"rows=64", "columns=64"})));
  constexpr std::uint32_t count = 16;
  for (auto _ : state)
    for (std::uint32_t chip = 0; chip < count; ++chip) {
      cosim::AnalogEngine engine(*core, 1, chip);
      nn::Inference inference(network, &engine);
      engine.begin_calibration();
      inference.forward(images);
      engine.end_calibration();
      for (std::int64_t done = 0; done < state.range(0); ++done)
        benchmark::DoNotOptimize(inference.forward(images).values().data());
    }
  state.SetItemsProcessed(state.iterations() * batch * count * state.range(0));
}

BENCHMARK(digital)->UseRealTime();
BENCHMARK_CAPTURE(analog, ring_bank, "data/devices/mrr-bank.yaml")->UseRealTime();
BENCHMARK_CAPTURE(analog, mzi_mesh, "data/devices/mzi-mesh.yaml")->UseRealTime();
BENCHMARK_CAPTURE(chips, ring_bank, "data/devices/mrr-bank.yaml")
    ->Arg(1)
    ->Arg(16)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(chips, measured_errors, "data/devices/incoherent-crossbar.yaml")
    ->Arg(1)
    ->Arg(16)
    ->MeasureProcessCPUTime();

}  // namespace
