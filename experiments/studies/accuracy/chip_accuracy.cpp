#include "experiments/studies/accuracy/chip_accuracy.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "nn/inference/evaluate.hpp"

namespace lightloom::experiments {

void for_each_chip(nn::Network& network, const nn::Dataset& data, const ChipRun& run,
                   const ChipMeasurement& measurement) {
  Progress progress(measurement.sink, "analog chips", run.chips, "chips");
  for (int number = 0; number < run.chips; ++number) {
    if (measurement.sink.cancelled()) throw Failure("interrupted during the evaluation of chips");
    cosim::Chip chip(run.core, network, run.generator,
                     {run.seed, static_cast<std::uint32_t>(number)});
    nn::Inference inference(network, &chip.engine());
    chip.calibrate(inference, data, run.images);
    progress.advance(1, measurement.measure(inference, chip));
  }
}

std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const ChipRun& run, ProgressSink& sink) {
  std::vector<ChipResult> chips;
  const auto classify = [&](nn::Inference& inference, cosim::Chip& chip) {
    const nn::Evaluation tested = nn::evaluate(inference, data.test);
    const double accuracy = tested.accuracy();
    chips.push_back({.accuracy = accuracy,
                     .outcomes = outcomes_of(tested.predictions, data.test.labels),
                     .counts = chip.counts(),
                     .effective_bits = chip.effective_bits()});
    return fmt::format("accuracy {:.2f} %", 100 * accuracy);
  };
  for_each_chip(network, data, run, {classify, sink});
  return chips;
}

}  // namespace lightloom::experiments
