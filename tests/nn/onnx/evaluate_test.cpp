// The interpreter against the engine, against sums written out, and against numbers known by heart.
#include "nn/onnx/evaluate/evaluate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn::onnx {
namespace {

using Attributes = std::map<std::string, Attribute>;
using reference::floats;
using reference::random_doubles;

Array random(std::vector<std::int64_t> dims, std::uint32_t family) {
  Array a{.dims = std::move(dims)};
  a.floats = floats(random_doubles(static_cast<std::size_t>(a.size()), family));
  return a;
}

Array row(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {.dims = {count}, .floats = std::move(values)};
}

/// The first output of one operator.
Array run_one(const std::string& type, const std::vector<Array>& inputs, Attributes attributes = {},
              std::int64_t opset = 18) {
  Model model{.opset = opset,
              .operations = {{type, "n", {}, {"y"}, std::move(attributes)}},
              .outputs = {"y"}};
  std::map<std::string, Array> values;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    model.operations[0].inputs.push_back(std::to_string(i));
    values[std::to_string(i)] = inputs[i];
  }
  return evaluate(model, values).front();
}

/// The same through oneDNN.
Array through_engine(const std::string& type, const std::vector<Array>& inputs,
                     Attributes attributes = {}) {
  Model model{.opset = 18,
              .operations = {{type, "n", {"x"}, {"y"}, std::move(attributes)}},
              .inputs = {{"x", inputs[0].dims}},
              .outputs = {"y"}};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    model.operations[0].inputs.push_back(std::to_string(i));
    model.constants[std::to_string(i)] = inputs[i];
  }
  const Imported imported = translate(model);
  Network network = network_of(imported, {});
  Inference inference(network);
  return output_of(imported, inference.forward(images_of(imported, inputs[0])));
}

/// Equal up to single precision for sums of some hundred terms of order one.
void expect_close(const Array& a, const Array& b) {
  ASSERT_EQ(a.dims, b.dims);
  ASSERT_EQ(a.floats.size(), b.floats.size());
  for (std::size_t i = 0; i < a.floats.size(); ++i) ASSERT_NEAR(a.floats[i], b.floats[i], 3e-5);
}

TEST(OnnxEvaluate, AgreesWithTheEngineOnWindowsOfManyKinds) {
  const Array x = random({2, 6, 9, 11}, 0);
  for (const std::int64_t stride : {1, 2, 3}) {
    for (const std::int64_t dilation : {1, 2}) {
      const Attributes window{{"strides", {.integers = {stride, stride}}},
                              {"dilations", {.integers = {dilation, dilation}}},
                              {"pads", {.integers = {2, 2, 2, 2}}},
                              {"group", {.integers = {3}}}};
      const std::vector<Array> inputs{x, random({9, 2, 3, 2}, 1), random({9}, 2)};
      expect_close(run_one("Conv", inputs, window), through_engine("Conv", inputs, window));
    }
    for (const char* type : {"MaxPool", "AveragePool"}) {
      const Attributes window{{"strides", {.integers = {stride, stride}}},
                              {"kernel_shape", {.integers = {3, 4}}},
                              {"pads", {.integers = {1, 1, 1, 1}}}};
      expect_close(run_one(type, {x}, window), through_engine(type, {x}, window));
    }
  }
}

TEST(OnnxEvaluate, AgreesWithTheEngineOnNormsProductsAndActivations) {
  const Array x = random({3, 5, 4, 7}, 0);
  Array variance = random({5}, 4);
  for (float& one : variance.floats) one = one * one + 0.1f;
  const std::vector<Array> inputs{x, random({5}, 1), random({5}, 2), random({5}, 3), variance};
  expect_close(run_one("BatchNormalization", inputs), through_engine("BatchNormalization", inputs));
  const std::vector<Array> product{random({4, 13}, 5), random({13, 6}, 6), random({6}, 7)};
  expect_close(run_one("Gemm", product), through_engine("Gemm", product));
  for (const char* type :
       {"Relu", "Sigmoid", "Tanh", "HardSwish", "Gelu", "GlobalAveragePool", "GlobalMaxPool"}) {
    expect_close(run_one(type, {x}), through_engine(type, {x}));
  }
}

