// `lightloom onnx check` as scripts call it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "nn/onnx/model/model.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A protocol buffer field of bytes and one of a number, for lengths and numbers below 128.
std::string bytes(int field, const std::string& value) {
  return std::string{static_cast<char>(field * 8 + 2), static_cast<char>(value.size())} + value;
}
std::string number_field(int field, int value) {
  return {static_cast<char>(field * 8), static_cast<char>(value)};
}

/// The vector `values` as a TensorProto of floats.
std::string vector_proto(const std::vector<float>& values) {
  const std::string raw(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  return number_field(1, static_cast<int>(values.size())) + number_field(2, 1) + bytes(9, raw);
}

class OnnxCommand : public testing::Test {
 protected:
  void SetUp() override {
    if (!nn::onnx::available()) GTEST_SKIP() << "built without libonnx-dev";
    folder_ = scratch_folder("onnx-command");
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// A case of one operator from x to y, both vectors.
  void write_case(const std::string& name, const std::string& type, const std::vector<float>& x,
                  const std::vector<float>& y) const {
    fs::create_directories(fs::path(folder_) / name / "test_data_set_0");
    const std::string value = bytes(2, bytes(1, number_field(1, 1)));
    const std::string node = bytes(1, "x") + bytes(2, "y") + bytes(3, "node-7") + bytes(4, type);
    const std::string graph = bytes(1, node) + bytes(2, "g") + bytes(11, bytes(1, "x") + value) +
                              bytes(12, bytes(1, "y") + value);
    write(name + "/model.onnx",
          number_field(1, 8) + bytes(7, graph) + bytes(8, number_field(2, 13)));
    write(name + "/test_data_set_0/input_0.pb", vector_proto(x));
    write(name + "/test_data_set_0/output_0.pb", vector_proto(y));
  }
  void write(const std::string& path, const std::string& content) const {
    std::ofstream(fs::path(folder_) / path, std::ios::binary) << content;
  }
  [[nodiscard]] Ran check(const std::string& cases) const {
    return run_shell(
        fmt::format("cd {} && {} onnx check {} --json --quiet", folder_, program(), cases));
  }
  std::string folder_;
};

TEST_F(OnnxCommand, PrintsOneEntryForEveryCaseInOrder) {
  write_case("right", "Relu", {-1, 2, 3}, {0, 2, 3});
  write_case("wrong", "Relu", {-1, 2, 3}, {0, 2, 4});
  write_case("strange", "NoSuch", {-1, 2, 3}, {0, 2, 3});
  write_case("plain", "Sinh", {0, 0, 0}, {0, 0, 0});
  const Ran ran = check("right wrong ./strange/ plain");
  ASSERT_EQ(ran.code, 0) << ran.errors;
  const json found = json::parse(ran.output);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0]["case"], "right");
  EXPECT_EQ(found[0]["status"], "pass");
  EXPECT_EQ(found[0]["operator"], "Relu");
  EXPECT_EQ(found[0]["path"], "engine");
  EXPECT_EQ(found[0]["max_error"], 0.0);
  EXPECT_EQ(found[1]["status"], "fail");
  EXPECT_EQ(found[1]["max_error"], 1.0);
  EXPECT_EQ(found[2]["case"], "strange");
  EXPECT_EQ(found[2]["status"], "unsupported");
  EXPECT_EQ(found[2]["operator"], "NoSuch");
  EXPECT_TRUE(found[2]["max_error"].is_null());
  EXPECT_NE(found[2]["reason"].get<std::string>().find("node-7"), std::string::npos);
  EXPECT_EQ(found[3]["status"], "pass");
  EXPECT_EQ(found[3]["path"], "interpreter");
}

TEST_F(OnnxCommand, RefusesMissingAndDamagedCasesInOneSentence) {
  write_case("cut", "Relu", {1}, {1});
  write("cut/test_data_set_0/output_0.pb", vector_proto({1, 2}).substr(0, 9));
  write_case("junk", "Relu", {1}, {1});
  write("junk/model.onnx", "this is no model");
  write_case("empty", "Relu", {1}, {1});
  fs::remove_all(fs::path(folder_) / "empty/test_data_set_0");
  write_case("short", "Relu", {1}, {1});
  fs::remove(fs::path(folder_) / "short/test_data_set_0/input_0.pb");
  for (const std::string name : {"cut", "junk", "empty", "short", "nowhere", ""}) {
    const Ran ran = check(name);
    EXPECT_EQ(ran.code, 2) << name << ran.output;
    EXPECT_EQ(ran.output, "") << name;
    EXPECT_EQ(std::count(ran.errors.begin(), ran.errors.end(), '\n'), 1) << ran.errors;
  }
}

TEST_F(OnnxCommand, SavesTheNetworkOfACardWhichIsAgainTheNetworkOfACard) {
  const std::string card =
      "dataset: {name: glyphs, train_limit: 200, test_limit: 100}\nmodel: lenet5\n"
      "teacher: {epochs: 1}\ntrain: {epochs: 0}\nweights: {source: integer, bits: 6}\n";
  write("card.yaml", card + "chips: 0\nmeasure: [accuracy]\n");
  const auto ran = [&](const std::string& arguments) {
    const Ran found =
        run_shell(fmt::format("cd {} && {} {} --json --quiet", folder_, program(), arguments));
    EXPECT_EQ(found.code, 0) << arguments << found.errors;
    return json::parse(found.output);
  };
  EXPECT_EQ(ran("onnx save card.yaml --output net.onnx")["model"], "net.onnx");
  const json trained = ran("run card.yaml --output a.h5");
  // The file's weights need no teacher: dense weights as they are.
  for (const char* model : {"net.onnx", "'{onnx: net.onnx}'"}) {
    const json read = ran(fmt::format(
        "run card.yaml --set teacher=null --set weights.source=dense --set model={} --output b.h5",
        model));
    EXPECT_EQ(read["accuracy"]["source"], trained["accuracy"]["source"]);
  }
}

}  // namespace
}  // namespace lightloom::experiments
