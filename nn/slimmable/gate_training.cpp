#include "nn/slimmable/gate_training.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/data/batch.hpp"
#include "nn/slimmable/gated_inference.hpp"

namespace lightloom::nn {
namespace {

std::vector<double> softmax_of(std::span<const double> logits, double temperature) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> shares;
  double sum = 0;
  for (const double logit : logits) {
    shares.push_back(std::exp((logit - largest) / temperature));
    sum += shares.back();
  }
  for (double& share : shares) share /= sum;
  return shares;
}

/// One image's choice: the soft-max, and the largest of it.
struct Choice {
  std::vector<double> soft;
  std::size_t hard = 0;
};

Choice choice_of(std::span<const double> logits, std::span<const double> noise,
                 double temperature) {
  std::vector<double> noisy(logits.begin(), logits.end());
  for (std::size_t k = 0; k < noise.size(); ++k) noisy[k] += noise[k];
  Choice choice{.soft = softmax_of(noisy, temperature)};
  choice.hard =
      static_cast<std::size_t>(std::max_element(noisy.begin(), noisy.end()) - noisy.begin());
  return choice;
}

std::span<const float> logits_of(const GateExamples& examples, std::size_t choice,
                                 std::uint32_t image) {
  return std::span(examples.logits[choice]).subspan(image * examples.classes, examples.classes);
}

/// The cross-entropy of the network that was chosen, and its gradient in the choice.
double task_loss(const GateExamples& examples, std::uint32_t image, std::size_t hard,
                 std::vector<double>& d_choice) {
  const std::span<const float> chosen = logits_of(examples, hard, image);
  std::vector<double> d = softmax_of(std::vector<double>(chosen.begin(), chosen.end()), 1);
  const auto label = static_cast<std::size_t>(examples.labels[image]);
  const double loss = -std::log(std::max(d[label], 1e-300));
  d[label] -= 1;
  for (std::size_t k = 0; k < d_choice.size(); ++k) {
    const std::span<const float> own = logits_of(examples, k, image);
    for (std::size_t c = 0; c < own.size(); ++c) d_choice[k] += d[c] * own[c];
  }
  return loss;
}

bool is_right(const GateExamples& examples, std::size_t choice, std::uint32_t image) {
  const std::span<const float> own = logits_of(examples, choice, image);
  return std::max_element(own.begin(), own.end()) - own.begin() == examples.labels[image];
}

}  // namespace

double macs_of(const SlimmableNetwork& slim, std::size_t width, const WidthGate* gate) {
  double macs = 0;
  for (const WeightLayer& layer : slim.network(width).weight_layers())
    macs += static_cast<double>(layer.shape.macs());
  if (gate == nullptr) return macs;
  const WidthGate::Sizes& sizes = gate->sizes();
  return macs + static_cast<double>(sizes.hidden) * (sizes.channels + sizes.choices);
}

GateExamples gate_examples(SlimmableNetwork& slim, const ImageSet& set, int choices) {
  SlimInference inference(slim);
  GateExamples examples;
  examples.logits.resize(static_cast<std::size_t>(choices));
  constexpr std::size_t at_once = 250;
  for_each_batch(set, {0, set.size()}, at_once, [&](const Batch& one, std::size_t) {
    const Tensor& behind = inference.trunk(one.images);
    const std::vector<float> features = pooled(behind);
    examples.features.insert(examples.features.end(), features.begin(), features.end());
    examples.labels.insert(examples.labels.end(), one.labels.begin(), one.labels.end());
    for (std::size_t w = 0; w < examples.logits.size(); ++w) {
      const std::span<const float> logits = inference.rest(w, behind).values();
      examples.logits[w].insert(examples.logits[w].end(), logits.begin(), logits.end());
    }
  });
  examples.classes = examples.logits.front().size() / std::max<std::size_t>(1, set.size());
  for (std::size_t w = 0; w < examples.logits.size(); ++w)
    examples.macs.push_back(macs_of(slim, w, nullptr));
  return examples;
}

std::vector<std::size_t> gate_targets(const GateExamples& examples) {
  std::vector<std::size_t> targets;
  for (std::uint32_t image = 0; image < examples.labels.size(); ++image)
    targets.push_back(is_right(examples, 0, image) ? 0 : examples.logits.size() - 1);
  return targets;
}

