#include "cosim/verify/weight_scores.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "cosim/analog/layer_on_core.hpp"
#include "nn/data/batch.hpp"
#include "nn/ops/loss.hpp"
#include "nn/train/frozen_copy.hpp"
#include "nn/train/training_pass.hpp"

namespace lightloom::cosim {
namespace {

// Pilot chips are numbered from here: never one of those that are evaluated or trained through.
constexpr std::uint32_t pilot_chip = 1u << 30;
constexpr std::size_t batch_images = 32;
// Beside what Purpose::resampling draws for intervals, which has no layer.
constexpr Family score_labels{Purpose::resampling, 1};      // classes that a network says
constexpr Family random_scores_of{Purpose::resampling, 2};  // a ranking of weights by nothing

std::size_t tile_size(const photonic::CoreDescription& core) {
  return static_cast<std::size_t>(core.rows) * static_cast<std::size_t>(core.columns);
}

/// A class drawn from the softmax of logits.
int drawn_class(std::span<const float> logits, double uniform) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double{logit} - largest);
  double left = uniform * sum;
  for (std::size_t k = 0; k + 1 < logits.size(); ++k) {
    left -= std::exp(double{logits[k]} - largest);
    if (left < 0) return static_cast<int>(k);
  }
  return static_cast<int>(logits.size()) - 1;
}

std::vector<int> drawn_classes(const nn::Tensor& logits, const Stream& stream, std::size_t first) {
  const auto classes = static_cast<std::size_t>(logits.shape().channels);
  std::vector<int> drawn;
  for (int i = 0; i < logits.shape().images; ++i) {
    const auto k = static_cast<std::size_t>(i);
    drawn.push_back(
        drawn_class(logits.values().subspan(k * classes, classes), stream.uniform(first + k)));
  }
  return drawn;
}

/// Squared errors of a layer's weights on one pilot chip, added to `sum` (tiles, rows, columns).
void add_pilot(const ChipCore& chip, std::span<const float> weights, LayerOnCore& placed,
               std::vector<float>& sum) {
  const LayerTargets targets = layer_targets(placed, chip, weights, 0);
  const photonic::CoreDescription& card = chip.card();
  const std::size_t size = tile_size(card), columns = static_cast<std::size_t>(card.columns),
                    slices = static_cast<std::size_t>(card.slices);
  std::vector<float> realised(targets.weights.size() * slices),
      scales(static_cast<std::size_t>(placed.mapping.tiles) * slices), variance, light;
  if (card.noisy_cells) {
    variance.resize(realised.size());
    light.resize(realised.size());
  }
  chip.core.realise_slices({targets.weights, targets.address, realised, scales, targets.used},
                           {variance, light});
  sum.resize(targets.weights.size(), 0.0F);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    float error = -targets.weights[i];
    for (std::size_t s = 0; s < slices; ++s)
      error += realised[(i / size * slices + s) * size + i % size];
    if (!placed.row_scales.empty()) error *= placed.row_scales[i / columns];
    sum[i] += error * error;
  }
}

/// Chips that tell what errors to expect.
struct Pilots {
  const photonic::TensorCore& core;
  const VerifyCard& card;
  std::uint64_t seed;
};

/// Squared errors to expect of the weights of layer `number`; with SWIM all of the layer alike.
std::vector<float> expected_errors(const Pilots& pilots, nn::WeightLayer& layer,
                                   std::size_t number) {
  const auto& [core, card, seed] = pilots;
  LayerOnCore placed;
  placed.shape = layer.shape;
  placed.number = static_cast<std::uint32_t>(number);
  const std::vector<float> weights = nn::dense_weight(layer);
  std::vector<float> errors;
  for (int pilot = 0; pilot < card.pilots; ++pilot)
    add_pilot({core, seed, pilot_chip + static_cast<std::uint32_t>(pilot)}, weights, placed,
              errors);
  if (card.score == WeightScore::per_device) return errors;
  double sum = 0;
  for (const float error : errors) sum += error;
  std::fill(errors.begin(), errors.end(), static_cast<float>(sum));
  return errors;
}

std::vector<float> random_scores(std::size_t count, std::uint64_t seed, std::size_t layer) {
  const Stream stream(address_of(random_scores_of, seed, static_cast<std::uint32_t>(layer)));
  std::vector<float> scores(count);
  for (std::size_t i = 0; i < count; ++i) scores[i] = static_cast<float>(stream.uniform(i));
  return scores;
}

/// A weight or a tile and its score.
struct RankedPlace {
  float score;
  std::uint32_t layer;
  std::uint32_t at;  // weight of the layer's tiles, or tile
};
bool before(const RankedPlace& a, const RankedPlace& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.layer != b.layer ? a.layer < b.layer : a.at < b.at;
}

std::vector<RankedPlace> places_of(const WeightScores& scores, std::size_t size) {
  std::vector<RankedPlace> places;
  for (std::size_t l = 0; l < scores.size(); ++l)
    for (std::size_t first = 0; first < scores[l].size(); first += size) {
      float sum = size == 1 ? scores[l][first] : 0.0F;
      for (std::size_t i = first; size > 1 && i < first + size; ++i)
        sum += std::max(0.0F, scores[l][i]);
      if (sum >= 0)
        places.push_back(
            {sum, static_cast<std::uint32_t>(l), static_cast<std::uint32_t>(first / size)});
    }
  std::sort(places.begin(), places.end(), before);
  return places;
}

}  // namespace

