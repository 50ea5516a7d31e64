// Training and inference speed of a built-in network, in images per second:
//   nn_speed <model> <dataset> <batch> [seconds]
// prints one line of JSON. benchmarks/compare-pytorch runs it beside PyTorch.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "nn/inference.hpp"
#include "nn/loss.hpp"
#include "nn/models.hpp"
#include "nn/optimizer.hpp"
#include "nn/training_pass.hpp"

namespace {

using namespace lightloom;
using namespace lightloom::nn;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Images per second of the median of 5 rounds, after a warm-up.
double rate(int batch, double seconds, const std::function<void()>& once) {
  for (int i = 0; i < 3; ++i) once();
  std::vector<double> rates;
  for (int round = 0; round < 5; ++round) {
    const auto start = Clock::now();
    int calls = 0;
    while (seconds_since(start) < seconds / 5 || calls == 0) {
      once();
      ++calls;
    }
    rates.push_back(calls * batch / seconds_since(start));
  }
  std::nth_element(rates.begin(), rates.begin() + 2, rates.end());
  return rates[2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: nn_speed <model> <dataset> <batch> [seconds]\n");
    return 2;
  }
  const int batch = std::atoi(argv[3]);
  const double seconds = argc > 4 ? std::atof(argv[4]) : 5;
  Network network(build_graph(argv[1], argv[2]), {}, 1);
  const MapShape map = network.graph().nodes.front().shape;
  Tensor images(TensorShape(batch, map));
  fill_normal(Stream({1, Purpose::test}), 0, images.values());
  std::vector<int> labels(static_cast<std::size_t>(batch));
  for (int i = 0; i < batch; ++i) labels[static_cast<std::size_t>(i)] = i % 10;

  TrainingPass pass(network, 1);
  const std::vector<Parameter*> parameters = network.parameters();
  Optimizer optimizer({.kind = OptimizerKind::sgd}, parameters);
  Tensor d_logits;
  const double training = rate(batch, seconds, [&] {
    cross_entropy(pass.forward(images, {}), labels, d_logits);
    pass.backward(d_logits);
    optimizer.step(1e-4);
  });
  Inference inference(network);
  const double inferring = rate(batch, seconds, [&] { inference.forward(images); });
  fmt::print("{{\"model\": \"{}\", \"batch\": {}, \"training\": {:.0f}, \"inference\": {:.0f}}}\n",
             argv[1], batch, training, inferring);
  return 0;
}
