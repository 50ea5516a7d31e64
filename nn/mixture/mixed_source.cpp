#include "nn/mixture/mixed_source.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

Parameter zeros(const char* name, std::size_t size, bool decay) {
  return {.name = name,
          .value = std::vector<float>(size),
          .gradient = std::vector<float>(size),
          .decay = decay};
}

}  // namespace

std::vector<double> mixture_shares(std::span<const float> alpha, std::span<const double> noise,
                                   double temperature) {
  std::vector<double> shares;
  for (std::size_t c = 0; c < alpha.size(); ++c)
    shares.push_back((alpha[c] + (noise.empty() ? 0 : noise[c])) / temperature);
  const double largest = *std::max_element(shares.begin(), shares.end());
  double sum = 0;
  for (double& share : shares) sum += share = std::exp(share - largest);
  for (double& share : shares) share /= sum;
  return shares;
}

std::vector<double> through_softmax(std::span<const double> shares,
                                    std::span<const double> d_shares, double temperature) {
  double mean = 0;
  for (std::size_t c = 0; c < shares.size(); ++c) mean += shares[c] * d_shares[c];
  std::vector<double> d_alpha;
  for (std::size_t c = 0; c < shares.size(); ++c)
    d_alpha.push_back(shares[c] * (d_shares[c] - mean) / temperature);
  return d_alpha;
}

MixedSource::MixedSource(const LayerShape& shape, std::uint32_t layer,
                         std::vector<Candidate> candidates, MixtureState& state)
    : layer_(layer),
      candidates_(std::move(candidates)),
      state_(state),
      fits_(candidates_.size()),
      master_(zeros("master", static_cast<std::size_t>(shape.weights()), true)),
      alpha_(zeros("alpha", candidates_.size(), false)),
      optimizer_({.kind = OptimizerKind::adam}, std::vector<Parameter*>{&alpha_}),
      d_share_(candidates_.size()) {
  assert(!candidates_.empty());
  for (Fit& fit : fits_) fit.weight.resize(master_.value.size());
  if (state_.shares.size() <= layer_) state_.shares.resize(layer_ + 1);
  state_.shares[layer_] = soft_ = cost_soft_ = shares();
}

std::vector<double> MixedSource::shares() const {
  return mixture_shares(alpha_.value, {}, state_.temperature);
}

std::size_t MixedSource::chosen() const {
  return static_cast<std::size_t>(std::max_element(alpha_.value.begin(), alpha_.value.end()) -
                                  alpha_.value.begin());
}

bool MixedSource::searches() const { return step_ && state_.phase == MixturePhase::search; }

/// The place of the warm-up's candidate; of the first one in layers that it does not serve.
std::size_t MixedSource::warm() const {
  for (std::size_t c = 0; c < candidates_.size(); ++c)
    if (candidates_[c].number == state_.card.warm) return c;
  return 0;
}

std::vector<double> MixedSource::one_of(std::size_t place) const {
  std::vector<double> shares(candidates_.size(), 0.0);
  shares[place] = 1;
  return shares;
}

/// Jang, Gu and Poole (ICLR 2017): noise -log(-log u), its own for every step, layer and candidate.
std::vector<double> MixedSource::drawn_shares() const {
  std::vector<double> noise;
  if (state_.card.noise) {
    const Stream stream(
        {.seed = step_->seed, .purpose = Purpose::gumbel_noise, .chip = 0, .layer = layer_});
    for (std::size_t c = 0; c < candidates_.size(); ++c)
      noise.push_back(-std::log(-std::log(stream.uniform(c, step_->step))));
  }
  return mixture_shares(alpha_.value, noise, state_.temperature);
}

