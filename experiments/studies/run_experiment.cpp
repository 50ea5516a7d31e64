#include "experiments/studies/run_experiment.hpp"

#include <filesystem>
#include <functional>

#include "core/error.hpp"
#include "experiments/cards/derived_cards.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
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

/// The student with every source's words in the card's faulty memory. The student itself stays as
/// it is.
struct FaultyNetwork {
  nn::Network network;
  std::vector<nn::FaultySource*> sources;

  FaultyNetwork(const Experiment& card, nn::Network& student)
      : network(student.graph(), card.network.weights, card.seed, nn::InitialWeights::none) {
    nn::set_weights(network, nn::weights_of(student));
    require_streams_there(card.bit_errors, network);
    std::uint32_t number = 0;
    for (nn::WeightLayer& layer : network.weight_layers()) {
      auto source =
          std::make_unique<nn::FaultySource>(std::move(layer.source), card.bit_errors, number++);
      sources.push_back(source.get());
      layer.source = std::move(source);
    }
  }
};

void measure_faulty(const Experiment& card, nn::Network& student, const nn::ImageSet& test,
                    AccuracyResult& result) {
  FaultyNetwork faulty(card, student);
  result.bit_errors = card.bit_errors;
  result.faulty_outcomes = digital_outcomes(faulty.network, test);
  result.faulty = accuracy_of(*result.faulty_outcomes);
  for (const nn::FaultySource* source : faulty.sources) result.flipped_bits += source->flips();
}

/// The images of a run. Trained weights without chips need no training images, so that a folder of
/// nothing but test images can be evaluated.
struct RunImages {
  Workbench::DatasetPtr data;
  SharedImages shared;
  std::vector<std::string> chose;
};

RunImages images(const Experiment& card, Workbench& workbench) {
  const nn::DatasetCard& dataset = card.network.dataset;
  RunImages images;
  if (card.network.weights_file.empty() || card.chips > 0 || dataset.test.empty()) {
    images.data = workbench.dataset(card);
    images.shared = workbench.shared_images(card);
    images.chose = what_images_chose(card, images.shared);
    return images;
  }
  nn::DatasetCard only_test = dataset;
  only_test.train = dataset.test;  // what must be read is read twice
  auto data = nn::load_dataset(only_test, card.data_seed);
  data.train = data.validation = {.image = data.test.image, .pixels = {}, .labels = {}};
  images.shared = shared_images(data);
  images.chose = what_files_chose(card);
  images.data = std::make_shared<const nn::Dataset>(std::move(data));
  return images;
}

/// A teacher whose file is missing is not known where nobody learns from it.
bool knows_teacher(const Experiment& card) {
  const bool trained = !card.loop || card.loop->file.empty();
  if (card.network.weights_file.empty() && trained && card.training.needs_teacher()) return true;
  return std::filesystem::exists(card.training.teacher_file);
}

std::optional<StoppingRule> stopping_rule(const Experiment& card) {
  if (!card.chips_until) return std::nullopt;
  return StoppingRule{.half_width = card.chips_until->half_width, .least = card.chips_until->least};
}

ChipRun chip_run(const Experiment& card, const photonic::TensorCore& core) {
  return {.core = core,
          .generator = card.hardware.generator,
          .seed = card.seed,
          .chips = card.chips,
          .images = card.calibration_images,
          .statistics_images = card.recalibrate_statistics,
          .until = stopping_rule(card)};
}

std::vector<ChipResult> measure_chips(const Experiment& card, nn::Network& student,
                                      const nn::Dataset& data, ProgressSink& progress) {
  const auto core = make_chips(first_core(card), card.calibration);
  return evaluate_chips(student, data, chip_run(card, *core), progress);
}

std::vector<Outcomes> outcomes_of_chips(const std::vector<ChipResult>& chips) {
  std::vector<Outcomes> all;
  for (const ChipResult& chip : chips) all.push_back(chip.outcomes);
  return all;
}

/// Where chips are measured to, and who hears of it.
struct ChipsMeasured {
  std::vector<ChipResult>& results;
  ProgressSink& progress;
};

