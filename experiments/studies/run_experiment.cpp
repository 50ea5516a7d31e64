#include "experiments/studies/run_experiment.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "experiments/studies/calibrated_chips.hpp"
#include "nn/inference/evaluate.hpp"
#include "nn/inference/inference.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/weights/faults/faulty_source.hpp"

namespace lightloom::experiments {
namespace {

/// Every stream that the card names must be stored by some layer.
void require_streams_there(const nn::BitErrorCard& card, const nn::Network& network) {
  for (const std::string& name : card.streams) {
    bool there = false;
    for (const nn::WeightLayer& layer : network.weight_layers())
      for (const nn::StoredStream& stream : layer.source->streams())
        there = there || stream.name == name;
    require(there,
            "bit_errors.streams names '{}' but no layer of this network stores such a stream",
            name);
  }
}

/// With every source's words in the card's faulty memory. The student itself stays as it is.
void measure_faulty(const Experiment& card, nn::Network& student, const nn::ImageSet& test,
                    AccuracyResult& result) {
  nn::Network faulty(student.graph(), card.network.weights, card.seed, nn::InitialWeights::none);
  nn::set_weights(faulty, nn::weights_of(student));
  require_streams_there(card.bit_errors, faulty);
  result.bit_errors = card.bit_errors;
  std::uint32_t number = 0;
  std::vector<nn::FaultySource*> sources;
  for (nn::WeightLayer& layer : faulty.weight_layers()) {
    auto source =
        std::make_unique<nn::FaultySource>(std::move(layer.source), card.bit_errors, number++);
    sources.push_back(source.get());
    layer.source = std::move(source);
  }
  result.faulty = digital_accuracy(faulty, test);
  for (const nn::FaultySource* source : sources) result.flipped_bits += source->flips();
}

std::vector<double> accuracies(const std::vector<ChipResult>& chips) {
  std::vector<double> values;
  for (const ChipResult& chip : chips) values.push_back(chip.accuracy);
  return values;
}

/// Trained weights without chips need no training images: the test files stand in for them, so that
/// a folder of nothing but test images can be evaluated.
Workbench::DatasetPtr images(const Experiment& card, Workbench& workbench) {
  const nn::DatasetCard& dataset = card.network.dataset;
  if (card.network.weights_file.empty() || card.chips > 0 || dataset.test.empty())
    return workbench.dataset(card);
  nn::DatasetCard only_test = dataset;
  only_test.train = dataset.test;
  return std::make_shared<const nn::Dataset>(nn::load_dataset(only_test, card.seed));
}

/// A teacher whose file is missing is not known where nobody learns from it.
bool knows_teacher(const Experiment& card) {
  if (card.network.weights_file.empty()) return true;
  return std::filesystem::exists(card.training.teacher_file);
}

std::vector<ChipResult> measure_chips(const Experiment& card, nn::Network& student,
                                      const nn::Dataset& data, ProgressSink& progress) {
  const auto core = make_chips(card.hardware.core, card.calibration);
  return evaluate_chips(student, data,
                        {.core = *core,
                         .generator = card.hardware.generator,
                         .seed = card.seed,
                         .chips = card.chips,
                         .images = card.calibration_images},
                        progress);
}

AccuracyResult measure_accuracy(const Experiment& card, Workbench& workbench,
                                ProgressSink& progress) {
  const Workbench::DatasetPtr data = images(card, workbench);
  const Workbench::NetworkPtr student = workbench.student(card);
  AccuracyResult result{.history = student->history};
  if (knows_teacher(card)) {
    result.float_network = workbench.teacher_accuracy(card, data->test);
    result.teacher_history = workbench.teacher(card)->history;
  }
  result.source = digital_accuracy(*student->network, data->test);
  if (nn::has_errors(card.bit_errors)) measure_faulty(card, *student->network, data->test, result);
  if (card.chips > 0) result.chips = measure_chips(card, *student->network, *data, progress);
  result.over_chips = spread_of(accuracies(result.chips));
  return result;
}

}  // namespace

RunResult run_experiment(const Experiment& card, Workbench& workbench, ProgressSink& progress) {
  RunResult result{.labels = source_labels(card.network)};
  const nn::NetworkShape shape = nn::network_shape(*workbench.graph(card));
  for (const nn::SourceCard& weights : sources(card.network))
    result.ratios.push_back(nn::ratio_of(shape, weights));
  if (card.measures.cost)
    result.cost = study_cost(card.network, card.hardware,
                             workbench.layers(card));  // first: it is quick and may object
  if (card.measures.accuracy) result.accuracy = measure_accuracy(card, workbench, progress);
  return result;
}

}  // namespace lightloom::experiments
