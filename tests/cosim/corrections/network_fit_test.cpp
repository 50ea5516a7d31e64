// Correctors on chips: fitted in the order of the network, behind every layer.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "cosim/corrections/layer_vectors.hpp"
#include "nn/data/batch.hpp"
#include "nn/data/dataset.hpp"
#include "nn/inference/inference.hpp"
#include "nn/ops/products/product.hpp"
#include "tests/cosim/corrections/corrected_convolution.hpp"
#include "tests/cosim/corrections/wrong_core.hpp"

namespace lightloom::cosim {
namespace {

using nn::Tensor;

/// Convolutions with a stride, padding, groups and a shortcut, then a classifier. The second one's
/// inputs may be negative without ReLU before it.
enum class Stem { rectified, as_it_is };
nn::Graph corrected_graph(Stem kind = Stem::rectified) {
  nn::GraphBuilder net("corrected", {28, 28, 1});
  const int norm = net.batch_norm(
      "n1", net.convolution("a", 0, {.channels = 6, .kernel = 5, .stride = 4, .padding = 1}));
  const int stem = kind == Stem::rectified ? net.relu(norm) : norm;
  const int branch = net.batch_norm(
      "n2", net.convolution("b", stem, {.channels = 6, .kernel = 3, .padding = 1, .groups = 2}));
  net.linear("c", net.flatten(net.relu(net.add(stem, branch))), 10, true);
  return std::move(net).finish();
}

photonic::CoreDescription core_of_numbers(int rows, int columns) {
  return {.kind = "test", .rows = rows, .columns = columns};
}

Tensor glyphs(std::size_t count) {
  const nn::Dataset data = nn::load_dataset({.name = "glyphs", .train_limit = 200}, 3);
  Tensor images;
  nn::for_each_batch(data.train, {0, count}, count, [&](const nn::Batch& batch, std::size_t) {
    images.resize(batch.images.shape());
    std::copy(batch.images.values().begin(), batch.images.values().end(), images.values().begin());
  });
  return images;
}

std::vector<float> answers(nn::Network& network, nn::MatrixEngine* engine, const Tensor& images) {
  nn::Inference inference(network, engine);
  const Tensor& logits = inference.forward(images);
  return {logits.values().begin(), logits.values().end()};
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    norm += double{b[i]} * b[i];
  }
  return std::sqrt(sum / norm);
}

TEST(NetworkFit, GivesTheExactAnswersBackWhereAChipMixesItsOutputs) {
  const WrongCore core(core_of_numbers(12, 6), Wrong::outputs, 0.05);
  nn::Network network(corrected_graph(), {}, 7);
  const Tensor images = glyphs(150);
  const std::vector<float> exact = answers(network, nullptr, images);
  FrozenChip chip(core, network, {}, {5, 2});
  const double before = distance(answers(network, &chip, images), exact);
  ASSERT_GT(before, 0.05);
  const NetworkFit fit =
      fit_network(chip, network, {.images = images}, {.kind = CorrectorKind::pointwise});
  CorrectingEngine corrected(chip, fit.corrector);
  EXPECT_LT(distance(answers(network, &corrected, images), exact), 1e-4);
  EXPECT_EQ(fit.corrector.numbers(), 36 + 36 + 100);
  const NetworkFit gains =
      fit_network(chip, network, {.images = images}, {.kind = CorrectorKind::gain});
  CorrectingEngine by_gains(chip, gains.corrector);
  EXPECT_GT(distance(answers(network, &by_gains, images), exact), 0.3 * before);
  EXPECT_EQ(gains.corrector.numbers(), 2 * (6 + 6 + 10));

  FrozenChip other(core, network, {}, {5, 3});
  const double plain = distance(answers(network, &other, images), exact);
  CorrectingEngine foreign(other, fit.corrector);
  EXPECT_GT(distance(answers(network, &foreign, images), exact), 1.1 * plain);
}

TEST(NetworkFit, TheVectorsOfALayerAreItsInputsAndItsExactProducts) {
  const nn::LayerShape shape{.name = "odd",
                             .in_channels = 6,
                             .out_channels = 4,
                             .kernel_height = 3,
                             .kernel_width = 2,
                             .stride = {2, 1},
                             .padding = {1, 2, 0, 1},
                             .dilation = {1, 2},
                             .groups = 2,
                             .in_height = 7,
                             .in_width = 5,
                             .out_height = 3,
                             .out_width = 6};
  const Stream stream({.seed = 3, .purpose = Purpose::test});
  std::vector<float> weights(static_cast<std::size_t>(shape.weights()));
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(stream.normal(i));
  Tensor x(nn::TensorShape(4, 7, 5, 6)), y(nn::TensorShape(4, 3, 6, 4));
  for (std::size_t i = 0; i < x.values().size(); ++i)
    x.values()[i] = static_cast<float>(stream.normal(i, 1));
  nn::Product product(shape);
  product.set_weights(weights);
  product.forward(x, {}, y);
  const nn::InputMaps inputs{x.values(), 4, 11};
  const LayerVectors all = take_vectors({{shape, 1}, weights, inputs, y.values()},
                                        {.images = x, .vectors = 4 * 18, .held_out = 0.5});
  ASSERT_EQ(all.measured.rows(), 72);
  EXPECT_EQ(all.held_out, 36);
  EXPECT_LT((all.measured - all.wanted).norm() / all.wanted.norm(), 1e-6);
  const LayerVectors some = take_vectors({{shape, 1}, weights, inputs, y.values()},
                                         {.images = x, .vectors = 4 * 5, .held_out = 0.5});
  ASSERT_EQ(some.measured.rows(), 20);
  for (std::size_t v = 0; v < 20; ++v) {
    EXPECT_EQ(some.places[v].image, 11 + v / 5);
    const auto row = static_cast<Eigen::Index>(v);
    EXPECT_EQ(some.measured.row(row),
              all.measured.row(static_cast<Eigen::Index>(v / 5 * 18) + some.places[v].position));
  }
}

TEST(NetworkFit, CorrectsVectorsAsTheFormulaSays) {
  const nn::LayerShape shape = corrected_convolution();
  const std::vector<float> x = numbers_of(2 * 60, 1), raw = numbers_of(2 * 48, 2);
  for (const CorrectorOperand operand : {CorrectorOperand::outputs, CorrectorOperand::inputs}) {
    const std::size_t width = operand == CorrectorOperand::inputs ? 12 : 4;
    const LayerCorrector corrector{.outputs = 4,
                                   .gain = numbers_of(4, 3),
                                   .rank = 2,
                                   .operand = operand,
                                   .left = numbers_of(8, 4),
                                   .right = numbers_of(2 * width, 5),
                                   .offset = numbers_of(5 * 4, 6),
                                   .period = 5};
    std::vector<float> y = raw;
    correct(corrector, {shape, 2}, {x, 2, 7}, y);
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t p = 0; p < 12; ++p) {
        std::vector<float> z(raw.begin() + static_cast<std::ptrdiff_t>((i * 12 + p) * 4),
                             raw.begin() + static_cast<std::ptrdiff_t>((i * 12 + p) * 4 + 4));
        const std::vector<float> before = z;
        if (operand == CorrectorOperand::inputs) {
          z.clear();
          for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t a = 0; a < 2; ++a)
              for (std::size_t b = 0; b < 2; ++b)
                z.push_back(x[i * 60 + ((p / 3 + a) * 4 + p % 3 + b) * 3 + c]);
        }
        // The number of a vector in time: both passes of the images before it, then its place.
        const std::size_t phase = ((7 + i) * 2 * 12 + p) % 5;
        for (std::size_t o = 0; o < 4; ++o) {
          double sum = double{corrector.gain[o]} * before[o] + corrector.offset[phase * 4 + o];
          for (std::size_t r = 0; r < 2; ++r)
            for (std::size_t k = 0; k < width; ++k)
              sum += double{corrector.left[o * 2 + r]} * corrector.right[r * width + k] * z[k];
          EXPECT_NEAR(y[(i * 12 + p) * 4 + o], sum, 1e-5);
        }
      }
    const DigitalWork work = corrector_work(corrector, shape);
    const auto inner = static_cast<std::int64_t>(2 * width);
    EXPECT_EQ(work.multiplies, 12 * (4 + inner + 8));
    EXPECT_EQ(work.adds, 12 * (inner - 2 + 8 + 4));
    EXPECT_EQ(work.lookups, 12 * (4 + inner + 8 + 4)) << "every number that a vector needs";
    EXPECT_EQ(work.reads, operand == CorrectorOperand::inputs ? 60 : 0);
  }
}

