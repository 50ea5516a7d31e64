#include "nn/mixture/mixed_source.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

const LayerShape mixed_shape{
    .name = "conv", .in_channels = 5, .out_channels = 7, .kernel_height = 3, .kernel_width = 3};

std::vector<SourceCard> mixed_cards() {
  SourceCard two_level{.source = "multilevel"};
  two_level.settings.of<MultilevelCard>() = {.intra = 2, .cross = 4};
  two_level.settings.of<MultilevelCard>().projection.method = ProjectionCard::Method::svd;
  return {{.source = "integer", .bits = 2}, {.source = "integer", .bits = 8}, two_level};
}

std::vector<float> master_weight() {
  return reference::floats(
      reference::random_doubles(static_cast<std::size_t>(mixed_shape.weights()), 5));
}

MixtureState state_of(MixtureCard card, double target = 60) {
  card.strengths = Strengths::constant;
  card.met_targets = MetTargets::free;
  return {
      .card = card,
      .hinges = CostHinges({{.name = "bytes", .layers = {{80, 315, 150}}, .target = target}}, card),
      .temperature = card.temperature,
      .shares = {}};
}

MixedSource mixed_of(MixtureState& state, std::uint32_t layer = 0) {
  std::vector<MixedSource::Candidate> candidates;
  for (const SourceCard& card : mixed_cards())
    candidates.push_back({candidates.size(), make_source(card, mixed_shape)});
  return MixedSource(mixed_shape, layer, std::move(candidates), state);
}

/// What each candidate makes of the weight, by itself.
std::vector<std::vector<float>> fits_of(const std::vector<float>& weight) {
  std::vector<std::vector<float>> all;
  for (const SourceCard& card : mixed_cards()) {
    const auto source = make_source(card, mixed_shape);
    source->encode(weight);
    all.emplace_back(weight.size());
    source->materialise(all.back());
  }
  return all;
}

std::vector<float> materialised(MixedSource& source) {
  std::vector<float> weight(static_cast<std::size_t>(mixed_shape.weights()));
  source.materialise(weight);
  return weight;
}

TrainingStep at_step(std::uint64_t step, std::uint64_t seed = 3) {
  return {.seed = seed, .layer = 0, .step = step, .epoch = 0};
}

TEST(MixedSource, MixesWhatTheCandidatesMakeOfTheMasterWeight) {
  MixtureState state = state_of({.temperature = 0.5, .noise = false});
  MixedSource source = mixed_of(state);
  const std::vector<float> master = master_weight();
  source.encode(master);
  source.alpha().value = {0.2f, -0.3f, 0.5f};
  const auto fits = fits_of(master);
  double sum = 0;
  std::vector<double> shares;
  for (const float alpha : source.alpha().value) {
    shares.push_back(std::exp(alpha / 0.5));
    sum += shares.back();
  }
  state.phase = MixturePhase::search;
  source.set_step(at_step(0));
  const std::vector<float> mixed = materialised(source);
  state.phase = MixturePhase::warm_up;
  EXPECT_EQ(materialised(source), fits[0]) << "the warm-up's candidate";
  state.phase = MixturePhase::chosen;
  EXPECT_EQ(materialised(source), fits[2]);
  EXPECT_EQ(source.chosen_number(), 2u);
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    double expected = 0, size = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      expected += shares[c] / sum * fits[c][i];
      size += shares[c] / sum * std::abs(fits[c][i]);
    }
    EXPECT_NEAR(mixed[i], expected, 6 * 6e-8 * size);
  }
}

/// 0.5 |W(alpha) - t|^2 and the hinge, from the shares by their definition.
double loss_of(const std::vector<std::vector<float>>& fits, const std::vector<double>& alpha,
               const std::vector<double>& target, double temperature) {
  std::vector<double> shares;
  double sum = 0, bytes = 0, loss = 0;
  for (const double a : alpha) sum += std::exp(a / temperature);
  for (const double a : alpha) shares.push_back(std::exp(a / temperature) / sum);
  const double cost[] = {80, 315, 150};
  for (std::size_t c = 0; c < 3; ++c) bytes += shares[c] * cost[c];
  for (std::size_t i = 0; i < target.size(); ++i) {
    double weight = 0;
    for (std::size_t c = 0; c < 3; ++c) weight += shares[c] * fits[c][i];
    loss += 0.5 * (weight - target[i]) * (weight - target[i]);
  }
  // Strength: a task loss of 7 over the excess at equal shares.
  return loss + 7 / (545 / 3. - 100) * std::max(0.0, bytes - 100);
}