void describe(Section& section, VerifyCard& card) {
  section.value("shares", card.shares, {.low = 0, .high = 1, .open_low = true});
  section.choice("score", card.score,
                 {{"second_derivative", WeightScore::second_derivative},
                  {"per_device", WeightScore::per_device},
                  {"magnitude", WeightScore::magnitude},
                  {"random", WeightScore::random}});
  section.value("tolerance", card.tolerance, fraction);
  section.value("pulses", card.pulses, {.low = 1, .high = 10000});
  section.default_from("pulses", "[from memory, unverified] about 10 a verified device");
  section.value("pilots", card.pilots, {.low = 1, .high = 1000});
  section.value("images", card.images, {.low = 1, .high = 1 << 30});
}

std::vector<std::vector<float>> second_derivatives(nn::Network& network, const ScoredImages& images,
                                                   int count) {
  nn::Network frozen = nn::frozen_copy(network);
  nn::TrainingPass pass(frozen, images.seed);
  const std::size_t all = std::min(images.set.size(), static_cast<std::size_t>(count));
  const Stream labels(address_of(score_labels, images.seed));
  std::vector<std::vector<float>> sums;
  for (nn::WeightLayer& layer : frozen.weight_layers())
    sums.emplace_back(static_cast<std::size_t>(layer.shape.weights()), 0.0F);
  nn::Tensor d_logits;
  nn::for_each_batch(
      images.set, {0, all}, batch_images, [&](const nn::Batch& batch, std::size_t first) {
        for (nn::Parameter* parameter : frozen.parameters())
          std::fill(parameter->gradient.begin(), parameter->gradient.end(), 0.0F);
        const nn::Tensor& logits = pass.forward(batch.images, {});
        d_logits.resize(logits.shape());
        nn::cross_entropy(logits, drawn_classes(logits, labels, first), d_logits);
        pass.backward(d_logits);
        const auto size = static_cast<float>(batch.images.shape().images);
        for (std::size_t l = 0; l < sums.size(); ++l) {
          const auto& gradient = frozen.weight_layers()[l].source->parameters().front()->gradient;
          for (std::size_t i = 0; i < gradient.size(); ++i)
            sums[l][i] += size * size * gradient[i] * gradient[i];
        }
      });
  return sums;
}

WeightScores score_weights(nn::Network& network, const photonic::TensorCore& core,
                           const VerifyCard& card, const ScoredImages& images) {
  const bool curved =
      card.score == WeightScore::second_derivative || card.score == WeightScore::per_device;
  const auto derivatives =
      curved ? second_derivatives(network, images, card.images) : std::vector<std::vector<float>>{};
  WeightScores all;
  for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
    nn::WeightLayer& layer = network.weight_layers()[l];
    const LayerMapping mapping =
        map_layer(layer.shape, {core.description().rows, core.description().columns});
    const std::vector<float> ones(static_cast<std::size_t>(layer.shape.weights()), 1.0F);
    const std::vector<float> used = gather_tiles(layer.shape, mapping, ones);
    std::vector<float> scores;
    if (curved) {
      scores = gather_tiles(layer.shape, mapping, derivatives[l]);
      const std::vector<float> errors = expected_errors({core, card, images.seed}, layer, l);
      for (std::size_t i = 0; i < scores.size(); ++i) scores[i] *= errors[i];
    } else if (card.score == WeightScore::magnitude) {
      scores = gather_tiles(layer.shape, mapping, nn::dense_weight(layer));
      for (float& score : scores) score = std::fabs(score);
    } else {
      scores = random_scores(used.size(), images.seed, l);
    }
    for (std::size_t i = 0; i < scores.size(); ++i)
      if (used[i] == 0) scores[i] = -1;
    all.push_back(std::move(scores));
  }
  return all;
}

VerifiedWeights choose_weights(const WeightScores& scores, const photonic::CoreDescription& core,
                               double share) {
  const std::size_t size = verifies_tiles(core) ? tile_size(core) : 1;
  VerifiedWeights verified;
  std::int64_t all = 0;
  for (const std::vector<float>& layer : scores) {
    verified.chosen.emplace_back(layer.size(), std::uint8_t{0});
    all += std::count_if(layer.begin(), layer.end(), [](float score) { return score >= 0; });
  }
  const auto most = static_cast<std::int64_t>(std::llround(share * static_cast<double>(all)));
  for (const RankedPlace& place : places_of(scores, size)) {
    const std::vector<float>& layer = scores[place.layer];
    const auto first = layer.begin() + static_cast<std::ptrdiff_t>(place.at * size);
    const auto here = std::count_if(first, first + static_cast<std::ptrdiff_t>(size),
                                    [](float score) { return score >= 0; });
    if (verified.count + here > most) break;
    verified.count += here;
    for (std::size_t i = place.at * size; i < (place.at + 1) * size; ++i)
      verified.chosen[place.layer][i] = layer[i] >= 0 ? 1 : 0;
  }
  return verified;
}

}  // namespace lightloom::cosim
