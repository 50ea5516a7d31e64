#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/onnx/check.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "tests/nn/reference.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn::onnx {
namespace {

namespace fs = std::filesystem;
using reference::Doubles;
using reference::floats;
using reference::random_doubles;

Array array(std::vector<std::int64_t> dims, std::uint32_t family) {
  Array a{.dims = std::move(dims)};
  a.floats = floats(random_doubles(static_cast<std::size_t>(a.size()), family));
  return a;
}

std::vector<float> run(const Model& model, const Array& input) {
  Network network = network_of(translate(model), {});
  Inference inference(network);
  return to_channels_first(
      inference.forward(to_channels_last(input, network.graph().nodes[0].shape)));
}

TEST(Onnx, FlattensChannelMajorAsTheFileMeansIt) {
  // y = W flatten(x) in ONNX's order (c, h, w), so a plain dot product of the given arrays.
  const Array x = array({2, 3, 4, 5}, 0), w = array({7, 60}, 1);
  const Model model{
      .opset = 13,
      .operations = {{"Flatten", "f", {"x"}, {"flat"}, {}},
                     {"Gemm", "g", {"flat", "w"}, {"y"}, {{"transB", {.integers = {1}}}}}},
      .constants = {{"w", w}},
      .inputs = {{"x", x.dims}},
      .outputs = {"y"}};
  const std::vector<float> y = run(model, x);
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t o = 0; o < 7; ++o) {
      double sum = 0;
      for (std::size_t i = 0; i < 60; ++i)
        sum += double{x.floats[n * 60 + i]} * w.floats[o * 60 + i];
      EXPECT_NEAR(y[n * 7 + o], sum, 1e-4);
    }
  }
}

TEST(Onnx, AConstantAddedPerChannelBecomesTheBiasOfItsConvolution) {
  const Array x = array({1, 2, 5, 5}, 0), w = array({3, 2, 3, 3}, 1), b = array({3, 1, 1}, 2);
  Model model{
      .opset = 8,
      .operations = {{"Conv", "c", {"x", "w"}, {"h"}, {{"auto_pad", {.text = "SAME_UPPER"}}}}},
      .constants = {{"w", w}, {"b", b}},
      .inputs = {{"x", x.dims}},
      .outputs = {"h"}};
  const std::vector<float> plain = run(model, x);
  model.operations.push_back({"Add", "a", {"h", "b"}, {"y"}, {}});
  model.outputs = {"y"};
  const std::vector<float> biased = run(model, x);
  ASSERT_EQ(biased.size(), 75u);
  for (std::size_t i = 0; i < 75; ++i) EXPECT_NEAR(biased[i], plain[i] + b.floats[i / 25], 1e-5);
}

/// The largest difference between the engine's rows and the interpreter's; the engine refuses: -1.
double engine_error(const Model& model, const Array& x) {
  std::optional<Imported> imported;
  try {
    imported = translate(model);
  } catch (const Unsupported&) {
    return -1;
  }
  const Array expected = evaluate(model, {{"x", x}}).front();
  Network network = network_of(*imported, {});
  Inference inference(network);
  const std::vector<float> got =
      output_of(*imported, inference.forward(images_of(*imported, x))).floats;
  double error = got.size() == expected.floats.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < got.size(); ++i)
    error = std::max(error, std::abs(double{got[i]} - expected.floats[i]));
  return error;
}

TEST(Onnx, AFlattenedMapMeetsRowsOfAnotherOrderElementByElement) {
  const Array x = array({2, 3, 4, 4}, 0), w = array({48, 48}, 1);
  Model model{.opset = 13,
              .operations = {{"Flatten", "f", {"x"}, {"flat"}, {}},
                             {"MatMul", "m", {"flat", "w"}, {"rows"}, {}},
                             {"Add", "a", {"flat", "rows"}, {"y"}, {}}},
              .constants = {{"w", w}},
              .inputs = {{"x", x.dims}},
              .outputs = {"y"}};
  for (const char* type : {"Add", "Mul"}) {
    model.operations[2].type = type;
    const double error = engine_error(model, x);
    EXPECT_GE(error, 0) << type;
    EXPECT_LT(error, 1e-4) << type;  // 48 products of order one
  }
  model.operations[1] = {"Relu", "r", {"flat"}, {"rows"}, {}};
  EXPECT_EQ(engine_error(model, x), 0) << "the same order on both sides";
}

