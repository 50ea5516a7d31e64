// Quantised networks: the interpreter against hand calculations, the import against the
// interpreter.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/export.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "tests/nn/onnx/arrays.hpp"

namespace lightloom::nn::onnx::quantised_tests {
namespace {

using namespace arrays;

TEST(OnnxQuantised, IntegersStandForNumbersPerTensorAxisAndBlock) {
  using I = std::vector<std::int64_t>;
  const Array x = of_floats({5}, {-10, 0.5f, 1.5f, 2.2f, 1000});
  const Array scale = of_floats({}, {1}), zero = of_integers({}, {3}, ElementType::uint8);
  // Halves to even, then the zero point, then the ends of a byte.
  EXPECT_EQ(run("QuantizeLinear", {x, scale, zero})[0].integers, (I{0, 3, 5, 5, 255}));
  EXPECT_EQ(run("QuantizeLinear", {x, scale})[0].type, ElementType::uint8);
  const Array q = of_integers({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}, ElementType::int8);
  const Array rows = of_floats({2}, {1, 10});
  const Array zeros = of_integers({2}, {0, 5}, ElementType::int8);
  EXPECT_EQ(run("DequantizeLinear", {q, rows, zeros}, {{"axis", number(0)}})[0].floats,
            (std::vector<float>{1, 2, 3, 4, 0, 10, 20, 30}));
  const Array blocks = of_floats({2, 2}, {1, 10, 100, 1000});
  EXPECT_EQ(
      run("DequantizeLinear", {q, blocks}, {{"axis", number(1)}, {"block_size", number(2)}})[0]
          .floats,
      (std::vector<float>{1, 2, 30, 40, 500, 600, 7000, 8000}));
  EXPECT_THROW((void)run("DequantizeLinear", {q, of_floats({3}, {1, 2, 3})}), Error);
}

TEST(OnnxQuantised, BytesSpreadOverTheRangeOfTheValues) {
  // 0 to 5.1 in 255 steps of 0.02; -1.02 lies 51 steps below zero.
  const auto all = run("DynamicQuantizeLinear", {of_floats({3}, {-1.02f, 4.08f, 0})}, {}, 3);
  EXPECT_FLOAT_EQ(all[1].floats[0], 5.1f / 255);
  EXPECT_EQ(all[2].integers[0], 51);
  EXPECT_EQ(all[0].integers, (std::vector<std::int64_t>{0, 255, 51}));
}

TEST(OnnxQuantised, ProductsOfIntegersAreThoseOfTheirNumbers) {
  // (130 - 128) 0.5 and (126 - 128) 0.5 are 1 and -1; columns (3, 4) 0.1 and (5, 6) 0.2.
  const Array a = of_integers({1, 2}, {130, 126}, ElementType::uint8);
  const Array b = of_integers({2, 2}, {3, 5, 4, 6}, ElementType::int8);
  const Array one = of_integers({}, {128}, ElementType::uint8);
  const Array none = of_integers({2}, {0, 0}, ElementType::int8);
  const Array out_zero = of_integers({}, {10}, ElementType::uint8);
  const Array y =
      run("QLinearMatMul", {a, of_floats({}, {0.5f}), one, b, of_floats({2}, {0.1f, 0.2f}), none,
                            of_floats({}, {0.05f}), out_zero})[0];
  // 0.3 - 0.4 = -0.1 is -2 steps of 0.05, 1.0 - 1.2 = -0.2 is -4.
  EXPECT_EQ(y.integers, (std::vector<std::int64_t>{8, 6}));
  EXPECT_EQ(y.type, ElementType::uint8);
  // A 1x1 convolution over two channels with a bias of 7 in units of the product 0.5 0.1.
  const Array map = of_integers({1, 2, 1, 1}, {130, 126}, ElementType::uint8);
  const Array w = of_integers({1, 2, 1, 1}, {3, 4}, ElementType::int8);
  const Array z =
      run("QLinearConv", {map, of_floats({}, {0.5f}), one, w, of_floats({1}, {0.1f}),
                          of_integers({}, {0}, ElementType::int8), of_floats({}, {0.05f}), out_zero,
                          of_integers({1}, {7}, ElementType::int32)})[0];
  EXPECT_EQ(z.integers, (std::vector<std::int64_t>{15}));  // (2 3 - 2 4 + 7) 0.05 / 0.05 + 10
}

TEST(OnnxQuantised, QonnxRoundsToItsBits) {
  const Array x = of_floats({4}, {-9, -0.8f, 0.8f, 9});
  const Array s = of_floats({}, {0.5f}), z = of_floats({}, {0}), bits = of_floats({}, {3});
  const auto quant = [&](std::int64_t sign, std::int64_t narrow) {
    return run("qonnx.custom_op.general.Quant", {x, s, z, bits},
               {{"signed", number(sign)}, {"narrow", number(narrow)}})[0]
        .floats;
  };
  EXPECT_EQ(quant(1, 0), (std::vector<float>{-2, -1, 1, 1.5f}));  // -4 to 3 halves
  EXPECT_EQ(quant(1, 1), (std::vector<float>{-1.5f, -1, 1, 1.5f}));
  EXPECT_EQ(quant(0, 0), (std::vector<float>{0, 0, 1, 3.5f}));
}

Array through(const Imported& imported, const Array& x) {
  Network network = network_of(imported, {});
  Inference inference(network);
  return output_of(imported, inference.forward(images_of(imported, x)));
}

/// A convolution between quantisers, its weight integers per channel, and a linear layer.
Model quantised_network() {
  Model model{.opset = 13, .inputs = {{"x", {0, 2, 5, 5}}}, .outputs = {"y"}};
  const auto pair = [&](const std::string& from, const std::string& to, const std::string& what) {
    model.operations.push_back(
        {"QuantizeLinear", "", {from, what + "_s", what + "_z"}, {to + "_q"}, {}});
    model.operations.push_back(
        {"DequantizeLinear", "", {to + "_q", what + "_s", what + "_z"}, {to}, {}});
  };
  std::vector<std::int64_t> codes;
  for (int i = 0; i < 72; ++i) codes.push_back(37 * i % 255 - 127);
  model.constants = {{"w_q", of_integers({4, 2, 3, 3}, codes, ElementType::int8)},
                     {"w_s", of_floats({4}, {0.01f, 0.02f, 0.005f, 0.03f})},
                     {"w_z", of_integers({4}, {0, 0, 0, 0}, ElementType::int8)},
                     {"in_s", of_floats({}, {0.02f})},
                     {"in_z", of_integers({}, {128}, ElementType::uint8)},
                     {"h_s", of_floats({}, {0.05f})},
                     {"h_z", of_integers({}, {0}, ElementType::uint8)},
                     {"rows", integers_array({0, -1})},
                     {"d", drawn({36, 3}, 4)}};
  pair("x", "v", "in");
  model.operations.push_back(
      {"DequantizeLinear", "", {"w_q", "w_s", "w_z"}, {"w"}, {{"axis", number(0)}}});
  model.operations.push_back({"Conv", "c", {"v", "w"}, {"c"}, {}});
  model.operations.push_back({"Relu", "r", {"c"}, {"r"}, {}});
  // The reshape stands between the two halves of a quantiser.
  model.operations.push_back({"QuantizeLinear", "", {"r", "h_s", "h_z"}, {"h_q"}, {}});
  model.operations.push_back({"Reshape", "", {"h_q", "rows"}, {"f_q"}, {}});
  model.operations.push_back({"DequantizeLinear", "", {"f_q", "h_s", "h_z"}, {"f"}, {}});
  model.operations.push_back({"MatMul", "g", {"f", "d"}, {"y"}, {}});
  return model;
}

void expect_near(const Array& got, const Array& expected, double tolerance) {
  ASSERT_EQ(got.dims, expected.dims);
  for (std::size_t i = 0; i < got.floats.size(); ++i)
    EXPECT_NEAR(got.floats[i], expected.floats[i], tolerance) << i;
}

TEST(OnnxQuantised, NetworksBetweenQuantisersKeepTheirRounding) {
  const Model model = quantised_network();
  const Array x = drawn({3, 2, 5, 5}, 1);
  const Imported imported = translate(model);
  int quantisers = 0;
  for (const Node& node : imported.graph.nodes) quantisers += node.op == Op::quantise;
  EXPECT_EQ(quantisers, 2);
  // Sums of 18 products may round to the other side of a step of 0.05 only at a tie.
  expect_near(through(imported, x), evaluate(model, {{"x", x}}).front(), 1e-4);
  // The weights are the integers times their scale.
  const LayerValues& layer = imported.layers.begin()->second;
  EXPECT_FLOAT_EQ(layer.weight[18], (37 * 18 % 255 - 127) * 0.02f);
}

TEST(OnnxQuantised, ABorderIsRoundedWithTheMapItIsAround) {
  // 0.26 is 3 steps of 0.1, rounded; 90 is clipped to 12.7.
  for (const float fill : {0.26f, 90.0f}) {
    Model model{.opset = 13,
                .operations = {{"Pad", "p", {"x", "pads", "fill"}, {"v"}, {}},
                               {"QuantizeLinear", "", {"v", "s", "z"}, {"q"}, {}},
                               {"DequantizeLinear", "", {"q", "s", "z"}, {"r"}, {}},
                               {"Conv", "c", {"r", "w"}, {"y"}, {}}},
                .constants = {{"pads", integers_array({0, 0, 1, 2, 0, 0, 0, 1})},
                              {"fill", of_floats({}, {fill})},
                              {"s", of_floats({}, {0.1f})},
                              {"z", of_integers({}, {0}, ElementType::int8)},
                              {"w", drawn({4, 2, 3, 3}, 3)}},
                .inputs = {{"x", {0, 2, 5, 5}}},
                .outputs = {"y"}};
    const Array x = drawn({3, 2, 5, 5}, 1);
    expect_near(through(translate(model), x), evaluate(model, {{"x", x}}).front(), 1e-4);
  }
}

TEST(OnnxQuantised, IntegersOfImagesAreReadWithTheirOwnScaleOnly) {
  Model model = quantised_network();
  model.constants["other"] = of_floats({}, {0.06f});
  model.operations[7].inputs[1] = "other";
  EXPECT_THROW((void)translate(model), Unsupported);
  model = quantised_network();
  model.operations.back().inputs[0] = "f_q";  // a product of integers without their numbers
  EXPECT_THROW((void)translate(model), Unsupported);
  model = quantised_network();
  model.constants["h_s"] = of_floats({}, {0});
  EXPECT_THROW((void)translate(model), Unsupported);
}

/// Something done to the integers of an image before they are numbers again.
Model done_to_integers(const Operation& what) {
  Model model{.opset = 13,
              .operations = {{"QuantizeLinear", "q", {"x", "s", "z"}, {"q"}, {}},
                             what,
                             {"DequantizeLinear", "d", {"moved", "s", "z"}, {"d"}, {}},
                             {"Conv", "c", {"d", "w"}, {"y"}, {}}},
              .constants = {{"pads", integers_array({0, 0, 1, 1, 0, 0, 1, 1})},
                            {"s", of_floats({}, {0.02f})},
                            {"z", of_integers({}, {128}, ElementType::uint8)},
                            {"w", drawn({4, 2, 2, 2}, 3)}},
              .inputs = {{"x", {0, 2, 5, 5}}},
              .outputs = {"y"}};
  return model;
}

// A border of the integer 0 is -128 steps, none of the number 0.
TEST(OnnxQuantised, IntegersMayBeMovedButGetNoBorder) {
  const Model turned = done_to_integers(
      {"Transpose", "t", {"q"}, {"moved"}, {{"perm", {.integers = {0, 1, 3, 2}, .list = true}}}});
  const Array x = drawn({3, 2, 5, 5}, 1);
  expect_near(through(translate(turned), x), evaluate(turned, {{"x", x}}).front(), 1e-4);
  EXPECT_THROW((void)translate(done_to_integers({"Pad", "b", {"q", "pads"}, {"moved"}, {}})),
               Unsupported);
}

/// The same network on integers all through, a pool of integers in it.
Model integer_network() {
  Model model{.opset = 13, .inputs = {{"x", {0, 2, 5, 5}}}, .outputs = {"y"}};
  std::vector<std::int64_t> codes, dense;
  for (int i = 0; i < 72; ++i) codes.push_back(37 * i % 255 - 127);
  for (int i = 0; i < 48; ++i) dense.push_back(29 * i % 255 - 127);
  model.constants = {{"w", of_integers({4, 2, 3, 3}, codes, ElementType::int8)},
                     {"w_s", of_floats({4}, {0.01f, 0.02f, 0.005f, 0.03f})},
                     {"w_z", of_integers({4}, {0, 0, 0, 0}, ElementType::int8)},
                     {"b", of_integers({4}, {100, -50, 7, 900}, ElementType::int32)},
                     {"in_s", of_floats({}, {0.02f})},
                     {"in_z", of_integers({}, {128}, ElementType::uint8)},
                     {"h_s", of_floats({}, {0.05f})},
                     {"h_z", of_integers({}, {20}, ElementType::uint8)},
                     {"d", of_integers({16, 3}, dense, ElementType::int8)},
                     {"d_s", of_floats({}, {0.01f})},
                     {"d_z", of_integers({}, {0}, ElementType::int8)},
                     {"y_s", of_floats({}, {0.1f})},
                     {"rows", integers_array({0, -1})}};
  model.operations = {
      {"QuantizeLinear", "q", {"x", "in_s", "in_z"}, {"q"}, {}},
      {"QLinearConv",
       "c",
       {"q", "in_s", "in_z", "w", "w_s", "w_z", "h_s", "h_z", "b"},
       {"c"},
       {{"pads", {.integers = {1, 1, 1, 1}, .list = true}}}},
      {"MaxPool",
       "p",
       {"c"},
       {"p"},
       {{"kernel_shape", {.integers = {2, 2}, .list = true}},
        {"strides", {.integers = {2, 2}, .list = true}}}},
      {"Reshape", "f", {"p", "rows"}, {"f"}, {}},
      {"QLinearMatMul", "g", {"f", "h_s", "h_z", "d", "d_s", "d_z", "y_s", "in_z"}, {"g"}, {}},
      {"DequantizeLinear", "y", {"g", "y_s", "in_z"}, {"y"}, {}}};
  return model;
}

TEST(OnnxQuantised, OperatorsOnIntegersAreThoseOnTheirNumbers) {
  const Model model = integer_network();
  const Array x = drawn({3, 2, 5, 5}, 1);
  const Imported imported = translate(model);
  ASSERT_EQ(imported.layers.size(), 2u);
  EXPECT_FLOAT_EQ(imported.layers.begin()->second.bias[3], 900 * 0.02f * 0.03f);
  // Sums in single precision may fall to the other side of a tie: at most one step of 0.1.
  const Array got = through(imported, x), expected = evaluate(model, {{"x", x}}).front();
  int different = 0;
  for (std::size_t i = 0; i < got.floats.size(); ++i) {
    EXPECT_NEAR(got.floats[i], expected.floats[i], 0.101);
    different += std::abs(got.floats[i] - expected.floats[i]) > 1e-4f;
  }
  EXPECT_LE(different, 1);
}

TEST(OnnxQuantised, QonnxNetworksAreQuantisedNetworks) {
  Model model{.opset = 13,
              .operations = {{"qonnx.custom_op.general.Quant",
                              "a",
                              {"x", "s", "z", "b"},
                              {"v"},
                              {{"signed", number(0)}}},
                             {"qonnx.custom_op.general.Quant",
                              "k",
                              {"w", "s", "z", "b"},
                              {"q"},
                              {{"narrow", number(1)}}},
                             {"Conv", "c", {"v", "q"}, {"y"}, {}}},
              .constants = {{"w", drawn({4, 2, 3, 3}, 2)},
                            {"s", of_floats({}, {0.125f})},
                            {"z", of_floats({}, {0})},
                            {"b", of_floats({}, {3})}},
              .inputs = {{"x", {0, 2, 5, 5}}},
              .outputs = {"y"}};
  const Array x = drawn({3, 2, 5, 5}, 1);
  const Imported imported = translate(model);
  expect_near(through(imported, x), evaluate(model, {{"x", x}}).front(), 1e-5);
  for (const float w : imported.layers.begin()->second.weight)
    EXPECT_TRUE(std::abs(w) <= 0.375f && w * 8 == std::rint(w * 8)) << w;
}

TEST(OnnxQuantised, MovedScaledAndQuantisedNetworksComeBackFromAFile) {
  GraphBuilder net("all", {5, 4, 3});
  const int stem = net.convolution("c0", 0, {.channels = 6, .kernel = 3});  // 3x2
  const int scaled = net.affine("a0", net.quantise(stem, {.scale = 0.03f, .zero = -5}));
  std::vector<int> places;
  for (int i = 0; i < 40; ++i) places.push_back(7 * (i % 33) % 36);
  const int mixed = net.rearrange({scaled}, {2, 2, 10}, {.from = places});
  const int row = net.affine("a1", net.flatten(mixed));
  std::reverse(places.begin(), places.end());
  const int joined =
      net.concat({net.rearrange({row}, {1, 1, 40}, {.from = places}), net.flatten(scaled), row});
  const int turned = net.rearrange({joined}, {1, 1, 40}, {.from = places});
  net.linear("fc", net.concat({turned, joined}), 5, true);
  Network network(std::move(net).finish(), {}, 5);
  for (NormLayer& norm : network.norms())
    for (std::size_t c = 0; c < norm.mean.size(); ++c) {
      norm.scale.value[c] = 1 + 0.125f * static_cast<float>(c);
      norm.shift.value[c] = 0.25f * static_cast<float>(c);
    }
  const Array x = drawn({2, 3, 5, 4}, 1);
  Inference inference(network);
  const Tensor& y = inference.forward(to_channels_last(x, network.graph().nodes[0].shape));
  const Array expected = of_floats({2, 5}, {y.values().begin(), y.values().end()});
  Model model = export_model(network);
  expect_near(evaluate(model, {{model.inputs[0].name, x}}).front(), expected, 2e-3);
  expect_near(through(translate(model), x), expected, 2e-3);
}

}  // namespace
}  // namespace lightloom::nn::onnx::quantised_tests
