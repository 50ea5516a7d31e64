#include "nn/mixture/mixture_search.hpp"

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "nn/mixture/mixed_source.hpp"
#include "nn/train/trainer.hpp"

namespace lightloom::nn {
namespace {

TrainCard search_recipe(const TrainCard& given, const MixtureCard& card) {
  require(!given.noise_aware && !has_errors(given.bit_errors),
          "a search trains digitally and without bit errors (leave out train.{})",
          given.noise_aware ? "noise_aware" : "bit_errors");
  TrainCard recipe = given;
  recipe.epochs = card.warm_up + card.epochs;
  recipe.average = 0;  // shares have no averages
  recipe.swa = {};
  return recipe;
}

/// A network on mixtures for as long as it is searched.
class MixedNetwork {
 public:
  MixedNetwork(Network& network, const MixturePlan& plan)
      : network_(network),
        state_{.card = plan.card,
               .hinges = CostHinges(plan.costs, plan.card),
               .temperature = plan.card.temperature,
               .shares = {}} {
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l)
      mix(network.weight_layers()[l], static_cast<std::uint32_t>(l), plan.serving[l]);
  }

  [[nodiscard]] MixtureState& state() { return state_; }
  [[nodiscard]] const CostHinges& hinges() const { return state_.hinges; }

  [[nodiscard]] Shares shares() const {
    Shares all;
    for (const MixedSource* source : sources_) all.push_back(source->shares());
    return all;
  }
  /// 1 for the largest share of each layer.
  [[nodiscard]] Shares chosen_shares() const {
    Shares all;
    for (const MixedSource* source : sources_) {
      all.emplace_back(source->alpha().value.size(), 0.0);
      all.back()[source->chosen()] = 1;
    }
    return all;
  }
  [[nodiscard]] std::vector<std::size_t> chosen() const {
    std::vector<std::size_t> all;
    for (const MixedSource* source : sources_) all.push_back(source->chosen_number());
    return all;
  }
  [[nodiscard]] std::vector<std::vector<float>> alphas() const {
    std::vector<std::vector<float>> all;
    for (const MixedSource* source : sources_) all.push_back(source->alpha().value);
    return all;
  }

  /// Puts the master weights into dense sources.
  void dissolve() {
    for (std::size_t l = 0; l < sources_.size(); ++l) {
      WeightLayer& layer = network_.weight_layers()[l];
      auto dense = make_source({}, layer.shape);
      dense->encode(sources_[l]->master());
      layer.source = std::move(dense);
    }
  }

 private:
  void mix(WeightLayer& layer, std::uint32_t number, const std::vector<std::size_t>& serving) {
    std::vector<MixedSource::Candidate> candidates;
    for (const std::size_t c : serving)
      candidates.push_back({c, make_source(state_.card.candidates[c].weights, layer.shape)});
    auto mixed = std::make_unique<MixedSource>(layer.shape, number, std::move(candidates), state_);
    mixed->encode(dense_weight(layer));
    sources_.push_back(mixed.get());
    layer.source = std::move(mixed);
  }

  Network& network_;
  MixtureState state_;
  std::vector<MixedSource*> sources_;
};

double accuracy(Trainer& trainer) {
  Weights unused;
  return trainer.validate(std::numeric_limits<double>::infinity(), unused);
}

/// Geometrically from the first epoch's to the last one's.
double temperature_at(const MixtureCard& card, int epoch) {
  if (card.epochs == 1) return card.temperature;
  return card.temperature *
         std::pow(card.final_temperature / card.temperature, epoch / (card.epochs - 1.0));
}

MixtureEpoch measure(MixedNetwork& mixed, Trainer& trainer) {
  MixtureEpoch epoch{.temperature = mixed.state().temperature,
                     .alphas = mixed.alphas(),
                     .strengths = mixed.hinges().strengths(mixed.state().epoch),
                     .mixed_costs = mixed.hinges().costs(mixed.shares()),
                     .chosen_costs = mixed.hinges().costs(mixed.chosen_shares())};
  epoch.mixed_accuracy = accuracy(trainer);
  mixed.state().phase = MixturePhase::chosen;
  epoch.chosen_accuracy = accuracy(trainer);
  mixed.state().phase = MixturePhase::search;
  return epoch;
}

void require_going_on(const ProgressSink& sink, double loss) {
  if (sink.cancelled()) throw Failure("interrupted during the search (nothing of it is kept)");
  if (!std::isfinite(loss))
    throw Failure(
        "the search diverged: its losses are no longer numbers (a lower train.rate, or "
        "train.clip, may help)");
}

}  // namespace

MixtureResult search_mixture(Network& network, const MixturePlan& plan,
                             const MixtureTraining& training) {
  const MixtureCard& card = plan.card;
  require(training.data.validation.size() > 0,
          "a search needs images to choose by (dataset.validation sets some aside)");
  const TrainCard recipe = search_recipe(training.recipe.card, card);
  MixedNetwork mixed(network, plan);
  MixtureState& state = mixed.state();
  ProgressSink& sink = *training.progress;
  Trainer trainer(network, training.data, {recipe, training.recipe.seed},
                  {.teacher = training.teacher, .progress = &sink});
  const auto images = static_cast<std::int64_t>(training.data.train.size());
  Progress progress(sink, "search " + network.graph().name, images * recipe.epochs, "images");

  MixtureResult result{.start_costs = mixed.hinges().costs(mixed.shares())};
  for (int e = 0; e < card.warm_up; ++e) {
    result.warm_loss = trainer.epoch(e, progress).loss;
    require_going_on(sink, result.warm_loss);
  }
  state.hinges.start(result.warm_loss, mixed.shares());
  result.strengths = mixed.hinges().full_strengths();
  state.phase = MixturePhase::search;
  for (state.epoch = 0; state.epoch < card.epochs; ++state.epoch) {
    state.temperature = temperature_at(card, state.epoch);
    const double loss = trainer.epoch(card.warm_up + state.epoch, progress).loss;
    require_going_on(sink, loss);
    result.epochs.push_back(measure(mixed, trainer));
    result.epochs.back().loss = loss;
    progress.advance(0, fmt::format("epoch {}/{}, loss {:.3f}, mixture {:.2f} %, chosen {:.2f} %",
                                    state.epoch + 1, card.epochs, loss,
                                    100 * result.epochs.back().mixed_accuracy,
                                    100 * result.epochs.back().chosen_accuracy));
  }
  result.chosen = mixed.chosen();
  mixed.dissolve();
  return result;
}

}  // namespace lightloom::nn