/// Offsets by the number of the vector, and nothing else.
class OffsetCore final : public photonic::TensorCore {
 public:
  explicit OffsetCore(photonic::InputCoding coding) : exact_(core_of_numbers(12, 128)) {
    photonic::CoreDescription description = core_of_numbers(12, 128);
    description.coding = coding;
    exact_ = ExactCore(std::move(description));
  }
  const photonic::CoreDescription& description() const override { return exact_.description(); }
  photonic::RealisationReport realise(std::span<const float> targets, photonic::TileAddress address,
                                      std::span<float> realised,
                                      std::span<float> scales) const override {
    return exact_.realise(targets, address, realised, scales);
  }
  photonic::OutputErrors output_errors(std::uint64_t, std::uint32_t) const override {
    photonic::OutputErrors errors{.period = 3};
    for (int i = 0; i < 36; ++i) errors.offset.push_back(0.1F * static_cast<float>(i % 7 - 3));
    errors.noise_sigma.assign(12, 0.0F);
    return errors;
  }

 private:
  ExactCore exact_;
};

TEST(NetworkFit, FindsOffsetsInStepWithAllPassesOfAllImages) {
  for (const auto coding : {photonic::InputCoding::field, photonic::InputCoding::intensity}) {
    const OffsetCore core(coding);
    // 7 x 7 positions: images begin at every phase.
    nn::Network network(corrected_graph(Stem::as_it_is), {}, 7);
    const Tensor images = glyphs(60);
    const std::vector<float> exact = answers(network, nullptr, images);
    FrozenChip chip(core, network, {}, {5, 0});
    const int passes = coding == photonic::InputCoding::intensity ? 2 : 1;
    const FitImages fitted{.images = images, .vectors = 60 * 49};
    const NetworkFit fit =
        fit_network(chip, network, fitted, {.kind = CorrectorKind::interleave, .period = 3});
    EXPECT_EQ(chip.passes(1), passes);
    CorrectingEngine corrected(chip, fit.corrector);
    EXPECT_LT(distance(answers(network, &corrected, images), exact), 1e-4);
    const NetworkFit wrong =
        fit_network(chip, network, fitted, {.kind = CorrectorKind::interleave, .period = 4});
    CorrectingEngine badly(chip, wrong.corrector);
    EXPECT_GT(distance(answers(network, &badly, images), exact), 1e-2);
  }
}

