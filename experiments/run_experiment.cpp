#include "experiments/run_experiment.hpp"

#include "nn/evaluate.hpp"
#include "nn/inference.hpp"
#include "nn/models.hpp"

namespace lightloom::experiments {
namespace {

double digital_accuracy(nn::Network& network, const nn::ImageSet& test) {
  nn::Inference inference(network);
  return nn::evaluate(inference, test).accuracy();
}

std::vector<double> accuracies(const std::vector<ChipResult>& chips) {
  std::vector<double> values;
  for (const ChipResult& chip : chips) values.push_back(chip.accuracy);
  return values;
}

AccuracyResult measure_accuracy(const Experiment& card, Workbench& workbench) {
  const Workbench::DatasetPtr data = workbench.dataset(card);
  const Workbench::NetworkPtr student = workbench.student(card);
  AccuracyResult result{.history = student->history};
  if (card.network.weights_file.empty() || !card.training.teacher_file.empty()) {
    const Workbench::NetworkPtr teacher = workbench.teacher(card);
    result.float_network = digital_accuracy(*teacher->network, data->test);
    result.teacher_history = teacher->history;
  }
  result.source = digital_accuracy(*student->network, data->test);
  if (card.chips > 0) result.chips = evaluate_chips(*student->network, *data, card);
  result.over_chips = spread_of(accuracies(result.chips));
  return result;
}

}  // namespace

RunResult run_experiment(const Experiment& card, Workbench& workbench) {
  RunResult result{.labels = source_labels(card.network)};
  const nn::NetworkShape shape = nn::network_shape(card.network.model, card.network.dataset.name);
  for (const nn::SourceCard& weights : sources(card.network))
    result.ratios.push_back(nn::ratio_of(shape, weights));
  if (card.measures.cost)
    result.cost = study_cost(
        card, workbench.source_layers.layers(card));  // first: it is quick and may object
  if (card.measures.accuracy) result.accuracy = measure_accuracy(card, workbench);
  return result;
}

}  // namespace lightloom::experiments
