#include "nn/network/network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"
#include "nn/ops/loss.hpp"
#include "nn/train/training_pass.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "tests/nn/reference.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

Tensor random_images(int images, const MapShape& map, std::uint32_t family) {
  const TensorShape shape(images, map);
  return reference::tensor(
      reference::random_doubles(static_cast<std::size_t>(shape.size()), family), shape);
}

/// A network with every kind of connection: fused and unfused ReLU, both residual forms, concat,
/// gate, pools.
Graph tangled() {
  GraphBuilder net("tangled", {9, 7, 3});
  const int stem = net.relu(
      net.batch_norm("n0", net.convolution("c0", 0, {.channels = 6, .kernel = 3, .padding = 1})));
  int at = net.relu(net.batch_norm(
      "n1", net.convolution("c1", stem, {.channels = 6, .kernel = 3, .padding = 1})));
  at = net.batch_norm("n2", net.convolution("c2", at, {.channels = 6, .kernel = 3, .padding = 1}));
  at = net.relu(net.add(at, stem));  // identity shortcut
  const int left = net.batch_norm(
      "n3", net.convolution("c3", at, {.channels = 8, .kernel = 3, .stride = 2, .padding = 1}));
  const int right = net.subsample(at, 8);
  at = net.add(left, right);  // no ReLU: a bottleneck
  const int gate =
      net.activation(net.convolution("se", net.global_pool(at), {.channels = 8, .bias = true}),
                     Activation::hard_sigmoid);
  at = net.activation(net.multiply(at, gate), Activation::hard_swish);
  const int wide = net.concat({at, net.max_pool(at, {3, 3, 1, 1})});
  at = net.average_pool(wide, {2, 2, 2, 0});
  net.linear("fc", net.flatten(at), 5, true);
  return std::move(net).finish();
}

/// Running statistics that are not those of a fresh network.
void disturb_norms(Network& network) {
  for (NormLayer& norm : network.norms()) {
    for (std::size_t c = 0; c < norm.mean.size(); ++c) {
      norm.mean[c] = 0.1f * static_cast<float>(c);
      norm.variance[c] = 0.5f + 0.25f * static_cast<float>(c);
      norm.scale.value[c] = 1.0f - 0.1f * static_cast<float>(c);
      norm.shift.value[c] = 0.05f * static_cast<float>(c);
    }
  }
}

TEST(Inference, FoldedAndFusedGivesTheLogitsOfTheUnfoldedNetworkThroughAnEngine) {
  for (const Graph& graph : {tangled(), build_graph("cnn3", "glyphs")}) {
    Network network(graph, {}, 5);
    disturb_norms(network);
    const Tensor images = random_images(2, network.graph().nodes[0].shape, 0);
    reference::SlowEngine slow;
    Inference digital(network), engine(network, &slow);
    const Tensor& a = digital.forward(images, 40);
    const Tensor& b = engine.forward(images, 40);
    double scale = 0;
    for (const float value : b.values()) scale = std::max(scale, std::abs(double{value}));
    for (std::size_t i = 0; i < a.values().size(); ++i) {
      EXPECT_NEAR(a.values()[i], b.values()[i], 1e-4 * scale) << graph.name << " logit " << i;
    }
    for (const std::uint64_t first : slow.firsts) EXPECT_EQ(first, 40u);
  }
}

TEST(Inference, DoesNotDependOnTheSizeOfTheBatch) {
  Network network(tangled(), {}, 5);
  const Tensor images = random_images(5, {9, 7, 3}, 0);
  Inference inference(network);
  const Tensor& all = inference.forward(images);
  const std::vector<float> kept(all.values().begin(), all.values().end());
  for (int i = 0; i < 5; ++i) {
    Tensor one(TensorShape(1, {9, 7, 3}));
    std::copy_n(images.data() + i * 189, 189, one.data());
    const Tensor& logits = inference.forward(one);
    for (int c = 0; c < 5; ++c) {
      EXPECT_NEAR(logits.data()[c], kept[static_cast<std::size_t>(5 * i + c)], 1e-4);
    }
  }
}

double loss_of(Network& network, const Tensor& images, const std::vector<int>& labels) {
  TrainingPass pass(network, 1);
  Tensor unused;
  return cross_entropy(pass.forward(images, {}), labels, unused);
}