TEST(Onnx, TheSoftmaxOfAFlattenedMapRunsOverAllOfIt) {
  const Array x = array({2, 3, 4, 4}, 0);
  const Model model{
      .opset = 13,
      .operations = {{"Flatten", "f", {"x"}, {"flat"}, {}}, {"Softmax", "s", {"flat"}, {"y"}, {}}},
      .inputs = {{"x", x.dims}},
      .outputs = {"y"}};
  const double error = engine_error(model, x);
  EXPECT_GE(error, 0);
  EXPECT_LT(error, 1e-6);  // shares below one, a few roundings
}

TEST(Onnx, AConstantIsNoBiasWhereTheSumWithoutItIsReadToo) {
  const Array x = array({1, 2, 5, 5}, 0), w = array({3, 2, 3, 3}, 1), b = array({3, 1, 1}, 2);
  const Model model{.opset = 13,
                    .operations = {{"Conv", "c", {"x", "w"}, {"h"}, {}},
                                   {"Add", "a", {"h", "b"}, {"biased"}, {}},
                                   {"Add", "s", {"h", "biased"}, {"y"}, {}}},
                    .constants = {{"w", w}, {"b", b}},
                    .inputs = {{"x", x.dims}},
                    .outputs = {"y"}};
  const double error = engine_error(model, x);
  EXPECT_GE(error, 0);
  EXPECT_LT(error, 1e-5);
}

TEST(Onnx, WhatCannotBeImportedNamesOperatorAndNode) {
  const auto problem = [](Operation operation) {
    const Model model{.opset = 9,
                      .operations = {std::move(operation)},
                      .constants = {{"w", array({3, 2, 3, 3}, 1)}, {"r", array({5}, 1)}},
                      .inputs = {{"x", {1, 2, 5, 5}}},
                      .outputs = {"y"}};
    try {
      translate(model);
      return std::string();
    } catch (const Unsupported& unsupported) {
      return std::string(unsupported.what());
    }
  };
  EXPECT_EQ(problem({"Relu", "n", {"x"}, {"y"}, {}}), "");
  const std::string lstm = problem({"LSTM", "rnn", {"x"}, {"y"}, {}});
  EXPECT_NE(lstm.find("LSTM"), std::string::npos);
  EXPECT_NE(lstm.find("'rnn'"), std::string::npos);
  EXPECT_NE(lstm.find("opset 9"), std::string::npos);
  EXPECT_NE(problem({"Conv", "c", {"x", "w"}, {"y"}, {{"pads", {.integers = {1, -1, 0, 0}}}}}), "");
  EXPECT_NE(problem({"Conv", "c", {"x", "w"}, {"y"}, {{"strides", {.integers = {1, 0}}}}}), "");
  EXPECT_NE(problem({"Conv", "c", {"x", "w"}, {"y"}, {{"group", {.integers = {0}}}}}), "");
  EXPECT_NE(problem({"Add", "a", {"x", "w"}, {"y"}, {}}), "");
  EXPECT_NE(problem({"Relu", "n", {"missing"}, {"y"}, {}}), "");
}

/// Protocol buffer wire format, by hand: independent of the library that reads it.
std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}
std::string number(unsigned field, std::uint64_t value) {
  return varint(field * 8u) + varint(value);
}
std::string text(unsigned field, const std::string& value) {
  return varint(field * 8u + 2) + varint(value.size()) + value;
}

std::string tensor_proto(const std::string& name, const Array& a) {
  std::string bytes;
  for (const std::int64_t side : a.dims) bytes += number(1, static_cast<std::uint64_t>(side));
  std::string raw(a.floats.size() * 4, '\0');
  std::memcpy(raw.data(), a.floats.data(), raw.size());
  return bytes + number(2, 1) + text(8, name) + text(9, raw);
}

std::string value_info(const std::string& name, const Array& a) {
  std::string shape;
  for (const std::int64_t side : a.dims)
    shape += text(1, number(1, static_cast<std::uint64_t>(side)));
  return text(1, name) + text(2, text(1, number(1, 1) + text(2, shape)));
}

/// A model of one operator with the inputs x and, if given, w.
std::string model_proto(const std::string& type, const Array& x, const Array* w) {
  std::string node = text(1, "x"), graph;
  if (w != nullptr) node += text(1, "w");
  graph += text(1, node + text(2, "y") + text(3, "one") + text(4, type)) + text(2, "graph");
  graph += text(11, value_info("x", x));
  if (w != nullptr) graph += text(11, value_info("w", *w));
  graph += text(12, value_info("y", x));
  return number(1, 8) + text(7, graph) + text(8, number(2, 13));
}

class OnnxFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!available()) GTEST_SKIP() << "built without libonnx-dev";
    fs::create_directories(root_ / "test_data_set_0");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }
  [[nodiscard]] CaseResult check(const std::string& type, const Array& x, const Array& y,
                                 const Array* w = nullptr) const {
    write("model.onnx", model_proto(type, x, w));
    write("test_data_set_0/input_0.pb", tensor_proto("x", x));
    if (w != nullptr) write("test_data_set_0/input_1.pb", tensor_proto("w", *w));
    write("test_data_set_0/output_0.pb", tensor_proto("y", y));
    return check_case(root_.string());
  }
  fs::path root_ = scratch_path("onnx-case");
};

TEST_F(OnnxFiles, ChecksACaseOfAnyRankAndSaysPassFailOrUnsupported) {
  for (const std::vector<std::int64_t>& dims :
       std::vector<std::vector<std::int64_t>>{{6}, {2, 3}, {2, 3, 5}, {2, 3, 4, 5}}) {
    const Array x = array(dims, 0);
    Array y = x;
    for (float& value : y.floats) value = std::max(value, 0.0f);
    CaseResult result = check("Relu", x, y);
    EXPECT_EQ(result.status, "pass") << result.reason;
    EXPECT_EQ(result.operation, "Relu");
    y.floats[1] += 0.01f;
    result = check("Relu", x, y);
    EXPECT_EQ(result.status, "fail");
    EXPECT_NEAR(result.max_error.value_or(-1), 0.01, 1e-6);
    result = check("Einsum", x, y);
    EXPECT_EQ(result.status, "unsupported");
    EXPECT_EQ(result.operation, "Einsum");
    EXPECT_FALSE(result.max_error.has_value());
  }
}

TEST_F(OnnxFiles, AFailureNamesTheReadingThatGivesWhatIsExpected) {
  const auto checked = [&](const Model& model, const Array& x, const Array& y) {
    write_model((root_ / "model.onnx").string(), model);
    write("test_data_set_0/input_0.pb", tensor_proto("x", x));
    write("test_data_set_0/output_0.pb", tensor_proto("y", y));
    return check_case(root_.string());
  };
  // Steps of a half, and expected outputs that know of none.
  Model rounding{.opset = 13, .ir = 7, .inputs = {{"x", {2, 3}}}, .outputs = {"y"}};
  rounding.constants["step"] = {.dims = {}, .floats = {0.5f}};
  rounding.constants["zero"] = {.dims = {}, .integers = {128}, .type = ElementType::uint8};
  rounding.operations = {{"QuantizeLinear", "q", {"x", "step", "zero"}, {"n"}, {}},
                         {"DequantizeLinear", "d", {"n", "step", "zero"}, {"y"}, {}}};
  const Array x = array({2, 3}, 0);
  Array y = x;
  CaseResult result = checked(rounding, x, y);
  EXPECT_EQ(result.status, "fail");
  EXPECT_NE(result.reason.find("without the rounding of its 1 quantiser it is as expected"),
            std::string::npos)
      << result.reason;
  for (float& value : y.floats) value = 0.5f * std::nearbyint(2 * value);
  EXPECT_EQ(checked(rounding, x, y).status, "pass");
  for (float& value : y.floats) value += 1;
  const std::string both = checked(rounding, x, y).reason;
  EXPECT_EQ(both.find("as expected"), std::string::npos) << both;
  EXPECT_NE(both.find("the interpreter, which shares nothing"), std::string::npos) << both;

  // A row of two pixels, doubled: from the corner 0, 1/2, 1, 1, from pixel centres 0, 1/4, 3/4, 1.
  Model doubling{.opset = 9, .ir = 4, .inputs = {{"x", {1, 1, 1, 2}}}, .outputs = {"y"}};
  doubling.constants["scales"] = {.dims = {4}, .floats = {1, 1, 1, 2}};
  doubling.operations = {{"Upsample", "u", {"x", "scales"}, {"y"}, {{"mode", {.text = "linear"}}}}};
  const Array row{.dims = {1, 1, 1, 2}, .floats = {0, 1}};
  const Array corner{.dims = {1, 1, 1, 4}, .floats = {0, 0.5f, 1, 1}};
  const Array centres{.dims = {1, 1, 1, 4}, .floats = {0, 0.25f, 0.75f, 1}};
  EXPECT_EQ(checked(doubling, row, corner).status, "pass");
  result = checked(doubling, row, centres);
  EXPECT_EQ(result.status, "fail");
  EXPECT_NE(result.reason.find("with pixel centres in its 1 interpolation it is as expected"),
            std::string::npos)
      << result.reason;
}

