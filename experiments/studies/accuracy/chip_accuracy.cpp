#include "experiments/studies/accuracy/chip_accuracy.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "cosim/analog/chip_statistics.hpp"
#include "nn/inference/evaluate.hpp"

namespace lightloom::experiments {
namespace {

cosim::ChipNumber address_of(const ChipRun& run, std::size_t number) {
  return {run.seed, static_cast<std::uint32_t>(static_cast<std::size_t>(run.first) + number)};
}

ChipResult classified(nn::Inference& inference, cosim::Chip& chip, const nn::ImageSet& set) {
  const nn::Evaluation tested = nn::evaluate(inference, set);
  return {.accuracy = tested.accuracy(),
          .outcomes = outcomes_of(tested.predictions, set.labels),
          .retaken = {},
          .counts = chip.counts(),
          .effective_bits = chip.effective_bits()};
}

/// Which chip, and who hears how far it is.
struct ChipPlace {
  cosim::ChipNumber number;
  ProgressSink& sink;
};

/// The test images on the same chip written anew, with statistics that it measured.
Outcomes with_statistics_of(nn::Network& network, const nn::Dataset& data, const ChipRun& run,
                            const ChipPlace& place) {
  const cosim::KeptStatistics kept(network);
  {
    cosim::Chip chip(run.core, network, run.generator, place.number);
    cosim::take_statistics(chip, network, {data, run.statistics_images, run.images}, place.sink);
  }
  cosim::Chip chip(run.core, network, run.generator, place.number);
  nn::Inference inference(network, &chip.engine());
  chip.calibrate(inference, data, run.images);
  return classified(inference, chip, data.test).outcomes;
}

}  // namespace

ChipResult evaluate_chip(nn::Network& network, const nn::Dataset& data, const ChipRun& run,
                         const nn::ImageSet& set) {
  cosim::Chip chip(run.core, network, run.generator, address_of(run, 0));
  nn::Inference inference(network, &chip.engine());
  chip.calibrate(inference, data, run.images);
  return classified(inference, chip, set);
}

void for_each_chip(nn::Network& network, const nn::Dataset& data, const ChipRun& run,
                   const ChipMeasurement& measurement) {
  Progress progress(measurement.sink, "analog chips", run.chips, "chips");
  for (int number = 0; number < run.chips; ++number) {
    if (measurement.sink.cancelled()) throw Failure("interrupted during the evaluation of chips");
    cosim::Chip chip(run.core, network, run.generator,
                     address_of(run, static_cast<std::size_t>(number)));
    nn::Inference inference(network, &chip.engine());
    chip.calibrate(inference, data, run.images);
    progress.advance(1, measurement.measure(inference, chip));
    if (measurement.enough && measurement.enough()) break;
  }
}

std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const ChipRun& run, ProgressSink& sink) {
  std::vector<ChipResult> chips;
  const auto classify = [&](nn::Inference& inference, cosim::Chip& chip) {
    chips.push_back(classified(inference, chip, data.test));
    if (run.statistics_images > 0)
      chips.back().retaken =
          with_statistics_of(network, data, run, {address_of(run, chips.size() - 1), sink});
    return fmt::format("accuracy {:.2f} %", 100 * chips.back().accuracy);
  };
  std::vector<double> accuracies;
  const auto enough = [&] {
    accuracies.push_back(chips.back().accuracy);
    return run.until && is_enough(accuracies, *run.until);
  };
  for_each_chip(network, data, run, {classify, sink, enough});
  return chips;
}

}  // namespace lightloom::experiments
