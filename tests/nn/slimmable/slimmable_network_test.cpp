// Widths as networks of their own, against the whole network with channels masked to zero.
#include "nn/slimmable/slimmable_network.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/inference/inference.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/ops/loss.hpp"
#include "nn/slimmable/slim_file.hpp"
#include "nn/train/training_pass.hpp"
#include "tests/nn/slimmable/small_slim.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

Tensor random_images(const MapShape& image, int count) {
  Tensor images({count, image});
  fill_normal(Stream({.seed = 11}), 0, images.values());
  return images;
}

void fill_norms(Network& network, std::uint64_t seed) {
  std::uint64_t shot = 0;
  for (NormLayer& norm : network.norms()) {
    for (auto* values : {&norm.scale.value, &norm.shift.value, &norm.mean, &norm.variance})
      fill_normal(Stream({.seed = seed}), shot++, *values);
    for (float& value : norm.variance) value = 1 + value * value;
    for (float& value : norm.mean) value *= 0.1f;
  }
}

/// The whole network with all channels that a width lacks multiplied by zero, and the statistics of
/// the width: what DS-Net's dynamic mode computes.
Network masked(SlimmableNetwork& slim, std::size_t w) {
  Network& whole = slim.whole();
  Network masked(whole.graph(), {}, 0, InitialWeights::none);
  const ScaledGraph scaled =
      scaled_graph(whole.graph(), width_shares(slim.trunk(), 1, slim.width(w)));
  const std::vector<Node>& nodes = whole.graph().nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const int index = whole.index_of(static_cast<int>(n));
    if (index < 0) continue;
    const auto at = static_cast<std::size_t>(index);
    if (is_weight_layer(nodes[n].op)) {
      masked.weight_layers()[at].source->encode(dense_weight(whole.weight_layers()[at]));
      masked.weight_layers()[at].bias = whole.weight_layers()[at].bias;
      continue;
    }
    NormLayer& to = masked.norms()[at];
    std::fill(to.scale.value.begin(), to.scale.value.end(), 0.0f);
    std::fill(to.shift.value.begin(), to.shift.value.end(), 0.0f);
    const NormLayer& own = slim.network(w).norms()[at];
    for (std::size_t i = 0; i < scaled.kept[n].size(); ++i) {
      const auto channel = static_cast<std::size_t>(scaled.kept[n][i]);
      to.scale.value[channel] = whole.norms()[at].scale.value[channel];
      to.shift.value[channel] = whole.norms()[at].shift.value[channel];
      to.mean[channel] = own.mean[i];
      to.variance[channel] = own.variance[i];
    }
  }
  return masked;
}

void expect_masked(const SourceCard& weights, bool gated) {
  SlimmableNetwork slim(slim_graph(), weights, slim_card(gated), 5);
  const Tensor images = random_images({12, 12, 1}, 7);
  fill_norms(slim.whole(), 1);
  for (std::size_t w = 0; w < slim.widest(); ++w) fill_norms(slim.network(w), 10 + w);
  slim.refresh();
  for (std::size_t w = 0; w < slim.count(); ++w) {
    Network reference = masked(slim, w);
    Inference expected(reference), inference(slim.network(w));
    const Tensor& want = expected.forward(images);
    const Tensor& have = inference.forward(images);
    ASSERT_EQ(have.shape(), want.shape());
    for (std::int64_t i = 0; i < want.shape().size(); ++i)
      EXPECT_NEAR(have.data()[i], want.data()[i], 2e-4 * (1 + std::fabs(want.data()[i])))
          << slim.width(w);
  }
}

TEST(SlimmableNetwork, AnswersAtEveryWidthAsTheMaskedWhole) {
  expect_masked({}, false);
  expect_masked({}, true);
  expect_masked(slim_two_level(), true);
}

TEST(SlimmableNetwork, MultipliesOnlyWhatAWidthHas) {
  SlimmableNetwork slim(slim_graph(), {}, slim_card(false), 5);
  for (std::size_t l = 1; l + 1 < slim.whole().weight_layers().size(); ++l)
    for (std::size_t w = 0; w < slim.count(); ++w)
      EXPECT_EQ(static_cast<double>(slim.network(w).weight_layers()[l].shape.macs()),
                slim.width(w) * slim.width(w) *
                    static_cast<double>(slim.whole().weight_layers()[l].shape.macs()));
}

TEST(SlimmableNetwork, KeepsATrunkOfOneWidth) {
  SlimmableNetwork slim(slim_graph(), {}, slim_card(true), 5);
  for (std::size_t w = 0; w < slim.count(); ++w) {
    EXPECT_EQ(slim.network(w).weight_layers()[1].shape.out_channels, 4);
    EXPECT_EQ(slim.network(w).weight_layers()[2].shape.in_channels, 4);
    EXPECT_EQ(slim.network(w).weight_layers()[2].shape.out_channels, 16 * slim.width(w));
  }
}