double gate_loss(const GateCard& card, const GateBatch& batch, const std::vector<double>& logits,
                 std::vector<double>& d_logits) {
  const GateExamples& examples = batch.examples;
  const std::size_t choices = examples.logits.size(), images = batch.images.size();
  const double share = 1.0 / static_cast<double>(images);
  d_logits.assign(logits.size(), 0.0);
  std::vector<Choice> drawn;
  double loss = 0, macs = 0;
  for (std::size_t i = 0; i < images; ++i) {
    const auto row = std::span(logits).subspan(i * choices, choices);
    const auto noise = batch.noise.empty() ? std::span<const double>()
                                           : std::span(batch.noise).subspan(i * choices, choices);
    drawn.push_back(choice_of(row, noise, card.temperature));
    macs += share * examples.macs[drawn.back().hard];
    const std::vector<double> plain = softmax_of(row, 1);
    const std::size_t target = is_right(examples, 0, batch.images[i]) ? 0 : choices - 1;
    loss -= share * card.target_weight * std::log(std::max(plain[target], 1e-300));
    for (std::size_t k = 0; k < choices; ++k)
      d_logits[i * choices + k] +=
          share * card.target_weight * (plain[k] - (k == target ? 1.0 : 0.0));
  }
  const double over = std::max(0.0, macs - card.cost_target_macs) / card.cost_unit_macs;
  loss += card.cost_weight * over * over;
  for (std::size_t i = 0; i < images; ++i) {
    std::vector<double> d_choice(choices, 0.0);
    loss += share * task_loss(examples, batch.images[i], drawn[i].hard, d_choice);
    double mean = 0;
    for (std::size_t k = 0; k < choices; ++k) {
      d_choice[k] += 2 * card.cost_weight * over / card.cost_unit_macs * examples.macs[k];
      mean += drawn[i].soft[k] * d_choice[k];
    }
    for (std::size_t k = 0; k < choices; ++k)
      d_logits[i * choices + k] +=
          share * drawn[i].soft[k] * (d_choice[k] - mean) / card.temperature;
  }
  return loss;
}

namespace {

/// The features of a batch, one image after the other.
std::vector<float> features_of(const GateExamples& examples,
                               const std::vector<std::uint32_t>& images) {
  const std::size_t channels = examples.features.size() / examples.labels.size();
  std::vector<float> features;
  for (const std::uint32_t image : images) {
    const auto own = std::span(examples.features).subspan(image * channels, channels);
    features.insert(features.end(), own.begin(), own.end());
  }
  return features;
}

/// -log(-log u), by image and choice, anew in every epoch.
std::vector<double> gumbel(const Stream& stream, const std::vector<std::uint32_t>& images,
                           std::size_t choices, int epoch) {
  std::vector<double> noise;
  for (const std::uint32_t image : images)
    for (std::size_t k = 0; k < choices; ++k)
      noise.push_back(-std::log(
          -std::log(stream.uniform(image * choices + k, static_cast<std::uint64_t>(epoch)))));
  return noise;
}

}  // namespace

std::vector<double> train_gate(WidthGate& gate, const GateExamples& examples,
                               const SeededGate& recipe, ProgressSink& progress) {
  const GateCard& card = recipe.card;
  Optimizer optimizer(card.optimizer, gate.parameters());
  const Stream noise(address_of(family::gate_noise, recipe.seed)),
      shuffle(address_of(family::gate_images, recipe.seed));
  std::vector<std::uint32_t> order(examples.labels.size());
  const auto batch = static_cast<std::size_t>(card.batch);
  const auto steps = static_cast<std::int64_t>((order.size() + batch - 1) / batch);
  Progress bar(progress, "train gate", static_cast<std::int64_t>(order.size()) * card.epochs,
               "images");
  std::vector<double> losses, d_logits;
  std::int64_t step = 0;
  for (int epoch = 0; epoch < card.epochs; ++epoch) {
    fill_permutation(shuffle, static_cast<std::uint64_t>(epoch), order);
    losses.push_back(0);
    for (std::size_t first = 0; first < order.size(); first += batch, ++step) {
      if (progress.cancelled())
        throw Failure("interrupted while the gate was trained (nothing of it is kept)");
      const std::size_t last = std::min(order.size(), first + batch);
      GateBatch one{examples,
                    {order.begin() + static_cast<std::ptrdiff_t>(first),
                     order.begin() + static_cast<std::ptrdiff_t>(last)},
                    {}};
      one.noise = gumbel(noise, one.images, examples.logits.size(), epoch);
      const std::vector<float> features = features_of(examples, one.images);
      const std::vector<double> logits = gate.logits(features);
      losses.back() += gate_loss(card, one, logits, d_logits) * static_cast<double>(last - first) /
                       static_cast<double>(order.size());
      gate.backward(features, d_logits);
      optimizer.step(rate_at(card.schedule, {step, steps, card.epochs}));
      bar.advance(static_cast<std::int64_t>(last - first));
    }
    if (!std::isfinite(losses.back()))
      throw Failure(
          "the training of the gate diverged: its losses are no longer numbers (a lower "
          "slimmable.gate.rate may help)");
  }
  return losses;
}

}  // namespace lightloom::nn
