// Attention as exporters write it, through the import.
#include <gtest/gtest.h>

#include <map>

#include "tests/nn/onnx/chain.hpp"

namespace lightloom::nn::onnx {
namespace {

using namespace chains;

/// A vision transformer of one block as PyTorch exports it: patches, class token, positions,
/// attention of two heads, a perceptron, the head on the class token.
Model vision_transformer(std::int64_t images) {
  Chain c({images, 3, 8, 12});
  const std::int64_t n = std::max<std::int64_t>(1, images);
  c.add("Conv", {"x", c.random({8, 3, 4, 4}), c.random({8})}, {{"strides", whole_numbers({4, 4})}});
  c.add("Reshape", {c.last, c.whole({n, 8, 6})});
  c.add("Transpose", {c.last}, {{"perm", whole_numbers({0, 2, 1})}});
  c.model.constants["class"] = {.dims = {n, 1, 8}};
  for (std::int64_t i = 0; i < n * 8; ++i)
    c.model.constants["class"].floats.push_back(0.1f * static_cast<float>(i % 8) - 0.3f);
  c.add("Concat", {"class", c.last}, {{"axis", whole_number(1)}});
  const std::string tokens = c.add("Add", {c.last, c.random({1, 7, 8})});
  c.add("LayerNormalization", {tokens, c.random({8}), c.random({8})}, {{"axis", whole_number(-1)}});
  c.add("MatMul", {c.last, c.random({8, 24})});
  c.add("Add", {c.random({24}), c.last});
  c.add("Reshape", {c.last, c.whole({n, 7, 3, 2, 4})});
  const std::string all = c.add("Transpose", {c.last}, {{"perm", whole_numbers({0, 2, 3, 1, 4})}});
  const auto part = [&](std::int64_t i) {
    return c.add("Gather", {all, c.whole({i})}, {{"axis", whole_number(1)}});
  };
  const std::string q = part(0), k = part(1), v = part(2);
  const std::string queries = c.add("Mul", {q, c.scalar(0.5f)});
  c.add("Transpose", {k}, {{"perm", whole_numbers({0, 1, 2, 4, 3})}});
  c.add("MatMul", {queries, c.last});
  c.add("Softmax", {c.last}, {{"axis", whole_number(-1)}});
  c.add("MatMul", {c.last, v});
  c.add("Squeeze", {c.last, c.whole({1})});
  c.add("Transpose", {c.last}, {{"perm", whole_numbers({0, 2, 1, 3})}});
  c.add("Reshape", {c.last, c.whole({n, 7, 8})});
  c.add("MatMul", {c.last, c.random({8, 8})});
  const std::string mixed = c.add("Add", {tokens, c.last});
  c.add("LayerNormalization", {mixed, c.random({8}), c.random({8})}, {{"axis", whole_number(-1)}});
  c.add("MatMul", {c.last, c.random({8, 13})});
  c.add("Gelu", {c.last});
  c.add("MatMul", {c.last, c.random({13, 8})});
  c.add("Add", {mixed, c.last});
  c.add("Gather", {c.last, c.whole({0})}, {{"axis", whole_number(1)}});
  c.add("Reshape", {c.last, c.whole({n, 8})});
  c.add("Gemm", {c.last, c.random({5, 8}), c.random({5})}, {{"transB", whole_number(1)}});
  c.model.opset = 20;
  return c.model;
}

TEST(OnnxTransformers, AVisionTransformerIsANetworkThatTrains) {
  for (const std::int64_t images : {1, 2}) {
    const Model model = vision_transformer(images);
    expect_same_function(model);
    expect_right_gradients(model, 1e-2);
  }
  const Imported imported = translate(vision_transformer(0));
  const NetworkShape shape = network_shape(imported.graph);
  ASSERT_EQ(shape.layers.size(), 6u);
  // Patches, queries with keys and values, their output, two layers of the perceptron, the head.
  const std::int64_t macs[] = {6 * 8 * 48, 7 * 8 * 24, 7 * 8 * 8, 7 * 8 * 13, 7 * 13 * 8, 8 * 5};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(shape.layers[i].macs(), macs[i]) << i;
  // Two normalisations of 8, the class token, seven positions.
  EXPECT_EQ(shape.norm_parameters, 2 * 16 + 8 + 7 * 8);
}

/// An encoder whose tokens come before its images, as nn.MultiheadAttention writes it.
TEST(OnnxTransformers, ImagesMayStandBehindTheTokens) {
  for (const std::int64_t n : {1, 2, 3}) {
    Chain c({n, 7, 8}, 17);
    const std::string tokens = c.add("Transpose", {"x"}, {{"perm", whole_numbers({1, 0, 2})}});
    c.add("LayerNormalization", {tokens, c.random({8}), c.random({8})},
          {{"axis", whole_number(-1)}});
    const std::string normal = c.last;
    const auto heads = [&](const Sides& order) {
      c.add("MatMul", {normal, c.random({8, 8})});
      c.add("Add", {c.last, c.random({8})});
      c.add("Reshape", {c.last, c.whole({7, n * 2, 4})});
      return c.add("Transpose", {c.last}, {{"perm", whole_numbers(order)}});
    };
    const std::string q = heads({1, 0, 2}), k = heads({1, 2, 0}), v = heads({1, 0, 2});
    c.add("MatMul", {q, k});
    c.add("Softmax", {c.last}, {{"axis", whole_number(-1)}});
    c.add("MatMul", {c.last, v});
    c.add("Transpose", {c.last}, {{"perm", whole_numbers({1, 0, 2})}});
    c.add("Reshape", {c.last, c.whole({7 * n, 8})});
    c.add("Gemm", {c.last, c.random({8, 8}), c.random({8})}, {{"transB", whole_number(1)}});
    c.add("Reshape", {c.last, c.whole({7, n, 8})});
    c.add("Add", {tokens, c.last});
    const std::string sum = c.last;
    c.add("ReduceMean", {sum}, {{"axes", whole_numbers({-1})}});
    c.add("Sub", {sum, c.last});
    c.add("Transpose", {c.last}, {{"perm", whole_numbers({1, 0, 2})}});
    expect_same_function(c.model);
    expect_right_gradients(c.model);
  }
}

TEST(OnnxTransformers, SumsAlongLettersAreProductsOfMatrices) {
  Chain c({2, 3, 4, 5});
  c.add("Einsum", {"x", "x"}, {{"equation", word("b h i d, b h j d -> b h i j")}});
  const Array x = input_of(c.model);
  Network network = network_of(translate(c.model), {});
  Inference inference(network);
  const std::vector<float> got =
      to_channels_first(inference.forward(to_channels_last(x, network.graph().nodes[0].shape)));
  for (std::size_t n = 0; n < 6; ++n)
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < 4; ++j) {
        double sum = 0;
        for (std::size_t d = 0; d < 5; ++d)
          sum += double{x.floats[(n * 4 + i) * 5 + d]} * x.floats[(n * 4 + j) * 5 + d];
        EXPECT_NEAR(got[(n * 4 + i) * 4 + j], sum, 1e-5);
      }
}

/// One letter a loop: the sum over all letters of both operands, by their sides.
std::vector<double> by_letters(const std::string& equation, const Array& a, const Array& b) {
  const std::string left = equation.substr(0, equation.find(',')),
                    right = equation.substr(left.size() + 1, equation.find("->") - left.size() - 1),
                    out = equation.substr(equation.find("->") + 2);
  std::map<char, std::int64_t> side;
  for (std::size_t i = 0; i < left.size(); ++i) side[left[i]] = a.dims[i];
  for (std::size_t i = 0; i < right.size(); ++i) side[right[i]] = b.dims[i];
  const auto place = [&](const std::string& letters, const std::map<char, std::int64_t>& at) {
    std::int64_t index = 0;
    for (const char letter : letters) index = index * side.at(letter) + at.at(letter);
    return static_cast<std::size_t>(index);
  };
  std::int64_t all = 1, size = 1;
  for (const auto& [letter, count] : side) all *= count;
  for (const char letter : out) size *= side.at(letter);
  std::vector<double> sums(static_cast<std::size_t>(size));
  for (std::int64_t n = 0; n < all; ++n) {
    std::map<char, std::int64_t> at;
    std::int64_t left_over = n;
    for (const auto& [letter, count] : side) at[letter] = left_over % count, left_over /= count;
    sums[place(out, at)] += double{a.floats[place(left, at)]} * b.floats[place(right, at)];
  }
  return sums;
}

TEST(OnnxTransformers, SumsWithAConstantAreLayersOfWeights) {
  // Queries that are learned, heads of an EinsumDense and back, a product over two axes.
  const struct {
    const char* equation;
    Sides value, constant;
    bool first;
  } cases[] = {{"qd,bdn->bqn", {2, 5, 7}, {3, 5}, true},
               {"btd,dhk->bthk", {2, 6, 5}, {5, 3, 4}, false},
               {"bthk,hkd->btd", {2, 6, 3, 4}, {3, 4, 5}, false},
               {"bthk,khd->bdt", {2, 6, 3, 4}, {4, 3, 5}, false}};
  for (const auto& [equation, value, constant, first] : cases) {
    Chain c(value, 17);
    const std::string w = c.random(constant);
    c.add("Einsum", first ? std::vector<std::string>{w, "x"} : std::vector<std::string>{"x", w},
          {{"equation", word(equation)}});
    const Array x = input_of(c.model), weight = c.model.constants.at(w);
    const Imported imported = translate(c.model);
    EXPECT_EQ(network_shape(imported.graph).layers.size(), 1u) << equation;
    Network network = network_of(imported, {});
    Inference inference(network);
    const Array got = output_of(imported, inference.forward(images_of(imported, x)));
    const std::vector<double> expected =
        first ? by_letters(equation, weight, x) : by_letters(equation, x, weight);
    ASSERT_EQ(got.floats.size(), expected.size()) << equation;
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(got.floats[i], expected[i], 1e-5) << equation << " " << i;
  }
  Chain other({2, 5, 7}, 17);
  other.add("Einsum", {"x", other.random({2, 5, 4})}, {{"equation", word("bdn,bdk->bnk")}});
  EXPECT_THROW((void)translate(other.model), Unsupported);
}

}  // namespace
}  // namespace lightloom::nn::onnx
