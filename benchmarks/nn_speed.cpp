// Training and inference speed of a built-in network, in images per second:
//   nn_speed <model> <dataset> <batch> [seconds] [training|inference] [source] [precision] [bits]
// with dense weights, those of a multi-level source (intra 2, cross 44, bits 3-6-3: the paper's
// ResNet-18), or of any other as it is by default, products of training in float32 or bfloat16 and
// inputs of layers rounded to so many bits (from zero; none: not at all), prints one line of JSON,
// with the peak memory of the network and its passes. benchmarks/compare-pytorch runs it beside
// PyTorch.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "core/cards/tree.hpp"
#include "core/random/random.hpp"
#include "nn/inference/inference.hpp"
#include "nn/models/models.hpp"
#include "nn/ops/loss.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/train/training_pass.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"

namespace {

using namespace lightloom;
using namespace lightloom::nn;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Rate {
  double wall, processor;  // images per second, and per second of processor time of all threads
};

/// The median of 5 stretches, after a warm-up.
Rate rate(int batch, double seconds, const std::function<void()>& once) {
  for (int i = 0; i < 3; ++i) once();
  std::vector<double> rates;
  int images = 0;
  const std::clock_t used = std::clock();
  for (int round = 0; round < 5; ++round) {
    const auto start = Clock::now();
    int calls = 0;
    while (seconds_since(start) < seconds / 5 || calls == 0) {
      once();
      ++calls;
    }
    rates.push_back(calls * batch / seconds_since(start));
    images += calls * batch;
  }
  std::nth_element(rates.begin(), rates.begin() + 2, rates.end());
  return {rates[2], images * double{CLOCKS_PER_SEC} / static_cast<double>(std::clock() - used)};
}

struct RandomBatch {
  Tensor images;
  std::vector<int> labels;

  RandomBatch(int size, const MapShape& map) : images(TensorShape(size, map)) {
    fill_normal(Stream({1, Purpose::test}), 0, images.values());
    for (int i = 0; i < size; ++i) labels.push_back(i % 10);
  }
};

/// One step: forward, cross-entropy, backward, SGD with momentum.
Rate training_rate(Network& network, const RandomBatch& batch, Precision precision,
                   double seconds) {
  TrainingPass pass(network, 1, nullptr, {.precision = precision});
  const std::vector<Parameter*> parameters = network.parameters();
  Optimizer optimizer({.kind = OptimizerKind::sgd}, parameters);
  Tensor d_logits;
  return rate(batch.images.shape().images, seconds, [&] {
    cross_entropy(pass.forward(batch.images, {}), batch.labels, d_logits);
    pass.backward(d_logits);
    optimizer.step(1e-4);
  });
}

Rate inference_rate(Network& network, const RandomBatch& batch, double seconds) {
  Inference inference(network);
  return rate(batch.images.shape().images, seconds, [&] { inference.forward(batch.images); });
}

void print(const char* what, const Rate& rate) {
  fmt::print(", \"{0}\": {1:.1f}, \"{0}_cpu\": {2:.1f}", what, rate.wall, rate.processor);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr,
               "usage: nn_speed <model> <dataset> <batch> [seconds] [training|inference] "
               "[source] [float32|bfloat16] [bits]\n");
    return 2;
  }
  const double before = peak_megabytes();  // the program and its libraries
  const double seconds = argc > 4 ? std::atof(argv[4]) : 5;
  const std::string only = argc > 5 ? argv[5] : "";
  SourceCard source;
  if (argc > 6 && std::string(argv[6]) == "multilevel") {
    source.source = "multilevel";
    source.settings.of<MultilevelCard>().intra = 2;
    source.settings.of<MultilevelCard>().cross = 44;
    source.settings.of<MultilevelCard>().bits = {.basis = 3, .intra = 6, .cross = 3};
  } else if (argc > 6) {
    source = read_card<SourceCard>(parse_yaml(fmt::format("source: {}", argv[6]), "nn_speed"));
  }
  if (argc > 8) source.activations = std::atoi(argv[8]);
  const Precision precision =
      argc > 7 && std::string(argv[7]) == "bfloat16" ? Precision::bfloat16 : Precision::float32;
  require_precision(precision, "the precision");
  Network network(build_graph(argv[1], argv[2]), source, 1);
  for (WeightLayer& layer : network.weight_layers())
    layer.range = {.low = 0, .high = 3, .seen = true};
  const RandomBatch batch(std::atoi(argv[3]), network.graph().nodes.front().shape);
  fmt::print("{{\"model\": \"{}\"", argv[1]);
  if (only != "inference") print("training", training_rate(network, batch, precision, seconds));
  if (only != "training") print("inference", inference_rate(network, batch, seconds));
  fmt::print(", \"peak_MB\": {:.0f}}}\n", peak_megabytes() - before);
  return 0;
}