/// A transformer's block on the 35 tokens of a small map, norms of both other kinds, and a node
/// whose gradient is another's too when a second part of it arrives.
Graph block() {
  GraphBuilder net("block", {7, 5, 3});
  const int stem = net.group_norm("g0", net.convolution("c0", 0, {.channels = 12}), 3);
  const int left = net.layer_norm("l0", stem);
  const int q = net.convolution("q", left, {.channels = 12, .bias = true});
  const int k = net.convolution("k", left, {.channels = 12});
  const int v = net.convolution("v", left, {.channels = 12, .bias = true});
  const int mixed =
      net.add(stem, net.convolution("o", net.attention(q, k, v, 3), {.channels = 12}));
  const int wide = net.activation(
      net.convolution("up", net.layer_norm("l1", mixed), {.channels = 17}), Activation::gelu);
  const int a = net.add(mixed, net.convolution("down", wide, {.channels = 12}));
  const int x = net.activation(net.convolution("x", a, {.channels = 12}), Activation::silu);
  const int y = net.activation(net.convolution("y", a, {.channels = 12}), Activation::tanh);
  const int z = net.convolution("z", y, {.channels = 4});
  const int both = net.concat({net.add(x, y), z});  // y: first shared with x, then its own from z
  net.linear("fc", net.flatten(net.global_pool(both)), 5, true);
  return std::move(net).finish();
}

/// A sum of two maps of different shapes: its gradient is that of both, each under its own shape.
Graph rows() {
  GraphBuilder net("rows", {8, 8, 3});
  const int wide = net.subsample(net.convolution("wide", 0, {.channels = 2}), 2);
  const int deep = net.subsample(net.convolution("deep", 0, {.channels = 8, .stride = 2}), 8);
  net.linear("fc", net.add(net.flatten(wide), net.flatten(deep)), 5, true);
  return std::move(net).finish();
}

/// Scales without statistics, of channels and of every element of a row, and elements moved: some
/// twice, some not at all.
Graph moved() {
  GraphBuilder net("moved", {5, 4, 3});
  const int stem = net.convolution("c0", 0, {.channels = 6, .kernel = 3});  // 3x2
  const int scaled = net.affine("a0", net.activation(stem, Activation::tanh));
  std::vector<int> places;
  for (int i = 0; i < 40; ++i) places.push_back(7 * (i % 33) % 36);
  const int mixed = net.rearrange({scaled}, {2, 2, 10}, {.from = places});
  const int both = net.add(mixed, net.activation(mixed, Activation::silu));
  net.linear("fc", net.affine("a1", net.flatten(both)), 5, true);
  return std::move(net).finish();
}

Graph graph_named(const std::string& name) {
  if (name == "moved") return moved();
  if (name == "rows") return rows();
  return name == "block" ? block() : tangled();
}