/// Gradients of a width by itself are those of the masked whole in training.
TEST(SlimmableNetwork, HandsTheWholeTheGradientsOfAWidth) {
  SlimmableNetwork slim(slim_graph(), {}, slim_card(false), 5);
  const Tensor images = random_images({12, 12, 1}, 6);
  const std::vector<int> labels{0, 1, 2, 3, 0, 1};
  const auto loss_at = [&](std::size_t w) {
    slim.refresh(w);
    TrainingPass pass(slim.network(w), 0);
    Tensor d_logits;
    const double loss = cross_entropy(pass.forward(images, {}), labels, d_logits);
    pass.backward(d_logits);
    slim.hand_over(w);
    return loss;
  };
  for (Parameter* p : slim.whole().parameters())
    std::fill(p->gradient.begin(), p->gradient.end(), 0.0f);
  loss_at(1);
  std::vector<std::vector<float>> gradients;
  for (Parameter* p : slim.whole().parameters()) gradients.push_back(p->gradient);
  int compared = 0;
  for (std::size_t p = 0; p < gradients.size(); ++p) {
    Parameter& parameter = *slim.whole().parameters()[p];
    // The element of the steepest slope: differences of float losses say little of others.
    const auto steepest =
        std::max_element(gradients[p].begin(), gradients[p].end(),
                         [](float a, float b) { return std::fabs(a) < std::fabs(b); });
    const auto at = static_cast<std::size_t>(steepest - gradients[p].begin());
    const float value = parameter.value[at];
    const double step = 2e-3;
    parameter.value[at] = value + static_cast<float>(step);
    const double more = loss_at(1);
    parameter.value[at] = value - static_cast<float>(step);
    const double less = loss_at(1);
    parameter.value[at] = value;
    const double difference = (more - less) / (2 * step);
    EXPECT_NEAR(gradients[p][at], difference, 0.03 * std::fabs(difference) + 1e-3)
        << parameter.name;
    ++compared;
  }
  EXPECT_EQ(compared, 6 + 1 + 2 * 5);
  const Parameter& weight = *slim.whole().parameters()[1];  // a2, [8, 8, 3, 3]
  EXPECT_EQ(gradients[1].at(static_cast<std::size_t>(5 * 72)), 0)
      << "output 5 of 4: " << weight.name;
}

TEST(SlimmableNetwork, RefusesSourcesWhoseWordsAreOfWholeWeights) {
  for (const char* kind :
       {"ternary", "huffman", "circulant", "dsconv", "penni", "trellis", "seedlm", "crew",
        "subspace", "tiled", "xor", "subbit", "smart_exchange"}) {
    SourceCard card{.source = kind, .bits = 4, .settings = {}, .layers = {}};
    if (card.source == "ternary") card.bits = 2;
    try {
      const SlimmableNetwork slim(slim_graph(), card, slim_card(false), 5);
      FAIL() << kind;
    } catch (const Error& problem) {
      const std::string text = problem.what();
      EXPECT_NE(text.find("cannot be sliced into widths"), std::string::npos) << text;
    }
  }
  SourceCard projected{
      .source = "integer", .retraining = Retraining::projection, .settings = {}, .layers = {}};
  EXPECT_THROW(SlimmableNetwork(slim_graph(), projected, slim_card(false), 5), Error);
}

TEST(SlimmableNetwork, TakesEverySourceWithAWordForEachWeight) {
  for (const char* kind :
       {"dense", "integer", "lsq", "power_of_two", "supermask", "low_rank", "bsconv"}) {
    SourceCard card{.source = kind, .settings = {}, .layers = {}};
    if (card.source == "supermask") card.bits = 1;
    if (card.source == "power_of_two") card.bits = 4;
    card.settings.of<MultilevelCard>().cross = 3;
    expect_masked(card, true);
  }
}

TEST(SlimFile, BringsBackEveryWidthAndTheGate) {
  SlimmableNetwork one(slim_graph(), slim_two_level(), slim_card(true), 5),
      other(slim_graph(), slim_two_level(), slim_card(true), 6);
  fill_norms(one.whole(), 1);
  for (std::size_t w = 0; w < one.widest(); ++w) fill_norms(one.network(w), 10 + w);
  one.refresh();
  one.share_trunk();
  WidthGate gate({.channels = 4, .hidden = 3, .choices = 4}, 5),
      read({.channels = 4, .hidden = 3, .choices = 4}, 6);
  const std::string path = scratch_path("slim-weights.h5").string();
  save_slim(path, one, &gate);
  load_slim(path, other, &read);
  for (std::size_t p = 0; p < 4; ++p)
    EXPECT_EQ(gate.parameters()[p]->value, read.parameters()[p]->value);
  const Tensor images = random_images({12, 12, 1}, 3);
  for (std::size_t w = 0; w < one.count(); ++w) {
    Inference a(one.network(w)), b(other.network(w));
    const Tensor& x = a.forward(images);
    const Tensor& y = b.forward(images);
    EXPECT_TRUE(std::equal(x.values().begin(), x.values().end(), y.values().begin()))
        << one.width(w);
  }
}

TEST(SlimFile, RefusesOtherWidthsAndMissingGates) {
  SlimmableNetwork one(slim_graph(), {}, slim_card(false), 5);
  const std::string path = scratch_path("slim-other.h5").string();
  save_slim(path, one, nullptr);
  SlimCard card = slim_card(false);
  card.widths = {0.5, 0.625, 1};
  SlimmableNetwork other(slim_graph(), {}, card, 5);
  EXPECT_THROW(load_slim(path, other, nullptr), Error);
  WidthGate gate({.channels = 8, .hidden = 3, .choices = 4}, 5);
  EXPECT_THROW(load_slim(path, one, &gate), Error);
  EXPECT_NO_THROW(load_slim(path, one, nullptr));
  Labelled file = read_labelled(path);
  for (Variable& variable : file.variables)
    if (variable.name.starts_with("width.") && variable.name.ends_with(".mean"))
      std::get<std::vector<float>>(variable.values).front() = std::nanf("");
  write_labelled(path, file);
  EXPECT_THROW(load_slim(path, one, nullptr), Error) << "no number";
}

}  // namespace
}  // namespace lightloom::nn
