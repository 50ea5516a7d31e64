#include "experiments/studies/slimmable/slim_study.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "experiments/studies/slimmable/slim_costs.hpp"
#include "nn/slimmable/gate_training.hpp"
#include "nn/slimmable/gated_inference.hpp"
#include "nn/slimmable/slim_file.hpp"

namespace lightloom::experiments {
namespace {

constexpr double bits_per_byte = 8;

double share_of(const std::vector<bool>& correct) {
  const auto right = std::ranges::count(correct, true);
  return correct.empty() ? 0 : static_cast<double>(right) / static_cast<double>(correct.size());
}

/// What a study works with.
struct SlimBench {
  const Experiment& card;
  const nn::SlimCard& slim;
  Workbench& workbench;
  const nn::Dataset& data;
  ProgressSink& progress;

  [[nodiscard]] nn::SlimTraining training() const {
    return {.data = data,
            .card = slim,
            .recipe = {card.training.student, card.seed},
            .progress = &progress};
  }
};

/// The network a trained one begins with, refused before the float network is trained.
void train_widths(const SlimBench& bench, SlimStudy& study) {
  nn::check_slim_recipe(bench.card.training.student);
  const Workbench::NetworkPtr teacher = bench.workbench.teacher(bench.card);
  nn::copy_slices(*teacher->network, *study.network);
  study.epochs = nn::train_sandwich(*study.network, bench.training());
  nn::take_statistics(*study.network, bench.training());
}

void train_chooser(const SlimBench& bench, SlimStudy& study) {
  const nn::GateCard& gate = *bench.slim.gate;
  const nn::GateExamples examples =
      nn::gate_examples(*study.network, bench.data.train, gate.choices);
  study.gate_losses =
      nn::train_gate(*study.chooser, examples, {gate, bench.card.seed}, bench.progress);
}

std::unique_ptr<nn::WidthGate> chooser_of(const SlimBench& bench,
                                          const nn::SlimmableNetwork& network) {
  if (!bench.slim.gate) return nullptr;
  const auto node = static_cast<std::size_t>(network.trunk().frontier.front());
  const nn::WidthGate::Sizes sizes{.channels = network.whole().graph().nodes[node].shape.channels,
                                   .hidden = bench.slim.gate->hidden,
                                   .choices = bench.slim.gate->choices};
  return std::make_unique<nn::WidthGate>(sizes, bench.card.seed);
}

void add_widths(const SlimBench& bench, SlimStudy& study,
                const std::vector<std::vector<bool>>& correct) {
  const nn::SlimTraffic traffic = nn::slim_traffic(*study.network, study.chooser.get());
  study.stored_bytes = static_cast<double>(traffic.stored()) / bits_per_byte;
  study.trunk_bytes = static_cast<double>(traffic.trunk) / bits_per_byte;
  study.gate_bytes = static_cast<double>(traffic.gate) / bits_per_byte;
  for (std::size_t w = 0; w < study.network->count(); ++w) {
    study.statistics_bytes.push_back(static_cast<double>(traffic.statistics[w]) / bits_per_byte);
    WidthFigures figures{.width = study.network->width(w),
                         .accuracy = share_of(correct[w]),
                         .macs = nn::macs_of(*study.network, w, study.chooser.get()),
                         .bytes = static_cast<double>(traffic.alone(w)) / bits_per_byte,
                         .cost = {}};
    if (bench.card.measures.cost) figures.cost = width_cost(bench.card, *study.network, w);
    study.widths.push_back(figures);
  }
}

/// A gate that draws: of every image the expected share that is right, and how far draws are apart.
void add_random(const std::vector<std::vector<bool>>& correct, const SlimStudy& study,
                const nn::GatedAnswers& answers, GateFigures& gate) {
  const auto images = static_cast<double>(answers.widths.size());
  double variance = 0, gain = 0, squared = 0;
  for (std::size_t i = 0; i < answers.widths.size(); ++i) {
    double right = 0;
    for (std::size_t w = 0; w < correct.size(); ++w)
      if (correct[w][i]) right += static_cast<double>(study.widths[w].images) / images;
    gate.random_accuracy += right / images;
    variance += right * (1 - right);
    const double more = (answers.correct[i] ? 1 : 0) - right;
    gain += more;
    squared += more * more;
  }
  gate.random_deviation = std::sqrt(variance) / images;
  const double mean = gain / images;
  gate.gain_error = std::sqrt(std::max(0.0, squared / images - mean * mean) / images);
}

void add_means(SlimStudy& study, GateFigures& gate) {
  double images = 0;
  for (const WidthFigures& width : study.widths) images += static_cast<double>(width.images);
  double tiles = 0;
  for (const WidthFigures& width : study.widths) {
    const double share = static_cast<double>(width.images) / images;
    gate.macs += share * width.macs;
    gate.histogram_bytes += share * width.bytes;
    if (!width.cost) continue;
    if (!gate.cost) gate.cost.emplace();
    gate.cost->time_s += share * width.cost->time_s;
    gate.cost->energy_J += share * width.cost->energy_J;
    tiles += share * static_cast<double>(width.cost->tiles);
  }
  if (gate.cost) gate.cost->tiles = std::lround(tiles);
}

void add_gate(const SlimBench& bench, SlimStudy& study,
              const std::vector<std::vector<bool>>& correct) {
  const nn::GatedAnswers answers =
      nn::evaluate_gated(*study.network, *study.chooser, bench.data.test);
  const std::vector<std::int64_t> images = nn::histogram(answers.widths, study.widths.size());
  for (std::size_t w = 0; w < study.widths.size(); ++w) study.widths[w].images = images[w];
  GateFigures gate{.accuracy = share_of(answers.correct), .batches = {}, .cost = {}};
  const nn::SlimTraffic traffic = nn::slim_traffic(*study.network, study.chooser.get());
  for (const std::size_t size : {1u, 4u, 16u, 64u})
    gate.batches.push_back({size, nn::mean_traffic(traffic, answers.widths, size) / bits_per_byte});
  gate.bytes = gate.batches.front().bytes;
  add_means(study, gate);
  add_random(correct, study, answers, gate);
  study.gate = std::move(gate);
}

/// The network of the gate's mean traffic, from the same float weights, by the same recipe and as
/// many epochs.
void add_static(const SlimBench& bench, SlimStudy& study) {
  const double bits = bits_per_byte * (study.gate->bytes - study.gate_bytes);
  const Workbench::GraphPtr model = bench.workbench.graph(bench.card);
  const StaticWidth found = static_width(bench.card, *model, bench.slim, bits);
  nn::Network network(found.scaled.graph, bench.card.network.weights, bench.card.seed,
                      nn::InitialWeights::none);
  nn::copy_slices(*bench.workbench.teacher(bench.card)->network, found.scaled.kept, network);
  nn::train(network, bench.data, {bench.card.training.student, bench.card.seed},
            {.progress = &bench.progress});
  if (bench.progress.cancelled())
    throw Failure("interrupted while the static network was trained (nothing of it is kept)");
  StaticFigures fixed{.width = found.width,
                      .accuracy = digital_accuracy(network, bench.data.test),
                      .bytes = static_cast<double>(nn::network_bits(network)) / bits_per_byte};
  for (const nn::WeightLayer& layer : network.weight_layers())
    fixed.macs += static_cast<double>(layer.shape.macs());
  study.fixed = fixed;
}

}  // namespace

SlimStudy study_slim(const Experiment& card, Workbench& workbench, ProgressSink& progress) {
  require(card.slimmable.has_value(),
          "the card has no section `slimmable` (such as `slimmable: {{widths: [0.25, 0.5, 0.75, "
          "1]}}`)");
  const nn::SlimCard& slim = *card.slimmable;
  require_classes(card, "a slimmable network");
  const Workbench::GraphPtr model = workbench.graph(card);
  SlimStudy study;
  study.network =
      std::make_unique<nn::SlimmableNetwork>(*model, card.network.weights, slim, card.seed);
  const Workbench::DatasetPtr data = workbench.dataset(card);
  const SlimBench bench{card, slim, workbench, *data, progress};
  study.chooser = chooser_of(bench, *study.network);
  const bool gates = study.chooser && (slim.file.empty() || slim.gate->retrain);
  if (slim.file.empty())
    train_widths(bench, study);
  else
    nn::load_slim(slim.file, *study.network, gates ? nullptr : study.chooser.get());
  if (gates) train_chooser(bench, study);
  const std::vector<std::vector<bool>> correct = nn::evaluate_widths(*study.network, data->test);
  add_widths(bench, study, correct);
  if (study.chooser) add_gate(bench, study, correct);
  if (study.chooser && slim.static_control) add_static(bench, study);
  return study;
}

}  // namespace lightloom::experiments
