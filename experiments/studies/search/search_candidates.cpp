#include "experiments/studies/search/search_candidates.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/data/batch.hpp"
#include "nn/inference/inference.hpp"
#include "nn/ops/loss.hpp"
#include "nn/weights/multilevel/generators.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::size_t batch = 128;
constexpr std::size_t most_training_images = 2048;  // to judge by when none are set aside

Tree bits_tree(const nn::FactorBits& bits) {
  Tree tree = Tree::mapping();
  tree.at_or_add("basis") = Tree::of(std::to_string(bits.basis));
  tree.at_or_add("intra") = Tree::of(std::to_string(bits.intra));
  tree.at_or_add("cross") = Tree::of(std::to_string(bits.cross));
  return tree;
}

void write_setting(const nn::SourceCard& card, Tree& section) {
  const auto& own = card.settings.of<nn::MultilevelCard>();
  section.at_or_add("intra") = Tree::of(std::to_string(own.intra));
  section.at_or_add("cross") = Tree::of(std::to_string(own.cross));
  section.at_or_add("cross_share") = Tree::of(number_text(own.cross_share));
  section.at_or_add("bits") = bits_tree(own.bits);
}

/// A section `weights.layers` for overrides of multi-level settings.
Tree layers_tree(const nn::SourceCard& card) {
  Tree list = Tree::list();
  for (const nn::LayerOverride& layer : card.layers) {
    Tree one = Tree::mapping();
    one.at_or_add("layer") = Tree::of(layer.layer);
    if (layer.card.source == nn::multilevel_kind) write_setting(layer.card, one);
    list.items.push_back(std::move(one));
  }
  return list;
}

double divergence(nn::Network& teacher, nn::Network& student, const nn::Dataset& data) {
  const bool aside = data.validation.size() > 0;
  const nn::ImageSet& set = aside ? data.validation : data.train;
  const std::size_t count = aside ? set.size() : std::min(set.size(), most_training_images);
  nn::Inference wanted(teacher), made(student);
  nn::Tensor unused;
  double sum = 0;
  nn::for_each_batch(set, {0, count}, batch, [&](const nn::Batch& one, std::size_t) {
    const nn::Tensor& answers = wanted.forward(one.images);
    sum += nn::distillation(made.forward(one.images), {answers, one.labels},
                            {.temperature = 1, .beta = 1}, unused) *
           static_cast<double>(one.labels.size());
  });
  return sum / static_cast<double>(count);
}

}  // namespace

Tree card_with(const Tree& resolved, const nn::SourceCard& weights) {
  Tree card = resolved;
  Tree& section = card.at_or_add("weights");
  if (weights.layers.empty())
    write_setting(weights, section);
  else
    section.at_or_add("layers") = layers_tree(weights);
  return card;
}

std::string setting_text(const nn::SourceCard& card) {
  if (card.source != nn::multilevel_kind) return card.source;
  const auto& own = card.settings.of<nn::MultilevelCard>();
  const nn::FactorBits& bits = own.bits;
  const std::string cross =
      own.cross_share > 0 ? fmt::format("{:g} Co", own.cross_share) : fmt::format("{}", own.cross);
  return fmt::format("({}, {}; {}, {}, {})", own.intra, cross, bits.basis, bits.intra, bits.cross);
}

std::vector<Candidate> candidates_of(const Tree& resolved, const std::vector<SearchStudy>& studies,
                                     const std::vector<std::string>& harms) {
  std::vector<Candidate> all;
  const auto add = [&](std::string name, const Found& found) {
    Tree card = card_with(resolved, found.card);
    const std::string text = to_yaml(card);
    for (const Candidate& other : all)
      if (to_yaml(other.card) == text) return;
    all.push_back({.name = std::move(name), .found = found, .card = std::move(card)});
  };
  for (std::size_t s = 0; s < studies.size(); ++s)
    add("per layer, " + harms[s], studies[s].searched);
  for (const Found& found : studies.front().uniforms)
    add("uniform " + setting_text(found.card), found);
  return all;
}

nn::CalibrationLoss calibration_loss(const nn::Dataset& data, std::size_t images) {
  const nn::ImageSet& set = data.validation.size() > 0 ? data.validation : data.train;
  const std::size_t count = std::min(images, set.size());
  return [&set, count](nn::Network& network) {
    nn::Inference inference(network);
    nn::Tensor unused;
    double sum = 0;
    nn::for_each_batch(set, {0, count}, batch, [&](const nn::Batch& one, std::size_t) {
      sum += nn::cross_entropy(inference.forward(one.images), one.labels, unused) *
             static_cast<double>(one.labels.size());
    });
    return sum / static_cast<double>(count);
  };
}

double trained_accuracy(const Tree& card, Workbench& workbench) {
  Experiment own = read_experiment(card);
  require_classes(own, "a search");
  own.chips = 0;
  own.seeds = 1;
  own.measures = {.accuracy = true, .cost = false};
  return run_experiment(own, workbench).accuracy->source;
}

nn::LayerHarm harm_by(const std::string& kind, const NetworkCard& card, nn::Network& trained,
                      const nn::CalibrationLoss& loss) {
  if (kind == "trained") return nn::trained_harm(trained);
  if (kind == "relative") return nn::relative_harm(trained);
  return {.sensitivities = nn::layer_sensitivities(trained, card.weights, loss)};
}

std::size_t train_candidates(std::vector<Candidate>& candidates, Workbench& workbench) {
  std::size_t best = 0;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    const Experiment card = read_experiment(candidates[c].card);
    candidates[c].divergence =
        divergence(*workbench.teacher(card)->network, *workbench.student(card)->network,
                   *workbench.dataset(card));
    if (candidates[c].divergence < candidates[best].divergence) best = c;
  }
  return best;
}

}  // namespace lightloom::experiments
