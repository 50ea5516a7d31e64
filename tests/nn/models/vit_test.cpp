// Vision transformers built in: their sizes, their function by its definition, what they refuse.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/error.hpp"
#include "nn/inference/evaluate.hpp"
#include "nn/inference/inference.hpp"
#include "nn/models/models.hpp"
#include "nn/train/train.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

using VitRows = std::vector<std::vector<double>>;  // tokens, or the rows of a matrix

DatasetShape vit_images(int pixels, int channels) {
  return {.name = "images", .image = {pixels, pixels, channels}, .classes = 3};
}

std::int64_t vit_parameters(const NetworkShape& shape) {
  std::int64_t sum = shape.norm_parameters;
  for (const LayerShape& layer : shape.layers) sum += layer.weights() + layer.out_channels;
  return sum;
}

TEST(Vit, HasThePublishedParametersButForTheClassTokenAndItsPosition) {
  // DeiT-Tiny at 224 pixels: 5,717,416 (timm), of which 192 are the token and 192 its position.
  EXPECT_EQ(vit_parameters(network_shape("vit-tiny", "imagenet")), 5717416 - 2 * 192);
  EXPECT_EQ(vit_parameters(network_shape("vit-192-12-3", "imagenet")), 5717416 - 2 * 192);
  EXPECT_EQ(vit_parameters(network_shape("vit-192-12-3-16", "imagenet")), 5717416 - 2 * 192);
  EXPECT_EQ(vit_parameters(network_shape("vit", "cifar10")),
            vit_parameters(network_shape("vit-64-4-2-4", "cifar10")));
}

TEST(Vit, CutsSmallImagesIntoPatchesOfFourPixels) {
  for (const auto& [dataset, side] : {std::pair{"cifar10", 8}, {"fashion-mnist", 7}}) {
    const NetworkShape shape = network_shape("vit-96-3-4", dataset);
    ASSERT_EQ(shape.layers.size(), 1u + 3 * 6 + 1);
    EXPECT_EQ(shape.layers[0].kernel_height, 4);
    EXPECT_EQ(shape.layers[0].out_width, side);
    EXPECT_EQ(shape.layers[1].name, "blocks.0.attn.q");
    EXPECT_EQ(shape.layers[1].out_channels, 96);
    EXPECT_EQ(shape.layers[5].out_channels, 4 * 96) << shape.layers[5].name;
    EXPECT_EQ(shape.layers.back().in_channels, 96);
  }
  EXPECT_EQ(build_graph("vit-96-3-4", "cifar10").name, "vit-96-3-4");
}

TEST(Vit, RefusesSizesThatAreNone) {
  const auto refusal = [](const char* model, const char* dataset = "cifar10") -> std::string {
    try {
      build_graph(model, dataset);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  };
  for (const char* bad : {"vit-", "vit-64", "vit-64-4", "vit-64-4-2-4-1", "vit-64-4-", "vit-64-0-2",
                          "vit-64--4-2", "vit-64-4-2x", "vit-64-4-2.0", "vit-99999999999-1-1"})
    EXPECT_NE(refusal(bad).find("has no sizes"), std::string::npos) << refusal(bad);
  for (const char* large : {"vit-4097-1-1", "vit-64-65-1", "vit-64-1-1-65"})
    EXPECT_NE(refusal(large).find("too large"), std::string::npos) << refusal(large);
  EXPECT_NE(refusal("vit-64-4-3").find("3 heads do not divide tokens of 64"), std::string::npos);
  EXPECT_NE(refusal("vit-64-4-2-5").find("patches of 5 pixels do not divide images of 32x32"),
            std::string::npos);
  EXPECT_NE(refusal("vit-tyni").find("did you mean 'vit-tiny'"), std::string::npos);
  EXPECT_EQ(refusal("vit-64-4-2-8"), "nothing was refused");
}

/// A parameter tensor of every name, all of them random.
struct VitNumbers {
  std::map<std::string, VitRows> weights;  // [out][inputs]
  std::map<std::string, std::vector<double>> biases, scales, shifts;
};

std::vector<double> vit_row(std::size_t size, std::uint32_t family) {
  std::vector<double> row = reference::random_doubles(size, family);
  for (double& one : row) one = static_cast<float>(0.4 * one);
  return row;
}

void give_vit(Parameter& parameter, std::vector<double>& numbers, std::uint32_t family) {
  numbers = vit_row(parameter.value.size(), family);
  parameter.value = reference::floats(numbers);
}

VitNumbers randomise_vit(Network& network) {
  VitNumbers all;
  std::uint32_t family = 0;
  for (WeightLayer& layer : network.weight_layers()) {
    const auto out = as_index(layer.shape.out_channels), in = as_index(layer.shape.weights()) / out;
    const std::vector<double> weight = vit_row(out * in, ++family);
    layer.source->encode(reference::floats(weight));
    for (std::size_t o = 0; o < out; ++o)
      all.weights[layer.shape.name].emplace_back(
          weight.begin() + static_cast<std::ptrdiff_t>(o * in),
          weight.begin() + static_cast<std::ptrdiff_t>((o + 1) * in));
    give_vit(layer.bias, all.biases[layer.shape.name], ++family);
  }
  for (NormLayer& norm : network.norms()) {
    if (!norm.scale.value.empty()) give_vit(norm.scale, all.scales[norm.name], ++family);
    give_vit(norm.shift, all.shifts[norm.name], ++family);
  }
  return all;
}

VitRows vit_linear(const VitNumbers& n, const std::string& name, const VitRows& x) {
  VitRows y;
  for (const auto& token : x) {
    y.emplace_back();
    for (std::size_t o = 0; o < n.weights.at(name).size(); ++o) {
      double sum = n.biases.at(name)[o];
      for (std::size_t i = 0; i < token.size(); ++i) sum += n.weights.at(name)[o][i] * token[i];
      y.back().push_back(sum);
    }
  }
  return y;
}

VitRows vit_norm(const VitNumbers& n, const std::string& name, VitRows x) {
  for (auto& token : x) {
    double mean = 0, variance = 0;
    for (const double one : token) mean += one / static_cast<double>(token.size());
    for (const double one : token)
      variance += (one - mean) * (one - mean) / static_cast<double>(token.size());
    for (std::size_t c = 0; c < token.size(); ++c)
      token[c] = (token[c] - mean) / std::sqrt(variance + 1e-6) * n.scales.at(name)[c] +
                 n.shifts.at(name)[c];
  }
  return x;
}

VitRows vit_attention(const VitRows& q, const VitRows& k, const VitRows& v, std::size_t heads) {
  const std::size_t width = q[0].size() / heads;
  VitRows y(q.size(), std::vector<double>(q[0].size()));
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t a = 0; a < q.size(); ++a) {
      std::vector<double> share(k.size());
      double sum = 0;
      for (std::size_t b = 0; b < k.size(); ++b) {
        double score = 0;
        for (std::size_t c = h * width; c < (h + 1) * width; ++c) score += q[a][c] * k[b][c];
        sum += share[b] = std::exp(score / std::sqrt(static_cast<double>(width)));
      }
      for (std::size_t b = 0; b < k.size(); ++b)
        for (std::size_t c = h * width; c < (h + 1) * width; ++c)
          y[a][c] += share[b] / sum * v[b][c];
    }
  return y;
}