TEST(MixedSource, GradientOfAlphaIsThatOfTheTaskAndTheHinges) {
  constexpr double temperature = 0.7;
  MixtureState state = state_of({.temperature = temperature, .noise = false}, 100);
  MixedSource source = mixed_of(state);
  state.hinges.start(7, {source.shares()});
  const std::vector<float> master = master_weight();
  source.encode(master);
  source.alpha().value = {0.25f, -0.5f, 0.375f};
  state.phase = MixturePhase::search;
  source.set_step(at_step(0));
  const std::vector<float> weight = materialised(source);
  const std::vector<double> target = reference::random_doubles(weight.size(), 9);
  std::vector<float> d_weight;
  for (std::size_t i = 0; i < weight.size(); ++i)
    d_weight.push_back(static_cast<float>(weight[i] - target[i]));
  source.backward(d_weight);
  source.regularise();
  const auto fits = fits_of(master);
  const std::vector<double> alpha{0.25, -0.5, 0.375};
  double size = 0;  // of the sums whose rounding the gradient has
  for (std::size_t i = 0; i < weight.size(); ++i)
    size += std::abs(double{d_weight[i]}) * 3 * std::abs(weight[i]);
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<double> up = alpha, down = alpha;
    up[c] += 1e-5;
    down[c] -= 1e-5;
    const double difference =
        (loss_of(fits, up, target, temperature) - loss_of(fits, down, target, temperature)) / 2e-5;
    // Weights and their gradient are rounded to single precision.
    EXPECT_NEAR(source.alpha().gradient[c], difference, 4 * 6e-8 * size / temperature + 1e-6) << c;
    EXPECT_GT(std::abs(difference), 1) << "a factor would be seen";
  }
  EXPECT_EQ(source.parameters()[0]->gradient, d_weight) << "straight through to the master";
}

TEST(MixedSource, StraightThroughMultipliesWithOneAndLearnsAsTheMixture) {
  MixtureState state = state_of(
      {.noise = false, .sample = MixtureSample::straight_through, .cost_shares = CostShares::drawn},
      1000);
  MixedSource source = mixed_of(state);
  const std::vector<float> master = master_weight();
  source.encode(master);
  source.alpha().value = {0.25f, -0.5f, 0.375f};
  state.phase = MixturePhase::search;
  source.set_step(at_step(0));
  const auto fits = fits_of(master);
  EXPECT_EQ(materialised(source), fits[2]);
  EXPECT_EQ(state.shares[0], (std::vector<double>{0, 0, 1})) << "so are its costs";
  const std::vector<float> d_weight = fits[1];
  source.backward(d_weight);
  source.regularise();
  const std::vector<double> shares = source.shares();
  double mean = 0, products[3] = {};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < d_weight.size(); ++i)
      products[c] += double{d_weight[i]} * fits[c][i];
    mean += shares[c] * products[c];
  }
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(source.alpha().gradient[c], shares[c] * (products[c] - mean),
                1e-6 * std::abs(products[1]));
}

TEST(MixedSource, CostsAreOfTheSharesDrawnOrOfThoseWithoutNoise) {
  const std::vector<float> zeros(static_cast<std::size_t>(mixed_shape.weights()), 0.0f);
  for (const CostShares of : {CostShares::drawn, CostShares::mean}) {
    MixtureState state = state_of({.cost_shares = of}, 100);
    MixedSource source = mixed_of(state);
    state.hinges.start(7, {source.shares()});
    source.encode(master_weight());
    state.phase = MixturePhase::search;
    source.set_step(at_step(2));
    materialised(source);
    source.backward(zeros);
    const double strength = 7 / (545 / 3. - 100), cost[] = {80, 315, 150};
    const std::vector<double> shares = state.shares[0];
    double mean = 0;
    for (std::size_t c = 0; c < 3; ++c) mean += shares[c] * cost[c];
    EXPECT_EQ(shares == source.shares(), of == CostShares::mean);
    EXPECT_NEAR(source.regularise(), strength * std::max(0.0, mean - 100), 1e-12);
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(source.alpha().gradient[c],
                  mean > 100 ? strength * shares[c] * (cost[c] - mean) : 0.0, 1e-5);
  }
}

TEST(MixedSource, SharesLearnInTheSearchAloneByAdamsRate) {
  MixtureState state = state_of({.rate = 0.03, .noise = false}, 100);
  MixedSource source = mixed_of(state);
  state.hinges.start(7, {source.shares()});
  source.encode(master_weight());
  const std::vector<float> d_weight(static_cast<std::size_t>(mixed_shape.weights()), 0.0f);
  for (const MixturePhase phase : {MixturePhase::warm_up, MixturePhase::search}) {
    state.phase = phase;
    source.set_step(at_step(0));
    materialised(source);
    source.backward(d_weight);
    EXPECT_NEAR(source.regularise(), phase == MixturePhase::search ? 7 : 0, 1e-12);
    source.set_step(std::nullopt);
    source.own_step(100);
    if (phase == MixturePhase::warm_up) {
      EXPECT_EQ(source.alpha().value, (std::vector<float>{0, 0, 0}));
    }
  }
  // Adam's first step is its rate, towards cheaper candidates: below and above the mean cost.
  EXPECT_NEAR(source.alpha().value[0], 0.03, 1e-6);
  EXPECT_NEAR(source.alpha().value[1], -0.03, 1e-6);
  EXPECT_NEAR(source.alpha().value[2], 0.03, 1e-6);
}

