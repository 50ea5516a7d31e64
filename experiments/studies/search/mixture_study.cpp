#include "experiments/studies/search/mixture_study.hpp"

#include <algorithm>
#include <set>

#include "core/cards/content_text.hpp"
#include "core/error.hpp"
#include "experiments/studies/accuracy/image_use.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "experiments/studies/search/mixture_controls.hpp"

namespace lightloom::experiments {
namespace {

/// What a network begins with and is judged by.
struct Bench {
  const Experiment& card;
  const MixtureCosts& costs;
  const nn::Dataset& data;
  nn::Network& teacher;
  ProgressSink& progress;
};

/// A trained network and what it is.
struct Trained {
  std::unique_ptr<nn::Network> network;
  MixtureNetwork about;
};

/// Bytes as the trained sources count them themselves.
double stored_bytes(const nn::Network& network) {
  std::int64_t bits = 0;
  for (const nn::WeightLayer& layer : network.weight_layers())
    bits += nn::bits_of(layer.source->streams());
  return static_cast<double>(bits) / 8;
}

/// Trains a network on a choice of candidates from the weights of `from`; test accuracy stays open.
Trained trained_choice(const Bench& bench, nn::Network& from, const LayerNumbers& chosen,
                       int epochs) {
  const nn::SourceCard weights = weights_of_choice(bench.card, bench.costs.layers(), chosen);
  Trained trained{.network = std::make_unique<nn::Network>(from.graph(), weights, bench.card.seed,
                                                           nn::InitialWeights::none),
                  .about = {.name = {}, .chosen = chosen, .epochs = epochs}};
  nn::copy_weights(from, *trained.network);
  nn::TrainCard recipe = bench.card.training.student;
  recipe.epochs = epochs;
  const nn::TrainResult result =
      nn::train(*trained.network, bench.data, {recipe, bench.card.seed},
                {.teacher = &bench.teacher, .progress = &bench.progress});
  if (bench.progress.cancelled()) throw Failure("interrupted during the search");
  trained.about.table = bench.costs.by_table(chosen);
  trained.about.whole = bench.costs.of_whole(weights);
  trained.about.whole[0] = stored_bytes(*trained.network);
  trained.about.validation_accuracy =
      result.epochs[static_cast<std::size_t>(result.best_epoch)].validation_accuracy;
  return trained;
}

MixtureNetwork reported(const Bench& bench, Trained& trained, std::string name) {
  trained.about.name = std::move(name);
  trained.about.accuracy = digital_accuracy(*trained.network, bench.data.test);
  return trained.about;
}

/// The candidate in every layer that it serves; elsewhere the warm-up's, or else the first.
LayerNumbers uniform_choice(const Bench& bench, std::size_t candidate) {
  LayerNumbers chosen;
  for (const LayerNumbers& serving : bench.costs.serving()) {
    const auto serves = [&](std::size_t c) {
      return std::ranges::find(serving, c) != serving.end();
    };
    const std::size_t warm = bench.card.search->warm;
    chosen.push_back(serves(candidate) ? candidate : serves(warm) ? warm : serving.front());
  }
  return chosen;
}

void add_uniforms(const Bench& bench, std::vector<MixtureNetwork>& networks) {
  const nn::MixtureCard& search = *bench.card.search;
  for (std::size_t c = 0; c < search.candidates.size(); ++c) {
    Trained one = trained_choice(bench, bench.teacher, uniform_choice(bench, c), search.budget());
    networks.push_back(reported(bench, one, "uniform " + search.candidates[c].label));
  }
}

/// As many random networks as the search's epochs pay for fine-tunings; validation images choose.
void add_random(const Bench& bench, std::vector<MixtureNetwork>& networks) {
  const nn::MixtureCard& search = *bench.card.search;
  const int count = std::max(1, search.budget() / search.fine_tune);
  Trained best;
  int epochs = 0;
  for (const LayerNumbers& chosen :
       random_choices(bench.card, bench.costs, static_cast<std::size_t>(count))) {
    Trained one = trained_choice(bench, bench.teacher, chosen, search.fine_tune);
    epochs += search.fine_tune;
    if (!best.network || one.about.validation_accuracy > best.about.validation_accuracy)
      best = std::move(one);
  }
  if (!best.network) return;
  best.about.epochs = epochs;
  networks.push_back(reported(bench, best, "random"));
}

void add_greedy(const Bench& bench, std::vector<MixtureNetwork>& networks) {
  const LayerNumbers chosen = least_harm_choice(bench.card, bench.costs, bench.teacher);
  if (chosen.empty()) return;
  Trained one = trained_choice(bench, bench.teacher, chosen, bench.card.search->budget());
  networks.push_back(reported(bench, one, "greedy"));
}

/// The float network on dense sources, with the student's quantisers of activations.
nn::Network dense_network(const Bench& bench) {
  const nn::SourceCard dense{.activations = bench.card.network.weights.activations};
  nn::Network network(bench.teacher.graph(), dense, bench.card.seed, nn::InitialWeights::none);
  nn::copy_weights(bench.teacher, network);
  return network;
}

/// An override of a layer by a candidate: its source and bits, and what else differs from the base.
Tree override_tree(const std::string& layer, const Tree& candidate, const Tree& base) {
  Tree tree = Tree::mapping();
  tree.at_or_add("layer") = Tree::of(layer);
  for (const auto& [key, value] : candidate.pairs) {
    if (key == "label" || key == "layers") continue;
    const Tree* as_base = base.find(key);
    const bool same = as_base != nullptr && content_text(*as_base) == content_text(value);
    if (key == "source" || key == "bits" || !same) tree.at_or_add(key) = value;
  }
  return tree;
}

/// The experiment with the sources found; it says what its test images chose.
Tree card_of(const Experiment& card, const MixtureStudy& study) {
  Tree tree = card.resolved;
  const Tree candidates = *tree.find("search")->find("candidates");
  Tree& weights = tree.at_or_add("weights");
  const Tree base = weights;
  Tree layers = Tree::list();
  for (std::size_t l = 0; l < study.layers.size(); ++l)
    layers.items.push_back(
        override_tree(study.layers[l], candidates.items[study.search.chosen[l]], base));
  weights.at_or_add("layers") = std::move(layers);
  Tree& chose = tree.at_or_add("images_chose");
  chose = Tree::list();
  for (const std::string& one : study.chose) chose.items.push_back(Tree::of(one));
  return tree;
}

}  // namespace

void check_mixture(const Experiment& card) {
  require(card.search.has_value(), "the card has no section `search`");
  require_classes(card, "a search");
  const nn::TrainCard& train = card.training.student;
  require(!train.noise_aware && !nn::has_errors(train.bit_errors),
          "a search trains digitally and without bit errors (leave out train.{})",
          train.noise_aware ? "noise_aware" : "bit_errors");
  require(card.network.weights_file.empty() && card.training.student_file.empty(),
          "a search begins with the float network (leave out {})",
          card.network.weights_file.empty() ? "train.file" : "weights.file");
}

MixtureStudy study_mixture(const Experiment& card, Workbench& workbench, ProgressSink& progress) {
  check_mixture(card);
  const Workbench::GraphPtr graph = workbench.graph(card);
  const MixtureCosts costs(card, *graph);
  const Workbench::DatasetPtr data = workbench.dataset(card);
  require(data->validation.size() > 0,
          "a search needs images to choose by (dataset.validation sets some aside)");
  const Workbench::NetworkPtr teacher = workbench.teacher(card);
  const Bench bench{card, costs, *data, *teacher->network, progress};
  const nn::MixtureCard& search = *card.search;

  MixtureStudy study{
      .serving = costs.serving(), .costs = costs.known(), .targets = costs.targets()};
  for (const nn::MixtureCandidate& one : search.candidates) study.candidates.push_back(one.label);
  for (const nn::LayerShape& shape : costs.layers()) study.layers.push_back(shape.name);
  study.float_accuracy = digital_accuracy(*teacher->network, data->test);
  nn::Network network = dense_network(bench);
  study.search = nn::search_mixture(network, {search, costs.serving(), costs.targets()},
                                    {.data = *data,
                                     .recipe = {card.training.student, card.seed},
                                     .teacher = teacher->network.get(),
                                     .progress = &progress});
  Trained found = trained_choice(bench, network, study.search.chosen, search.fine_tune);
  found.about.epochs = search.budget();
  study.networks.push_back(reported(bench, found, "searched"));
  study.searched = std::move(found.network);
  if (search.uniform) add_uniforms(bench, study.networks);
  if (search.random) add_random(bench, study.networks);
  if (search.greedy) add_greedy(bench, study.networks);
  study.chose = what_search_chose(card, workbench.shared_images(card), SearchBy::images);
  study.card = card_of(card, study);
  return study;
}

}  // namespace lightloom::experiments