TEST_F(OnnxFiles, TakesTheWeightsOfACaseFromItsFurtherInputs) {
  const Array x = array({2, 3}, 0), w = array({3, 4}, 1);
  Array y{.dims = {2, 4}, .floats = std::vector<float>(8)};
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t k = 0; k < 3; ++k)
        y.floats[4 * i + j] += x.floats[3 * i + k] * w.floats[4 * k + j];
  EXPECT_EQ(check("MatMul", x, y, &w).status, "pass");
}

TEST_F(OnnxFiles, DamagedFilesAreErrorsNotCrashes) {
  const Array x = array({2, 3}, 0);
  const std::string good = model_proto("Relu", x, nullptr);
  write("model.onnx", good);
  EXPECT_EQ(read_model((root_ / "model.onnx").string()).operations.size(), 1u);
  EXPECT_THROW(read_model((root_ / "none.onnx").string()), Error);
  for (std::size_t size = 0; size < good.size();
       ++size) {  // every cut is refused, or is no network
    write("model.onnx", good.substr(0, size));
    try {
      translate(read_model((root_ / "model.onnx").string()));
      ADD_FAILURE() << "cut after " << size;
    } catch (const Error&) {
    } catch (const Unsupported&) {
    }
  }
  std::string lying = tensor_proto("x", x);
  lying[1] = 100;  // says 100 rows
  write("model.onnx", lying);
  EXPECT_THROW(read_array((root_ / "model.onnx").string()), Error);
}

/// Of an element type whose values are not held there are a shape and no values.
TEST(OnnxModels, ConstantsWhoseValuesAreNotHeldAreRefusedWhereverTheyStand) {
  const Array w = array({3, 4}, 1), odd{.dims = {3, 4}, .type = ElementType::text},
              odd_bias{.dims = {3}, .type = static_cast<ElementType>(17)};
  const auto refused = [](std::vector<Operation> operations,
                          std::map<std::string, Array> constants) {
    EXPECT_THROW(translate({.opset = 13,
                            .operations = std::move(operations),
                            .constants = std::move(constants),
                            .inputs = {{"x", {2, 4}}},
                            .outputs = {"y"}}),
                 Unsupported);
  };
  const Attribute transposed{.integers = {1}};
  refused({{"Gemm", "g", {"x", "w"}, {"y"}, {{"transB", transposed}}}}, {{"w", odd}});
  refused({{"Gemm", "g", {"x", "w", "b"}, {"y"}, {{"transB", transposed}}}},
          {{"w", w}, {"b", odd_bias}});
  refused({{"MatMul", "m", {"x", "w"}, {"y"}, {}}}, {{"w", odd}});
  refused({{"Add", "a", {"x", "w"}, {"y"}, {}}}, {{"w", odd_bias}});
  refused({{"Constant", "c", {}, {"w"}, {{"value", {.array = odd}}}},
           {"Add", "a", {"x", "w"}, {"y"}, {}}},
          {});
  const Operation constant{"Constant", "c", {}, {"y"}, {{"value", {.array = odd}}}};
  EXPECT_THROW(evaluate(constant, {}, 13), Unsupported);
  // "value" that says it is a text, "value_float" that says it is an integer.
  for (const char* key : {"value", "value_float"})
    refused({{"Constant", "c", {}, {"w"}, {{key, {.integers = {1}}}}},
             {"Relu", "r", {"w"}, {"z"}, {}},
             {"Add", "a", {"x", "z"}, {"y"}, {}}},
            {});
}

TEST(OnnxModels, WhoseInputIsASingleNumberAreRefused) {
  const Model model{.opset = 13,
                    .operations = {{"Flatten", "f", {"x"}, {"y"}, {}}},
                    .constants = {},
                    .inputs = {{"x", {}}},
                    .outputs = {"y"}};
  EXPECT_THROW(translate(model), Error);
}

}  // namespace
}  // namespace lightloom::nn::onnx