/// The test images through the float network, the student and its chips.
TrainingOutcomes measure_training(const Experiment& card, const nn::Dataset& data,
                                  Workbench& workbench, ChipsMeasured chips) {
  const Workbench::NetworkPtr student = workbench.student(card);
  TrainingOutcomes outcomes{.seed = card.seed, .float_network = {}, .source = {}, .chips = {}};
  if (knows_teacher(card)) outcomes.float_network = workbench.teacher_outcomes(card, data.test);
  outcomes.source = digital_outcomes(*student->network, data.test);
  if (card.chips > 0) chips.results = measure_chips(card, *student->network, data, chips.progress);
  outcomes.chips = outcomes_of_chips(chips.results);
  for (const ChipResult& chip : chips.results)
    if (chip.retaken) outcomes.retaken.push_back(*chip.retaken);
  return outcomes;
}

/// The same by other seeds and with other sources, where the card asks for them.
void measure_others(const Experiment& card,
                    const std::function<TrainingOutcomes(const Experiment&)>& measured,
                    AccuracyResult& result) {
  for (int training = 1; training < card.seeds; ++training)
    result.retrained.push_back(measured(retrained(card, training)));
  if (!card.measures.baselines) return;
  const std::vector<std::string> labels = source_labels(card.network);
  for (std::size_t b = 0; b < card.network.baselines.size(); ++b)
    result.baselines.push_back(
        {.label = labels[b + 1], .outcomes = measured(with_baseline(card, b))});
}

/// An interval within [0, 1], none for chips that are all as good: that says nothing of others.
Spread spread_over(const std::vector<double>& chips) {
  Spread spread = spread_of(chips);
  const Interval interval = mean_interval(chips);
  spread.low = interval.low;
  spread.high = interval.high;
  return spread;
}

AccuracyResult measure_accuracy(const Experiment& card, Workbench& workbench,
                                ProgressSink& progress) {
  const RunImages tested = images(card, workbench);
  AccuracyResult result{.history = workbench.student(card)->history,
                        .images = tested.shared,
                        .images_chose = tested.chose};
  result.own = measure_training(card, *tested.data, workbench, {result.chips, progress});
  if (result.own.float_network) {
    result.float_network = accuracy_of(*result.own.float_network);
    result.teacher_history = workbench.teacher(card)->history;
  }
  result.source = accuracy_of(result.own.source);
  if (nn::has_errors(card.bit_errors))
    measure_faulty(card, *workbench.student(card)->network, tested.data->test, result);
  result.over_chips = spread_over(accuracies_of(result.own.chips));
  result.over_retaken = spread_over(accuracies_of(result.own.retaken));
  const auto measured = [&](const Experiment& other) {
    std::vector<ChipResult> unused;
    return measure_training(other, *tested.data, workbench, {unused, progress});
  };
  measure_others(card, measured, result);
  add_statistics(result, label_of(card.network.weights));
  return result;
}

nn::NumberErrors digital_errors(nn::Network& network, const nn::ImageSet& test) {
  nn::Inference inference(network);
  return nn::evaluate_numbers(inference, test);
}

/// The test set through the float network, the student and its chips.
TrainingNumbers measure_number_training(const Experiment& card, const nn::Dataset& data,
                                        Workbench& workbench, ProgressSink& progress) {
  const Workbench::NetworkPtr student = workbench.student(card);
  TrainingNumbers numbers{
      .label = {}, .seed = card.seed, .float_network = {}, .source = {}, .chips = {}};
  if (knows_teacher(card))
    numbers.float_network = digital_errors(*workbench.teacher(card)->network, data.test);
  numbers.source = digital_errors(*student->network, data.test);
  if (card.chips == 0) return numbers;
  const auto core = make_chips(first_core(card), card.calibration);
  numbers.chips = evaluate_chip_numbers(*student->network, data, chip_run(card, *core), progress);
  return numbers;
}