class Gradients : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(OfGraphs, Gradients, testing::Values("tangled", "block", "rows", "moved"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(Gradients, OfEveryParameterAgreeWithDifferencesOfTheLoss) {
  Network network(graph_named(GetParam()), {}, 5);
  const Tensor images = random_images(6, network.graph().nodes.front().shape, 1);
  const std::vector<int> labels{0, 1, 2, 3, 4, 0};
  TrainingPass pass(network, 1);
  Tensor d_logits;
  cross_entropy(pass.forward(images, {}), labels, d_logits);
  pass.backward(d_logits);
  for (Parameter* parameter : network.parameters()) {
    // Along the gradient itself the slope is its norm. Float losses: step and bound balance
    // rounding and curvature.
    double squared = 0;
    for (const float g : parameter->gradient) squared += double{g} * g;
    const double length = std::sqrt(squared);
    ASSERT_GT(length, 1e-4) << parameter->name;
    const double h = 4e-3;
    const std::vector<float> kept = parameter->value;
    const auto at = [&](double t) {
      for (std::size_t i = 0; i < kept.size(); ++i) {
        parameter->value[i] = kept[i] + static_cast<float>(t * parameter->gradient[i] / length);
      }
      const double loss = loss_of(network, images, labels);
      parameter->value = kept;
      return loss;
    };
    EXPECT_NEAR((at(h) - at(-h)) / (2 * h), length, 0.03 * length + 2e-3)
        << parameter->name << " of " << parameter->value.size();
  }
}

/// y = the numbers (n - zero) scale, n in [low, high]; the gradient passes where nothing is
/// clipped.
TEST(Quantiser, RoundsToItsIntegersAndPassesTheGradientBetweenItsEnds) {
  GraphBuilder net("quantised", {1, 1, 6});
  const int linear = net.linear("fc", 0, 6, true);
  net.quantise(linear, {.scale = 0.5f, .zero = 1, .low = 0, .high = 4});  // -0.5 to 1.5
  Network network(std::move(net).finish(), {}, 5);
  std::vector<float> identity(36, 0.0f);
  for (std::size_t i = 0; i < 6; ++i) identity[7 * i] = 1;
  network.weight_layers()[0].source->encode(identity);
  Tensor x(TensorShape(1, 1, 1, 6));
  const std::vector<float> values{-3, -0.5f, 0.25f, 0.75f, 0.6f, 9};
  std::ranges::copy(values, x.data());
  TrainingPass pass(network, 1);
  const Tensor& y = pass.forward(x, {});
  // Halves to even: 0.25 / 0.5 = 0.5 to 0, 0.75 / 0.5 = 1.5 to 2.
  const std::vector<float> rounded{-0.5f, -0.5f, 0, 1, 0.5f, 1.5f};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(y.data()[i], rounded[i]) << i;
  Tensor d(TensorShape(1, 1, 1, 6));
  std::fill_n(d.data(), 6, 2.0f);
  pass.backward(d);
  const std::vector<float> passed{0, 2, 2, 2, 2, 0};
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(network.weight_layers()[0].bias.gradient[i], passed[i]) << i;
}

TEST(Inference, OfABlockIsItsTrainingForward) {
  Network network(block(), {}, 5);
  const Tensor images = random_images(3, {7, 5, 3}, 1);
  TrainingPass pass(network, 1);
  Inference inference(network);
  const Tensor &trained = pass.forward(images, {}), &inferred = inference.forward(images);
  for (int i = 0; i < 15; ++i) EXPECT_NEAR(trained.data()[i], inferred.data()[i], 1e-5);
}

TEST(Inference, SumsTakeThePlaceOnlyOfWhatNobodyReadsLater) {
  GraphBuilder net("sums", {7, 5, 3});
  const ConvolutionOptions same{.channels = 3, .kernel = 3, .padding = 1};
  const int x = net.relu(net.convolution("c0", 0, same));
  const int own = net.add(net.convolution("c1", x, same), x);  // reads what it adds
  const int mid = net.relu(net.convolution("c2", own, same));
  const int later = net.add(net.convolution("c3", mid, same), x);  // x once more
  const int last =
      net.add(net.convolution("c4", net.relu(later), same), x);        // and for the last time
  const int twice = net.add(net.convolution("c5", last, same), last);  // reads what it adds
  net.linear("fc", net.flatten(twice), 5, true);
  Network network(std::move(net).finish(), {}, 5);
  const Tensor images = random_images(3, {7, 5, 3}, 1);
  TrainingPass pass(network, 1);
  Inference inference(network);
  const Tensor &trained = pass.forward(images, {}), &inferred = inference.forward(images);
  for (int i = 0; i < 15; ++i) EXPECT_NEAR(trained.data()[i], inferred.data()[i], 1e-4);
}

TEST(TrainingPass, GradientsAddUpUntilTheyAreCleared) {
  Network network(tangled(), {}, 5);
  const Tensor images = random_images(4, {9, 7, 3}, 1);
  TrainingPass pass(network, 1);
  Tensor d_logits;
  std::vector<float> once;
  for (int time = 0; time < 2; ++time) {
    cross_entropy(pass.forward(images, {}), std::vector<int>{0, 1, 2, 3}, d_logits);
    pass.backward(d_logits);
    const auto& gradient = network.parameters()[0]->gradient;
    if (time == 0) once = gradient;
    if (time == 1) {
      for (std::size_t i = 0; i < once.size(); ++i) EXPECT_FLOAT_EQ(gradient[i], 2 * once[i]);
    }
  }
}

TEST(TrainingPass, ThroughAnExactEngineTheGradientsAreTheDigitalOnes) {
  Network digital(tangled(), {}, 5), analog(tangled(), {}, 5);
  const Tensor images = random_images(4, {9, 7, 3}, 1);
  const std::vector<int> labels{0, 1, 2, 3};
  reference::SlowEngine slow;
  Tensor d_logits;
  TrainingPass left(digital, 1), right(analog, 1);
  cross_entropy(left.forward(images, {}), labels, d_logits);
  left.backward(d_logits);
  cross_entropy(right.forward(images, {.first_image = 9, .engine = &slow}), labels, d_logits);
  right.backward(d_logits);
  EXPECT_FALSE(slow.firsts.empty());
  for (std::size_t p = 0; p < digital.parameters().size(); ++p) {
    const auto& a = digital.parameters()[p]->gradient;
    const auto& b = analog.parameters()[p]->gradient;
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-3);
  }
}

TEST(TrainingPass, RunningStatisticsMoveByTheMomentumTowardsTheBatch) {
  GraphBuilder net("one", {2, 2, 1});
  net.batch_norm("norm", 0);
  Network network(std::move(net).finish(), {}, 1);
  Tensor x({1, 2, 2, 1});
  const std::vector<float> numbers{1, 2, 3, 6};
  std::copy(numbers.begin(), numbers.end(), x.data());
  TrainingPass(network, 1).forward(x, {});
  EXPECT_NEAR(network.norms()[0].mean[0], 0.1 * 3, 1e-6);
  // Unbiased: sum of squares 14 over 3; 0.9 * 1 + 0.1 * 14/3.
  EXPECT_NEAR(network.norms()[0].variance[0], 0.9 + 0.1 * 14 / 3, 1e-6);
}

TEST(Weights, SurviveAFileAndRefuseAnotherNetwork) {
  const auto path = scratch_path("weights.h5");
  Network saved(tangled(), {}, 5), loaded(tangled(), {}, 6);
  disturb_norms(saved);
  save_weights(path.string(), saved);
  load_weights(path.string(), loaded);
  const Weights a = weights_of(saved), b = weights_of(loaded);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].values, b[i].values);
  }
  Network other(build_graph("cnn3", "glyphs"), {}, 1);
  EXPECT_THROW(load_weights(path.string(), other), Error);
  std::filesystem::remove(path);
}

