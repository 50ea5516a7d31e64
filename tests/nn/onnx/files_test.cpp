// What files hold besides plain graphs: data beside them, sparse and packed constants, functions,
// any order. The messages are written here field by field, as no writer of ours makes such files.

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/model/model.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn::onnx::files_tests {
namespace {

namespace fs = std::filesystem;

// Protocol buffers: a key of field number and wire type, then the value.
std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7) bytes += static_cast<char>(128 | (value & 127));
  return bytes + static_cast<char>(value);
}
std::string field(std::uint64_t number, std::int64_t value) {
  return varint(number << 3) + varint(static_cast<std::uint64_t>(value));
}
std::string field(std::uint64_t number, const std::string& bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}
std::string entry(const std::string& key, const std::string& value) {
  return field(13, field(1, key) + field(2, value));
}
std::string node(const std::string& type, const std::vector<std::string>& inputs,
                 const std::string& output, const std::string& rest = "") {
  std::string bytes;
  for (const std::string& input : inputs) bytes += field(1, input);
  return bytes + field(2, output) + field(3, "n_" + output) + field(4, type) + rest;
}
std::string tensor(const std::string& name, const std::vector<std::int64_t>& dims, int type,
                   const std::string& rest) {
  std::string bytes;
  for (const std::int64_t side : dims) bytes += field(1, side);
  return bytes + field(2, std::int64_t{type}) + field(8, name) + rest;
}
std::string raw(const std::vector<float>& values) {
  std::string bytes(values.size() * 4, '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}
std::string value_info(const std::string& name, const std::vector<std::int64_t>& dims) {
  std::string shape;
  for (const std::int64_t side : dims) shape += field(1, field(1, side));
  return field(1, name) + field(2, field(1, field(1, std::int64_t{1}) + field(2, shape)));
}
std::string opset(std::int64_t version) { return field(8, field(1, "") + field(2, version)); }

/// A graph from rows x (2, 3) to y; `parts` are its nodes and constants.
std::string model(const std::string& parts, const std::string& rest = "", std::int64_t version = 18,
                  std::int64_t ir = 10) {
  const std::string graph =
      parts + field(2, "g") + field(11, value_info("x", {2, 3})) + field(12, value_info("y", {}));
  return field(1, ir) + field(7, graph) + opset(version) + rest;
}

class OnnxModelFiles : public testing::Test {
 protected:
  OnnxModelFiles() : folder_(scratch_path("onnx_files")) { fs::create_directories(folder_); }
  ~OnnxModelFiles() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
    const fs::path path = fs::path(folder_) / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  /// The sentence with which a file is refused, "" if it is not.
  [[nodiscard]] std::string refused(const std::string& bytes) const {
    try {
      (void)import_model(write("refused.onnx", bytes));
    } catch (const Error& problem) {
      return problem.what();
    }
    return "";
  }
  /// A product with a weight (3, 2) of six floats that another file holds.
  static std::string with_external(const std::string& entries) {
    return model(field(1, node("MatMul", {"x", "w"}, "y")) +
                 field(5, tensor("w", {3, 2}, 1, entries + field(14, std::int64_t{1}))));
  }

  std::string folder_;
  const std::vector<float> six{1, 2, 3, 4, 5, 6};
};

TEST_F(OnnxModelFiles, DataBesideTheModelAreRead) {
  fs::create_directories(fs::path(folder_) / "data");
  (void)write("all.bin", "pad!" + raw(six) + "more");
  (void)write("data/deep.bin", raw(six));
  const std::string part = entry("offset", "4") + entry("length", "24");
  for (const std::string& bytes :
       {with_external(entry("location", "all.bin") + part),
        with_external(entry("location", "./all.bin") + part + entry("checksum", "00")),
        with_external(entry("location", "data/deep.bin"))}) {
    const Model got = read_model(write("model.onnx", bytes));
    EXPECT_EQ(got.constants.at("w").floats, six);
  }
}

TEST_F(OnnxModelFiles, DataOutsideOfTheFolderAreNot) {
  const fs::path outside = fs::path(folder_).parent_path() / "outside.bin";
  std::ofstream(outside, std::ios::binary) << raw(six);
  fs::create_symlink(outside, fs::path(folder_) / "link.bin");
  fs::create_directory_symlink(fs::path(folder_).parent_path(), fs::path(folder_) / "up");
  fs::create_directories(fs::path(folder_) / "sub");
  for (const std::string place : {"../outside.bin", "sub/../../outside.bin", "link.bin",
                                  "up/outside.bin", "/etc/hostname", "/dev/zero"}) {
    const std::string why = refused(with_external(entry("location", place)));
    EXPECT_TRUE(why.find("folder") != std::string::npos) << place << ": " << why;
  }
  fs::remove(outside);
}

TEST_F(OnnxModelFiles, DataOfAnotherSizeAreRefused) {
  (void)write("w.bin", raw(six));
  const std::string place = entry("location", "w.bin");
  const std::vector<std::pair<std::string, std::string>> cases{
      {entry("location", "missing.bin"), "missing beside the model"},
      {"", "does not name the file"},
      {entry("location", "."), "not a regular file"},
      {place + entry("offset", "4") + entry("length", "24"), "has only 24"},
      {place + entry("offset", "25"), "has only 24"},
      {place + entry("offset", "18446744073709551615") + entry("length", "2"), "has only 24"},
      {place + entry("offset", "4") + entry("length", "18446744073709551615"), "has only 24"},
      {place + entry("length", "20"), "too few or too many"},
      {place + entry("length", "23"), "too few or too many"},
      {place + entry("offset", "-1"), "whole number"},
      {place + entry("length", "12x"), "whole number"}};
  for (const auto& [entries, sentence] : cases) {
    const std::string why = refused(with_external(entries));
    EXPECT_NE(why.find(sentence), std::string::npos) << sentence << " in: " << why;
    EXPECT_NE(why.find("'w'"), std::string::npos) << why;
  }
  EXPECT_EQ(refused(with_external(place + entry("length", "24"))), "");
}

TEST_F(OnnxModelFiles, WholeNumbersPastWhatIsHeldAreRefusedAndNotTurnedNegative) {
  const auto held = [&](std::uint64_t value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return read_array(write("tensor.pb", tensor("t", {1}, 13, field(9, bytes)))).integers;
  };
  constexpr auto most = std::uint64_t{1} << 63;
  EXPECT_EQ(held(most - 1), std::vector{INT64_MAX});
  EXPECT_THROW(held(most), Error);
}

TEST_F(OnnxModelFiles, SparseConstantsAreFilledUp) {
  // (3, 2) with 7 at (0, 1) and 8 at (2, 0): once by places, once by rows and columns.
  const std::string values = field(1, tensor("w", {2}, 1, field(9, raw({7, 8}))));
  const auto index = [](const std::vector<std::int64_t>& dims, std::vector<std::int64_t> places) {
    std::string bytes(places.size() * 8, '\0');
    std::memcpy(bytes.data(), places.data(), bytes.size());
    return field(2, tensor("i", dims, 7, field(9, bytes)));
  };
  const std::string dims = field(3, std::int64_t{3}) + field(3, std::int64_t{2});
  const auto with = [&](const std::string& indices) {
    return model(field(1, node("MatMul", {"x", "w"}, "y")) + field(15, values + indices + dims));
  };
  for (const std::string& indices : {index({2}, {1, 4}), index({2, 2}, {0, 1, 2, 0})}) {
    const Model got = read_model(write("model.onnx", with(indices)));
    EXPECT_EQ(got.constants.at("w").floats, (std::vector<float>{0, 7, 0, 0, 8, 0}));
  }
  EXPECT_NE(refused(with(index({2}, {1, 6}))).find("outside"), std::string::npos);
  EXPECT_NE(refused(with(index({2}, {-1, 4}))).find("outside"), std::string::npos);
  EXPECT_NE(refused(with(index({2, 2}, {0, 1, 3, 0}))).find("outside"), std::string::npos);
  EXPECT_NE(refused(with(index({3}, {0, 1, 2}))).find("other indices"), std::string::npos);
}

TEST_F(OnnxModelFiles, FourBitWeightsAreUnpackedAndScaled) {
  // Low half of a byte first: 1, -1, 7, -8, 2 and a filled-up half. Scales per column of (1, 5).
  const std::string packed{static_cast<char>(0xF1), static_cast<char>(0x87), 0x02};
  const std::string parts = field(1, node("DequantizeLinear", {"q", "s"}, "w")) +
                            field(1, node("Gemm", {"x", "w5"}, "y")) +
                            field(1, node("Expand", {"w", "to"}, "w5")) +
                            field(5, tensor("q", {1, 5}, 22, field(9, packed))) +
                            field(5, tensor("s", {5}, 1, field(9, raw({1, 2, 0.5f, 3, 0.25f})))) +
                            field(5, tensor("to", {2}, 7,
                                            field(9, std::string("\3\0\0\0\0\0\0\0"
                                                                 "\5\0\0\0\0\0\0\0",
                                                                 16))));
  const Imported imported = import_model(write("model.onnx", model(parts, "", 21)));
  const std::vector<float> row{1, -2, 3.5f, -24, 0.5f};
  ASSERT_EQ(imported.layers.size(), 1u);
  for (std::size_t o = 0; o < 5; ++o)
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(imported.layers.begin()->second.weight[o * 3 + i], row[o]);
}

TEST_F(OnnxModelFiles, OperationsMayComeInAnyOrderButNotInACircle) {
  const std::string last = field(1, node("Relu", {"b"}, "y")),
                    first = field(1, node("Neg", {"x"}, "a")),
                    middle = field(1, node("Abs", {"a"}, "b"));
  const Model got = read_model(write("model.onnx", model(last + middle + first)));
  ASSERT_EQ(got.operations.size(), 3u);
  EXPECT_EQ(got.operations[0].type, "Neg");
  EXPECT_EQ(got.operations[2].type, "Relu");
  const std::string why = refused(model(field(1, node("Neg", {"b"}, "a")) + middle + last));
  EXPECT_NE(why.find("waits for its own result"), std::string::npos) << why;
}

TEST_F(OnnxModelFiles, NewerVersionsAreNamed) {
  const std::string parts = field(1, node("Relu", {"x"}, "y"));
  EXPECT_EQ(refused(model(parts, "", newest_opset, newest_ir)), "");
  EXPECT_NE(refused(model(parts, "", newest_opset + 1)).find("older opset_version"),
            std::string::npos);
  EXPECT_NE(refused(model(parts, "", 18, newest_ir + 1)).find("older opset_version"),
            std::string::npos);
  EXPECT_NE(refused(model(parts, "", 5)).find("opset 5"), std::string::npos);
}

// ---- functions of the file

std::string function(const std::string& name, const std::string& body,
                     const std::string& rest = "") {
  return field(
      25, field(1, name) + field(10, "mine") + body + rest + field(9, field(2, std::int64_t{18})));
}
const std::string mine = field(7, "mine");

/// y of the rows (1, 2, 3) and (-4, 5, -6).
std::vector<float> result_of(const Model& model) {
  const Array x{.dims = {2, 3}, .floats = {1, 2, 3, -4, 5, -6}};
  return evaluate(model, {{"x", x}}).front().floats;
}

TEST_F(OnnxModelFiles, FunctionsOfTheFileAreReplacedByTheirBodies) {
  // twice(a) = a + a through a name that the graph uses as well; four(a) = twice(twice(a)).
  const std::string twice =
      function("twice", field(4, "a") + field(5, "b") + field(7, node("Add", {"t", "t"}, "b")) +
                            field(7, node("Identity", {"a"}, "t")));
  const std::string four =
      function("four", field(4, "a") + field(5, "b") + field(7, node("twice", {"a"}, "t", mine)) +
                           field(7, node("twice", {"t"}, "b", mine)));
  const std::string parts =
      field(1, node("four", {"x"}, "t", mine)) + field(1, node("twice", {"t"}, "y", mine));
  const Model got = read_model(write("model.onnx", model(parts, twice + four)));
  EXPECT_EQ(result_of(got), (std::vector<float>{8, 16, 24, -32, 40, -48}));
  for (const Operation& operation : got.operations)
    EXPECT_EQ(operation.type.find("mine"), std::string::npos);
  EXPECT_EQ(import_model(write("model.onnx", model(parts, twice + four))).graph.nodes.size(), 2u)
      << "sums of one value with itself are one function of it";
}

TEST_F(OnnxModelFiles, AttributesOfACallReachTheBodyOrTakeTheirDefault) {
  // leaky(a; slope = 0.5) = LeakyRelu(a, alpha = slope).
  const auto slope = [](float value) {
    return field(1, "slope") + varint(2 << 3 | 5) + raw({value}) + field(20, std::int64_t{1});
  };
  const std::string reference =
      field(5, field(1, "alpha") + field(20, std::int64_t{1}) + field(21, "slope"));
  const std::string leaky = function(
      "leaky", field(4, "a") + field(5, "b") + field(7, node("LeakyRelu", {"a"}, "b", reference)),
      field(11, slope(0.5f)));
  const Model with_default =
      read_model(write("model.onnx", model(field(1, node("leaky", {"x"}, "y", mine)), leaky)));
  EXPECT_EQ(result_of(with_default), (std::vector<float>{1, 2, 3, -2, 5, -3}));
  const Model own = read_model(
      write("model.onnx",
            model(field(1, node("leaky", {"x"}, "y", mine + field(5, slope(0.25f)))), leaky)));
  EXPECT_EQ(result_of(own), (std::vector<float>{1, 2, 3, -1, 5, -1.5f}));
}

TEST_F(OnnxModelFiles, AFunctionMayPassItsInputThroughButNotCallItself) {
  const std::string same = function("same", field(4, "a") + field(5, "a"));
  const std::string call =
      field(1, node("same", {"x"}, "t", mine)) + field(1, node("Neg", {"t"}, "y"));
  EXPECT_EQ(result_of(read_model(write("model.onnx", model(call, same)))),
            (std::vector<float>{-1, -2, -3, 4, -5, 6}));
  const std::string loop =
      function("same", field(4, "a") + field(5, "b") + field(7, node("same", {"a"}, "b", mine)));
  EXPECT_NE(refused(model(call, loop)).find("calls itself"), std::string::npos);
  const std::string many = field(1, node("same", {"x", "x"}, "y", mine));
  EXPECT_NE(refused(model(many, same)).find("2 inputs"), std::string::npos);
}

std::string branch(const std::string& name, const std::string& body) {
  return field(5, field(1, name) + field(6, body) + field(20, std::int64_t{5}));
}
/// Bodies of branches: x x and (10, 20, 30); the same with an axis away that cannot go.
std::string adding() {
  return field(1, node("Add", {"h", "ten"}, "sum")) +
         field(5, tensor("ten", {3}, 1, field(9, raw({10, 20, 30})))) +
         field(12, value_info("sum", {}));
}
std::string squeezing() {
  return field(1, node("Squeeze", {"h", "one"}, "sum")) + field(12, value_info("sum", {}));
}

/// A model of an If with these branches on the value `c`, which `condition` makes.
std::string with_branches(const std::string& condition,
                          const std::string& branches = branch("then_branch", adding()) +
                                                        branch("else_branch", squeezing())) {
  const auto whole = [](const std::string& name, char value) {
    return field(5, tensor(name, {}, 7, field(9, std::string{value, 0, 0, 0, 0, 0, 0, 0})));
  };
  return model(field(1, node("Mul", {"x", "x"}, "h")) + condition +
               field(1, node("If", {"c"}, "y", branches)) + whole("one", 1) + whole("three", 3));
}

TEST_F(OnnxModelFiles, OfAnIfTheBranchIsTakenThatItsConditionChooses) {
  const std::string known = field(1, node("Shape", {"h"}, "s")) +
                            field(1, node("Gather", {"s", "one"}, "g")) +
                            field(1, node("Equal", {"g", "three"}, "c"));
  const Array x{.dims = {2, 3}, .floats = {1, 2, 3, 4, 5, 6}};
  const std::vector<float> sum{11, 24, 39, 26, 45, 66};
  const std::string path = write("model.onnx", with_branches(known));
  EXPECT_EQ(evaluate(read_model(path), {{"x", x}}).front().floats, sum);
  const Imported imported = import_model(path);
  Network network = network_of(imported, {});
  Inference inference(network);
  EXPECT_EQ(output_of(imported, inference.forward(images_of(imported, x))).floats, sum);

  // A condition on numbers is for the interpreter alone; the other branch is wrong here.
  const std::string unknown = field(1, node("ReduceMax", {"h"}, "m")) +
                              field(1, node("Cast", {"m"}, "c",
                                            field(5, field(1, "to") + field(3, std::int64_t{9}) +
                                                         field(20, std::int64_t{2}))));
  EXPECT_EQ(
      evaluate(read_model(write("model.onnx", with_branches(unknown))), {{"x", x}}).front().floats,
      sum);
  const std::string elements = field(1, node("Greater", {"x", "h"}, "c"));
  EXPECT_NE(refused(with_branches(elements)).find("a branch that depends on the input"),
            std::string::npos)
      << refused(with_branches(elements));
  const Array nothing{.dims = {2, 3}, .floats = std::vector<float>(6)};
  EXPECT_THROW(evaluate(read_model(write("model.onnx", with_branches(unknown))), {{"x", nothing}}),
               Error);
}

TEST_F(OnnxModelFiles, AnIfMayStandInABranchOfAnother) {
  // Outside the first branch is taken, inside the second.
  const std::string inner =
      field(1, node("Equal", {"one", "three"}, "d")) +
      field(1, node("If", {"d"}, "inside",
                    branch("then_branch", squeezing()) + branch("else_branch", adding()))) +
      field(12, value_info("inside", {}));
  const std::string path =
      write("model.onnx",
            with_branches(field(1, node("Equal", {"one", "one"}, "c")),
                          branch("then_branch", inner) + branch("else_branch", squeezing())));
  const Array x{.dims = {2, 3}, .floats = {1, 2, 3, 4, 5, 6}};
  const std::vector<float> sum{11, 24, 39, 26, 45, 66};
  EXPECT_EQ(evaluate(read_model(path), {{"x", x}}).front().floats, sum);
  const Imported imported = import_model(path);
  Network network = network_of(imported, {});
  Inference inference(network);
  EXPECT_EQ(output_of(imported, inference.forward(images_of(imported, x))).floats, sum);
}

TEST_F(OnnxModelFiles, AnIfThatIsDamagedIsRefused) {
  const std::string condition = field(1, node("Equal", {"one", "one"}, "c"));
  EXPECT_NE(refused(with_branches(condition, branch("then_branch", adding())))
                .find("has not two branches"),
            std::string::npos)
      << refused(with_branches(condition, branch("then_branch", adding())));
  const std::string two = field(1, node("Identity", {"shape"}, "c")) +
                          field(5, tensor("shape", {2}, 9, field(9, std::string(2, '\1'))));
  EXPECT_NE(refused(with_branches(two)).find("not one truth value"), std::string::npos)
      << refused(with_branches(two));
}

}  // namespace
}  // namespace lightloom::nn::onnx::files_tests