NumberResult measure_numbers(const Experiment& card, Workbench& workbench, ProgressSink& progress) {
  if (card.recalibrate_statistics > 0) require_classes(card, "recalibrate_statistics");
  const RunImages tested = images(card, workbench);
  NumberResult result{.task = card.network.dataset.task,
                      .own = measure_number_training(card, *tested.data, workbench, progress),
                      .faulty = {},
                      .retrained = {},
                      .baselines = {},
                      .teacher_history = {},
                      .history = workbench.student(card)->history,
                      .images = tested.shared,
                      .images_chose = tested.chose};
  if (result.own.float_network) result.teacher_history = workbench.teacher(card)->history;
  if (nn::has_errors(card.bit_errors)) {
    FaultyNetwork faulty(card, *workbench.student(card)->network);
    result.faulty = digital_errors(faulty.network, tested.data->test);
  }
  const auto measured = [&](const Experiment& other) {
    return measure_number_training(other, *tested.data, workbench, progress);
  };
  for (int training = 1; training < card.seeds; ++training)
    result.retrained.push_back(measured(retrained(card, training)));
  for (std::size_t b = 0; card.measures.baselines && b < card.network.baselines.size(); ++b) {
    result.baselines.push_back(measured(with_baseline(card, b)));
    result.baselines.back().label = source_labels(card.network)[b + 1];
  }
  return result;
}

/// What is measured of every chip, at the card's first age.
std::vector<double> measured_first(const RunResult& result) {
  std::vector<double> each;
  if (result.accuracy)
    for (const ChipResult& chip : result.accuracy->chips) each.push_back(chip.accuracy);
  else
    for (const ChipNumbers& chip : result.numbers->own.chips)
      each.push_back(chip.errors.mean_squared());
  return each;
}

/// The same chips at another age.
std::vector<double> measured_at(const Experiment& card, Workbench& workbench,
                                ProgressSink& progress) {
  const nn::Dataset& data = *workbench.dataset(card);
  nn::Network& student = *workbench.student(card)->network;
  std::vector<double> each;
  if (card.network.dataset.task == nn::Task::classes) {
    for (const ChipResult& chip : measure_chips(card, student, data, progress))
      each.push_back(chip.accuracy);
    return each;
  }
  const auto core = make_chips(first_core(card), card.calibration);
  for (const ChipNumbers& chip :
       evaluate_chip_numbers(student, data, chip_run(card, *core), progress))
    each.push_back(chip.errors.mean_squared());
  return each;
}

std::vector<AgeResult> measure_ages(const Experiment& card, const RunResult& first,
                                    Workbench& workbench, ProgressSink& progress) {
  std::vector<AgeResult> ages;
  for (const double age_s : card.ages_s) {
    Experiment at = card;
    at.ages_s = {age_s};
    ages.push_back(
        {.age_s = age_s,
         .state_s = core_state_s(card, age_s),
         .each = ages.empty() ? measured_first(first) : measured_at(at, workbench, progress)});
  }
  return ages;
}

}  // namespace

void require_classes(const Experiment& card, const char* what) {
  require(
      card.network.dataset.task == nn::Task::classes,
      "{} is of classes, but dataset.task says that numbers answer (`lightloom run`, `train` and "
      "`sweep` measure their errors)",
      what);
}

RunResult run_experiment(const Experiment& card, Workbench& workbench, ProgressSink& progress) {
  RunResult result{.labels = source_labels(card.network), .ratios = *workbench.ratios(card)};
  if (card.measures.cost)
    result.cost = study_cost(card.network, card.hardware,
                             *workbench.layers(card));  // first: it is quick and may object
  if (card.measures.cost && card.maintenance)
    result.maintenance = study_maintenance(card, *result.cost);
  if (!card.measures.accuracy) return result;
  if (card.network.dataset.task == nn::Task::classes)
    result.accuracy = measure_accuracy(card, workbench, progress);
  else
    result.numbers = measure_numbers(card, workbench, progress);
  const Workbench::NetworkPtr student = workbench.student(card);
  result.loop = student->loop;
  if (student->history.frozen)
    result.freeze =
        study_freeze(card, *student->network, student->history, workbench.dataset(card)->train);
  result.ages = measure_ages(card, result, workbench, progress);
  return result;
}

}  // namespace lightloom::experiments