TEST(Weights, OfAFileThatAreNoNumbersAreRefused) {
  const std::string path = scratch_path("odd-weights.h5").string();
  Network network(tangled(), {}, 5);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::string norm = network.norms()[0].name;
  const std::pair<std::string, float> odd[] = {{norm + ".mean", std::nanf("")},
                                               {norm + ".shift", -infinity},
                                               {norm + ".variance", infinity},
                                               {norm + ".variance", -1.0f}};
  for (const auto& [name, value] : odd) {
    save_weights(path, network);
    Labelled file = read_labelled(path);
    for (Variable& variable : file.variables)
      if (variable.name == name) std::get<std::vector<float>>(variable.values).back() = value;
    write_labelled(path, file);
    try {
      load_weights(path, network);
      ADD_FAILURE() << name << " " << value;
    } catch (const Error& problem) {
      EXPECT_NE(std::string(problem.what()).find("'" + name + "' holds"), std::string::npos)
          << problem.what();
    }
  }
  std::filesystem::remove(path);
}

TEST(Weights, OfAGeneratorMaterialiseTheSameAfterAFile) {
  const auto path = scratch_path("generator.h5");
  SourceCard card;
  card.source = "multilevel";
  card.settings.of<MultilevelCard>().intra = 2;
  card.settings.of<MultilevelCard>().cross = 8;
  card.settings.of<MultilevelCard>().bits = {4, 4, 4};
  Network saved(build_graph("cnn3", "glyphs"), card, 5),
      loaded(build_graph("cnn3", "glyphs"), card, 6);
  save_weights(path.string(), saved);
  load_weights(path.string(), loaded);
  for (std::size_t i = 0; i < saved.weight_layers().size(); ++i)
    EXPECT_EQ(dense_weight(saved.weight_layers()[i]), dense_weight(loaded.weight_layers()[i])) << i;
  std::filesystem::remove(path);
}

TEST(Weights, GoFromTeacherToStudentWithNormsAndBiases) {
  Network teacher(tangled(), {}, 5), student(tangled(), {}, 6);
  disturb_norms(teacher);
  copy_weights(teacher, student);
  const Tensor images = random_images(2, {9, 7, 3}, 0);
  Inference a(teacher), b(student);
  const Tensor& left = a.forward(images);
  const Tensor& right = b.forward(images);
  for (std::size_t i = 0; i < left.values().size(); ++i) {
    EXPECT_FLOAT_EQ(left.values()[i], right.values()[i]);
  }
  Network other(build_graph("cnn3", "glyphs"), {}, 1);
  EXPECT_THROW(copy_weights(teacher, other), Error);
}

TEST(Distillation, GradientAgreesWithDifferencesAndVanishesAtTheTeacher) {
  const TensorShape shape(3, 1, 1, 7);
  Tensor logits = random_images(3, {1, 1, 7}, 4), d_logits, unused;
  const Tensor teacher = random_images(3, {1, 1, 7}, 5);
  const std::vector<int> labels{0, 6, 3};
  const DistillationOptions options{.temperature = 3, .beta = 0.9};
  distillation(logits, {teacher, labels}, options, d_logits);
  for (std::size_t i = 0; i < logits.values().size(); ++i) {
    const float kept = logits.data()[i];
    logits.data()[i] = kept + 0.01f;
    const double up = distillation(logits, {teacher, labels}, options, unused);
    logits.data()[i] = kept - 0.01f;
    const double down = distillation(logits, {teacher, labels}, options, unused);
    logits.data()[i] = kept;
    EXPECT_NEAR((up - down) / 0.02, d_logits.data()[i], 1e-4);
  }
  distillation(teacher, {teacher, labels}, {.temperature = 3, .beta = 1}, d_logits);
  for (const float d : d_logits.values()) EXPECT_NEAR(d, 0, 1e-7);
}

}  // namespace
}  // namespace lightloom::nn