TEST(NetworkFit, AChipKeepsWhatItWasProgrammedWith) {
  const WrongCore core(core_of_numbers(12, 6), Wrong::weights, 0.1);
  nn::Network network(corrected_graph(), {}, 7), another(corrected_graph(), {}, 8);
  const Tensor images = glyphs(5);
  FrozenChip chip(core, network, {}, {5, 2});
  const std::vector<float> first = answers(network, &chip, images);
  std::vector<float> weights(static_cast<std::size_t>(network.weight_layers()[0].shape.weights()),
                             9.0F);
  chip.load(0, network.weight_layers()[0].shape, weights, 3);
  EXPECT_EQ(answers(network, &chip, images), first);
}

TEST(NetworkFit, IsTheSameToTheBitOnAnyNumberOfThreads) {
  const WrongCore core(core_of_numbers(5, 6), Wrong::weights, 0.1);
  nn::Network network(corrected_graph(), {}, 7);
  const Tensor images = glyphs(40);
  const int most = omp_get_max_threads();
  for (const CorrectorKind kind : {CorrectorKind::shared, CorrectorKind::low_rank_input}) {
    std::vector<LayerCorrector> first;
    for (const int threads : {1, 2, 4}) {
      omp_set_num_threads(threads);
      FrozenChip chip(core, network, {}, {5, 2});
      const NetworkFit fit =
          fit_network(chip, network, {.images = images, .vectors = 500}, {.kind = kind});
      if (first.empty()) first = fit.corrector.layers;
      for (std::size_t l = 0; l < first.size(); ++l) {
        EXPECT_EQ(fit.corrector.layers[l].mixing, first[l].mixing);
        EXPECT_EQ(fit.corrector.layers[l].right, first[l].right);
      }
    }
  }
  omp_set_num_threads(most);
}

TEST(NetworkFit, OneMixingForAllLayersIsStoredOnce) {
  const WrongCore core(core_of_numbers(12, 6), Wrong::outputs, 0.05);
  nn::Network network(corrected_graph(), {}, 7);
  const Tensor images = glyphs(60);
  FrozenChip chip(core, network, {}, {5, 2});
  const NetworkFit fit =
      fit_network(chip, network, {.images = images}, {.kind = CorrectorKind::shared});
  EXPECT_EQ(fit.corrector.numbers(), 100);
  for (std::size_t o = 0; o < 6; ++o)
    for (std::size_t k = 0; k < 6; ++k) {
      EXPECT_EQ(fit.corrector.layers[0].mixing[o * 6 + k],
                fit.corrector.layers[2].mixing[o * 10 + k]);
      EXPECT_EQ(fit.corrector.layers[1].mixing[o * 6 + k],
                fit.corrector.layers[2].mixing[o * 10 + k]);
    }
}

}  // namespace
}  // namespace lightloom::cosim