void add_vit_rows(VitRows& x, const VitRows& more) {
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t c = 0; c < x[t].size(); ++c) x[t][c] += more[t][c];
}

/// The vit_patches of an image (channels last) as rows in the order of a kernel [channels, 4, 4].
VitRows vit_patches(const std::vector<double>& image, std::size_t side, std::size_t channels) {
  VitRows all;
  for (std::size_t top = 0; top < side; top += 4)
    for (std::size_t left = 0; left < side; left += 4) {
      all.emplace_back();
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t y = top; y < top + 4; ++y)
          for (std::size_t x = left; x < left + 4; ++x)
            all.back().push_back(image[(y * side + x) * channels + c]);
    }
  return all;
}

std::vector<double> slow_vit(const VitNumbers& n, VitRows x, int depth, std::size_t heads) {
  x = vit_linear(n, "patch_embed.proj", x);
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t c = 0; c < x[t].size(); ++c)
      x[t][c] += n.shifts.at("pos_embed")[t * x[t].size() + c];
  for (int b = 0; b < depth; ++b) {
    const std::string name = fmt::format("blocks.{}.", b);
    VitRows y = vit_norm(n, name + "norm1", x);
    y = vit_attention(vit_linear(n, name + "attn.q", y), vit_linear(n, name + "attn.k", y),
                      vit_linear(n, name + "attn.v", y), heads);
    add_vit_rows(x, vit_linear(n, name + "attn.proj", y));
    y = vit_linear(n, name + "mlp.fc1", vit_norm(n, name + "norm2", x));
    for (auto& token : y)
      for (double& one : token) one *= 0.5 * (1 + std::erf(one / std::sqrt(2.0)));
    add_vit_rows(x, vit_linear(n, name + "mlp.fc2", y));
  }
  x = vit_norm(n, "norm", x);
  std::vector<double> mean(x[0].size());
  for (const auto& token : x)
    for (std::size_t c = 0; c < mean.size(); ++c)
      mean[c] += token[c] / static_cast<double>(x.size());
  return vit_linear(n, "head", {mean})[0];
}

// A transformer in loops, independent of every operator of the library.
TEST(Vit, ComputesWhatItsDefinitionSays) {
  Network network(build_graph("vit-12-3-2", vit_images(12, 2)), {.source = "dense"}, 1);
  const VitNumbers numbers = randomise_vit(network);
  Inference inference(network);
  const std::vector<double> image = reference::random_doubles(12 * 12 * 2, 77);
  const Tensor& logits = inference.forward(reference::tensor(image, {1, {12, 12, 2}}));
  const std::vector<double> expected = slow_vit(numbers, vit_patches(image, 12, 2), 3, 2);
  ASSERT_EQ(expected.size(), 3u);
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(logits.values()[c], expected[c], 2e-5 * (1 + std::abs(expected[c])));
}

// Sixty images by heart: every gradient on the way has to be right for it.
TEST(LongVit, LearnsItsImages) {
  Dataset data = load_dataset({.name = "glyphs", .train_limit = 60, .test_limit = 10}, 1);
  data.validation = data.train;  // which chooses the epoch
  Network network(build_graph("vit-32-2-2-7", "glyphs"), {.source = "dense"}, 1);
  TrainCard card{.epochs = 20, .batch = 10};
  card.optimizer.kind = OptimizerKind::adam;
  card.schedule.rate = 0.003;
  train(network, data, {card, 1}, {});
  Inference inference(network);
  EXPECT_GT(evaluate(inference, data.train).accuracy(), 0.9);
}

}  // namespace
}  // namespace lightloom::nn