TEST(MixedSource, CandidatesAreFittedAnewAsOftenAsTheCardSaysAndBeforeEveryEvaluation) {
  MixtureState state = state_of({.noise = false, .refit = 3});
  MixedSource source = mixed_of(state);
  source.encode(master_weight());
  state.phase = MixturePhase::search;
  std::vector<std::vector<float>> seen;
  for (std::uint64_t step = 0; step < 5; ++step) {
    source.set_step(at_step(step));
    seen.push_back(materialised(source));
    source.set_step(std::nullopt);
    for (float& w : source.parameters()[0]->value) w *= 1.25f;  // what an optimiser might do
  }
  EXPECT_EQ(seen[1], seen[0]);
  EXPECT_EQ(seen[2], seen[0]);
  EXPECT_NE(seen[3], seen[0]);
  EXPECT_EQ(seen[4], seen[3]);
  state.phase = MixturePhase::chosen;
  const std::vector<float> now(source.master().begin(), source.master().end());
  EXPECT_EQ(materialised(source), fits_of(now)[0]) << "the scale follows the weight";
}

/// The first share of two candidates at alpha = 0 is uniform in (0, 1): the difference of two
/// Gumbel numbers is logistic. And the largest share is the first candidate's with its probability.
TEST(MixedSource, NoiseIsGumbelsAndItsOwnForEveryStepAndLayer) {
  constexpr int steps = 4000;
  MixtureState state = state_of({.cost_shares = CostShares::drawn}, 1e9);
  state.phase = MixturePhase::search;
  const LayerShape tiny{.name = "tiny"};
  std::vector<std::unique_ptr<MixedSource>> layers;
  for (std::uint32_t l = 0; l < 2; ++l) {
    std::vector<MixedSource::Candidate> two;
    for (const int bits : {2, 8})
      two.push_back({two.size(), make_source({.source = "integer", .bits = bits}, tiny)});
    layers.push_back(std::make_unique<MixedSource>(tiny, l, std::move(two), state));
  }
  double sum = 0, squares = 0, product = 0, next = 0, before = 0.5;
  std::vector<float> unused(1);
  int first = 0;
  for (int s = 0; s < steps; ++s) {
    double share[2] = {};
    for (std::size_t l = 0; l < 2; ++l) {
      layers[l]->alpha().value = {0, 0};
      layers[l]->set_step(at_step(static_cast<std::uint64_t>(s)));
      layers[l]->materialise(unused);
      share[l] = state.shares[l][0] - 0.5;
    }
    sum += share[0];
    squares += share[0] * share[0];
    product += share[0] * share[1];
    next += share[0] * before;
    before = share[0];
    layers[1]->alpha().value = {std::log(3.0f), 0};
    layers[1]->materialise(unused);
    first += state.shares[1][0] > 0.5 ? 1 : 0;
  }
  // Variance 1/12; of the square 1/180; of a product of two 1/144; of a share 3/16.
  const double root = std::sqrt(steps);
  EXPECT_NEAR(sum / steps, 0, 4 * std::sqrt(1 / 12.) / root);
  EXPECT_NEAR(squares / steps, 1 / 12., 4 * std::sqrt(1 / 180.) / root);
  EXPECT_NEAR(product / steps, 0, 4 / 12. / root) << "layers";
  EXPECT_NEAR(next / steps, 0, 4 / 12. / root) << "steps";
  EXPECT_NEAR(first / double{steps}, 0.75, 4 * std::sqrt(3 / 16.) / root) << "Gumbel-max";
}

TEST(MixedSource, GivesTheSameBitsOnAnyNumberOfThreads) {
  std::vector<float> first, first_gradient;
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    MixtureState state = state_of({}, 100);
    MixedSource source = mixed_of(state);
    state.hinges.start(7, {source.shares()});
    source.encode(master_weight());
    state.phase = MixturePhase::search;
    source.set_step(at_step(11));
    const std::vector<float> mixed = materialised(source);
    source.backward(mixed);
    source.regularise();
    if (first.empty()) {
      first = mixed;
      first_gradient = source.alpha().gradient;
    }
    EXPECT_EQ(mixed, first);
    EXPECT_EQ(source.alpha().gradient, first_gradient);
  }
  omp_set_num_threads(1);
}

TEST(MixedSource, StoresWhatTheChosenCandidateStores) {
  MixtureState state = state_of({});
  MixedSource source = mixed_of(state);
  source.encode(master_weight());
  for (std::size_t c = 0; c < 3; ++c) {
    source.alpha().value = {0, 0, 0};
    source.alpha().value[c] = 1;
    state.phase = MixturePhase::chosen;
    EXPECT_EQ(source.streams(), stored_streams(mixed_cards()[c], mixed_shape));
    std::vector<float> decoded(source.master().size());
    source.decode(source.codes(), decoded);
    EXPECT_EQ(decoded, materialised(source));
  }
}

}  // namespace
}  // namespace lightloom::nn