TEST(OnnxEvaluate, PaddingOfAWindowIsPaddingTheMapFirst) {
  const Array x = random({2, 3, 7, 8}, 0), w = random({4, 3, 3, 2}, 1);
  const Array wide = run_one("Pad", {x, integers_array({0, 0, 1, 0, 0, 0, 2, 3})});
  expect_close(run_one("Conv", {x, w}, {{"pads", {.integers = {1, 0, 2, 3}}}}),
               run_one("Conv", {wide, w}));
}

TEST(OnnxEvaluate, ATransposedConvolutionIsTheAdjointOfItsConvolution) {
  // <conv(x), y> = <x, transposed(y)> for every window.
  for (const std::int64_t stride : {1, 2, 3}) {
    const Attributes window{{"strides", {.integers = {stride, stride}}},
                            {"dilations", {.integers = {2, 1}}},
                            {"pads", {.integers = {1, 0, 2, 1}}},
                            {"group", {.integers = {2}}}};
    const Array x = random({2, 4, 10, 8}, 0), w = random({6, 2, 3, 2}, 1);
    const Array forward = run_one("Conv", {x, w}, window);
    Array y = random(forward.dims, 2);
    Attributes back = window;  // with what the strides leave over
    back["output_padding"].integers = {10 - (stride * (forward.dims[2] - 1) + 5 - 3),
                                       8 - (stride * (forward.dims[3] - 1) + 2 - 1)};
    const Array transposed = run_one("ConvTranspose", {y, w}, back);
    ASSERT_EQ(transposed.dims, x.dims);
    double left = 0, right = 0;
    for (std::size_t i = 0; i < y.floats.size(); ++i)
      left += double{y.floats[i]} * forward.floats[i];
    for (std::size_t i = 0; i < x.floats.size(); ++i)
      right += double{x.floats[i]} * transposed.floats[i];
    EXPECT_NEAR(left, right, 1e-4 * (1 + std::abs(left)));
  }
}

