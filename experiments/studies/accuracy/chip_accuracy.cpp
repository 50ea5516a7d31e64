#include "experiments/studies/accuracy/chip_accuracy.hpp"

#include "core/error.hpp"
#include "nn/inference/evaluate.hpp"

namespace lightloom::experiments {

std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const ChipRun& run, ProgressSink& sink) {
  Progress progress(sink, "analog chips", run.chips, "chips");
  std::vector<ChipResult> chips;
  for (int number = 0; number < run.chips; ++number) {
    if (sink.cancelled()) throw Failure("interrupted during the evaluation of chips");
    cosim::Chip chip(run.core, network, run.generator,
                     {run.seed, static_cast<std::uint32_t>(number)});
    nn::Inference inference(network, &chip.engine());
    chip.calibrate(inference, data, run.images);
    const nn::Evaluation tested = nn::evaluate(inference, data.test);
    const double accuracy = tested.accuracy();
    chips.push_back({.accuracy = accuracy,
                     .outcomes = outcomes_of(tested.predictions, data.test.labels),
                     .counts = chip.counts(),
                     .effective_bits = chip.effective_bits()});
    progress.advance(1, fmt::format("accuracy {:.2f} %", 100 * accuracy));
  }
  return chips;
}

}  // namespace lightloom::experiments