/// The factor of every candidate's weight now.
std::vector<double> MixedSource::mix() {
  if (state_.phase == MixturePhase::warm_up) return one_of(warm());
  if (state_.phase == MixturePhase::chosen) return one_of(chosen());
  if (!step_) return shares();
  soft_ = drawn_shares();
  const auto largest = std::max_element(soft_.begin(), soft_.end()) - soft_.begin();
  const bool hard = state_.card.sample == MixtureSample::straight_through;
  std::vector<double> factors = hard ? one_of(static_cast<std::size_t>(largest)) : soft_;
  const bool drawn = state_.card.cost_shares == CostShares::drawn;
  cost_soft_ = drawn ? soft_ : shares();
  state_.shares[layer_] = drawn ? factors : cost_soft_;
  return factors;
}

/// Once in `refit` steps of training, and in evaluation where the master weight has moved.
void MixedSource::fit(std::size_t place) {
  Fit& fit = fits_[place];
  const std::int64_t step = step_ ? static_cast<std::int64_t>(step_->step) : fit.step;
  const bool due = step_ ? fit.step < 0 || step - fit.step >= state_.card.refit : fit.stale;
  if (!due) return;
  WeightSource& source = *candidates_[place].source;
  source.encode(master_.value);
  source.materialise(fit.weight);
  fit.stale = false;
  fit.step = step;
}

void MixedSource::materialise(std::span<float> dense) {
  const std::vector<double> factors = mix();
  std::fill(dense.begin(), dense.end(), 0.0f);
  for (std::size_t c = 0; c < factors.size(); ++c) {
    if (factors[c] == 0 && !searches()) continue;  // a search needs every candidate's gradient
    fit(c);
    const auto factor = static_cast<float>(factors[c]);
    const std::vector<float>& weight = fits_[c].weight;
    for (std::size_t i = 0; i < dense.size(); ++i) dense[i] += factor * weight[i];
  }
}

void MixedSource::backward(std::span<const float> d_dense) {
  for (std::size_t i = 0; i < d_dense.size(); ++i) master_.gradient[i] += d_dense[i];
  if (!searches()) return;
  for (std::size_t c = 0; c < candidates_.size(); ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < d_dense.size(); ++i) sum += double{d_dense[i]} * fits_[c].weight[i];
    d_share_[c] += sum;
  }
}

/// Every layer adds its own derivatives of the hinges, the first one says their value.
double MixedSource::regularise() {
  if (!searches()) return 0;
  std::vector<double> d_cost(candidates_.size());
  state_.hinges.add_gradient(state_.shares, state_.epoch, layer_, d_cost);
  const std::vector<double> of_task = through_softmax(soft_, d_share_, state_.temperature);
  const std::vector<double> of_costs = through_softmax(cost_soft_, d_cost, state_.temperature);
  for (std::size_t c = 0; c < of_task.size(); ++c)
    alpha_.gradient[c] += static_cast<float>(of_task[c] + of_costs[c]);
  std::fill(d_share_.begin(), d_share_.end(), 0.0);
  return layer_ == 0 ? state_.hinges.value(state_.shares, state_.epoch) : 0;
}

std::int64_t MixedSource::own_step(double /*rate*/) {
  if (state_.phase == MixturePhase::search) optimizer_.step(state_.card.rate);
  return 0;
}

void MixedSource::set_step(std::optional<TrainingStep> step) {
  step_ = step;
  for (Fit& fit : fits_) fit.stale = true;  // after a step, the optimiser's comes
}

void MixedSource::encode(std::span<const float> dense) {
  std::copy(dense.begin(), dense.end(), master_.value.begin());
  for (Fit& fit : fits_) {
    fit.stale = true;
    fit.step = -1;
  }
}

std::vector<StoredStream> MixedSource::streams() const {
  return candidates_[chosen()].source->streams();
}

RegenerationWork MixedSource::work() const { return candidates_[chosen()].source->work(); }

std::vector<CodedStream> MixedSource::codes() {
  WeightSource& source = *candidates_[chosen()].source;
  source.encode(master_.value);
  return source.codes();
}

void MixedSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  candidates_[chosen()].source->decode(streams, dense);
}

}  // namespace lightloom::nn