TEST(OnnxEvaluate, ReadsSlicesAsPythonDoes) {
  const Array x = row({0, 1, 2, 3, 4, 5, 6});
  const auto slice = [&](std::int64_t start, std::int64_t end, std::int64_t step) {
    return run_one("Slice", {x, integers_array({start}), integers_array({end}), integers_array({0}),
                             integers_array({step})})
        .floats;
  };
  const std::int64_t far = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(slice(1, 4, 1), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(slice(-3, far, 1), (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(slice(0, far, 3), (std::vector<float>{0, 3, 6}));
  EXPECT_EQ(slice(-1, -far, -2), (std::vector<float>{6, 4, 2, 0}));
  EXPECT_EQ(slice(5, 1, -1), (std::vector<float>{5, 4, 3, 2}));
  EXPECT_EQ(slice(4, 4, 1), (std::vector<float>{}));
  EXPECT_EQ(slice(9, 20, 1), (std::vector<float>{}));
  EXPECT_EQ(slice(2, far, far), (std::vector<float>{2}));
  EXPECT_THROW(slice(0, 3, 0), Error);
}

TEST(OnnxEvaluate, MovesElementsWhereTheyBelong) {
  const Array x{.dims = {2, 3}, .floats = {0, 1, 2, 3, 4, 5}};
  EXPECT_EQ(run_one("Transpose", {x}).floats, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(run_one("Tile", {x, integers_array({1, 2})}).floats,
            (std::vector<float>{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  const Array padded =
      run_one("Pad", {row({1, 2, 3}), integers_array({2, 1})}, {{"mode", {.text = "reflect"}}});
  EXPECT_EQ(padded.floats, (std::vector<float>{3, 2, 1, 2, 3, 2}));
  const Array joined = run_one("Concat", {x, x}, {{"axis", {.integers = {-1}}}});
  EXPECT_EQ(joined.floats, (std::vector<float>{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(run_one("Gather", {x, integers_array({-1})}, {{"axis", {.integers = {1}}}}).floats,
            (std::vector<float>{2, 5}));
  const Array shape = integers_array({0, -1});
  EXPECT_EQ(run_one("Reshape", {x, shape}).dims, (std::vector<std::int64_t>{2, 3}));
}

// 0 / 0 is no integer, and 2^63, to which the largest 64-bit one rounds as a double, neither.
TEST(OnnxEvaluate, RoundsToIntegersWithinTheirRangeAndNothingElse) {
  const auto zero_of = [](ElementType type) {
    return Array{.dims = {}, .integers = {0}, .type = type};
  };
  EXPECT_THROW(run_one("QuantizeLinear", {row({0}), row({0}), zero_of(ElementType::int8)}), Error);
  const Array x = row({1e20f, -1e20f, 2.5f}), scale = row({1});
  EXPECT_EQ(run_one("QuantizeLinear", {x, scale, zero_of(ElementType::int64)}).integers,
            (std::vector<std::int64_t>{INT64_MAX, INT64_MIN, 2}));
  EXPECT_EQ(run_one("QuantizeLinear", {x, scale, zero_of(ElementType::int8)}).integers,
            (std::vector<std::int64_t>{127, -128, 2}));
}

// 2^63 - 1, the same and 4 add up to 2 in 64 bits.
TEST(OnnxEvaluate, PartsOfASplitAreNoLargerThanTheWhole) {
  const Array sides = integers_array({INT64_MAX, INT64_MAX, 4});
  EXPECT_THROW(run_one("Split", {row({1, 2}), sides}), Error);
}

// A list of zero points counts along an axis; a single number has none.
TEST(OnnxEvaluate, ZeroPointsForAnAxisThatIsNotThereAreRefused) {
  const Array one{.dims = {}, .integers = {3}, .type = ElementType::int8},
      two{.dims = {2}, .integers = {1, 2}, .type = ElementType::int8}, scale = row({1});
  EXPECT_THROW(run_one("QLinearConv", {one, scale, two, one, scale, one, scale, one}), Error);
  EXPECT_THROW(run_one("QLinearMatMul", {one, scale, two, one, scale, two, scale, one}), Error);
}

TEST(OnnxEvaluate, InputsWithoutNumbersAreRefusedWhereOneIsRead) {
  EXPECT_THROW(run_one("Dropout", {row({1, 2}), row({})}), Error);
  EXPECT_THROW(run_one("Clip", {row({1, 2}), row({})}), Error);
  EXPECT_THROW(run_one("Range", {row({}), row({1}), row({1})}), Error);
}

TEST(OnnxEvaluate, BroadcastsFromTheLastAxis) {
  const Array a{.dims = {2, 1, 3}, .floats = {0, 1, 2, 10, 11, 12}};
  const Array b{.dims = {2, 1}, .floats = {100, 200}};
  const Array sum = run_one("Add", {a, b});
  EXPECT_EQ(sum.dims, (std::vector<std::int64_t>{2, 2, 3}));
  EXPECT_EQ(sum.floats,
            (std::vector<float>{100, 101, 102, 200, 201, 202, 110, 111, 112, 210, 211, 212}));
  EXPECT_THROW(run_one("Add", {row({1, 2}), row({1, 2, 3})}), Error);
}

TEST(OnnxEvaluate, KeepsIntegersExactAndInTheirRange) {
  const auto bytes = [](std::vector<std::int64_t> values) {
    Array a = integers_array(std::move(values));
    a.type = ElementType::uint8;
    return a;
  };
  EXPECT_EQ(run_one("Add", {bytes({250, 7}), bytes({10, 1})}).integers,
            (std::vector<std::int64_t>{4, 8}));
  EXPECT_EQ(run_one("Sub", {bytes({1}), bytes({3})}).integers, (std::vector<std::int64_t>{254}));
  const std::int64_t large = (std::int64_t{1} << 62) + 1;
  EXPECT_EQ(run_one("Add", {integers_array({large}), integers_array({-1})}).integers,
            (std::vector<std::int64_t>{large - 1}));
  EXPECT_EQ(run_one("Div", {integers_array({-7}), integers_array({2})}).integers,
            (std::vector<std::int64_t>{-3}));
  EXPECT_THROW(run_one("Div", {integers_array({1}), integers_array({0})}), Error);
}

TEST(OnnxEvaluate, HalfPrecisionRoundsToElevenBits) {
  Array x = row({1.0f, 2048.0f, 65504.0f, 6e-8f});
  x.type = ElementType::float16;
  Array one = row({0.00049f, 1.0f, 100.0f, 0.0f});
  one.type = ElementType::float16;
  // 1 + 2^-11 ties to even; 2049 ties to 2048; the largest half takes 16 to overflow.
  EXPECT_EQ(run_one("Add", {x, one}).floats[0], 1.0009765625f);
  EXPECT_EQ(run_one("Add", {x, one}).floats[1], 2048.0f);
  EXPECT_TRUE(std::isinf(run_one("Add", {x, one}).floats[2]));
  EXPECT_EQ(half_value(0x3c00), 1.0f);
  EXPECT_EQ(half_value(0x8001), -std::ldexp(1.0f, -24));
  EXPECT_EQ(brain_value(0xc040), -3.0f);
}

TEST(OnnxEvaluate, NormalisedGroupsHaveMeanZeroAndVarianceOne) {
  const Array x = random({2, 6, 5, 3}, 0);
  const Array ones = row(std::vector<float>(6, 1)), none = row(std::vector<float>(6, 0));
  const Array y = run_one("GroupNormalization", {x, ones, none},
                          {{"num_groups", {.integers = {3}}}, {"epsilon", {.floats = {0}}}}, 21);
  for (std::size_t first = 0; first < y.floats.size(); first += 30) {
    double sum = 0, squares = 0;
    for (std::size_t i = first; i < first + 30; ++i) {
      sum += y.floats[i];
      squares += double{y.floats[i]} * y.floats[i];
    }
    EXPECT_NEAR(sum, 0, 1e-5);
    EXPECT_NEAR(squares, 30, 1e-4);
  }
}

TEST(OnnxEvaluate, AttentionIsAWeightedMeanOfTheValuesThatMayBeSeen) {
  const Array q = random({2, 4, 3, 5}, 0), k = random({2, 2, 3, 5}, 1);
  Array v = random({2, 2, 3, 6}, 2);
  std::fill(v.floats.begin(), v.floats.end(), 0.75f);
  for (const float one : run_one("Attention", {q, k, v}, {}, 23).floats)
    EXPECT_NEAR(one, 0.75, 1e-6);
  const Array values = random({2, 2, 3, 6}, 3);
  const Array causal = run_one("Attention", {q, k, values}, {{"is_causal", {.integers = {1}}}}, 23);
  // The first query sees the first key alone; query head h reads key head h / 2.
  for (std::size_t head = 0; head < 8; ++head) {
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(causal.floats[head * 18 + i], values.floats[head / 2 * 18 + i], 1e-6);
    }
  }
}

TEST(OnnxEvaluate, RefusesWhatWouldEatTheMachine) {
  const Array one = row({1});
  const std::int64_t large = std::int64_t{1} << 40;
  EXPECT_THROW(run_one("Expand", {one, integers_array({large})}), Unsupported);
  EXPECT_THROW(run_one("Tile", {one, integers_array({large})}), Unsupported);
  EXPECT_THROW(run_one("ConstantOfShape", {integers_array({large, large})}), Unsupported);
  EXPECT_THROW(run_one("Pad", {one, integers_array({large, large})}), Unsupported);
  EXPECT_THROW(run_one("Reshape", {one, integers_array({-5})}), Error);
  EXPECT_THROW(run_one("Gather", {one, integers_array({7})}), Error);
}

TEST(OnnxEvaluate, NamesTheNodeOfATypeItCannotHold) {
  Array odd{.dims = {3}};
  odd.type = static_cast<ElementType>(17);
  try {
    run_one("Relu", {odd});
    ADD_FAILURE();
  } catch (const Unsupported& problem) {
    EXPECT_NE(std::string(problem.what()).find("FLOAT8E4M3FN"), std::string::npos);
    EXPECT_NE(std::string(problem.what()).find("'n'"), std::string::npos);
  }
}

}  // namespace
}  // namespace lightloom::nn::onnx
