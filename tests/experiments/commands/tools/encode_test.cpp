// lightloom encode as scripts call it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/archives/npy.hpp"
#include "core/random/random.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class EncodeCommand : public testing::Test {
 protected:
  void SetUp() override { folder_ = scratch_folder("encode_command"); }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::vector<std::int64_t>& sides,
             const std::vector<double>& values) const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    std::ofstream(folder_ + "/" + name, std::ios::binary)
        << npy_bytes("<f8", sides, {bytes, values.size() * sizeof(double)});
  }
  [[nodiscard]] Ran run(const std::string& arguments) const {
    return run_shell(fmt::format("cd {} && OMP_NUM_THREADS=1 {} encode {} --quiet --json", folder_,
                                 program(), arguments));
  }
  json object(const std::string& arguments) const {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 0) << arguments << "\n" << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  [[nodiscard]] std::vector<double> numbers(const std::string& name) const {
    const NpyArray array = read_npy(folder_ + "/" + name);
    std::vector<double> values;
    for (std::int64_t i = 0; i < array.count(); ++i) values.push_back(array.real(i));
    return values;
  }
  std::string folder_;
};

std::vector<double> encode_normals(std::size_t count) {
  const Stream stream({.seed = 21, .purpose = Purpose::test});
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(0.1 * stream.normal(i));
  return values;
}

TEST_F(EncodeCommand, SaysBitsErrorAndWorkAndWritesTheDecodedArray) {
  const std::vector<double> dense = encode_normals(64 * 64);
  write("w.npy", {64, 64}, dense);
  const json found =
      object("w.npy --set 'weights={source: trellis, bits: 2, state_bits: 12}' --output back.npy");
  EXPECT_EQ(found["bits_per_weight"], 2);
  EXPECT_EQ(found["complete_bits_per_weight"], 2 + 32.0 / 4096);
  EXPECT_EQ(found["multiplies_per_weight"], 1);
  EXPECT_EQ(found["adds_per_weight"], 4);
  EXPECT_EQ(found["multiply_bits"], 32) << "modulo 2^32";
  EXPECT_EQ(found["add_bits"], 8);
  EXPECT_EQ(found["streams"][0],
            json({{"name", "path"}, {"count", 4096}, {"bits", 2}, {"in_ratio", true}}));
  EXPECT_EQ(read_npy(folder_ + "/back.npy").shape, (std::vector<std::int64_t>{64, 64}));
  const std::vector<double> back = numbers("back.npy");
  double signal = 0, error = 0;
  for (std::size_t i = 0; i < dense.size(); ++i) {
    signal += dense[i] * dense[i];
    error += (dense[i] - back[i]) * (dense[i] - back[i]);
  }
  EXPECT_NEAR(found["sqnr_db"].get<double>(), 10 * std::log10(signal / error), 1e-5);
  EXPECT_NEAR(found["sqnr_db"].get<double>(), 11.3, 0.15);  // 4096 weights scatter by 0.1 dB
}

TEST_F(EncodeCommand, TakesArraysOfFourAxesAndBothOrders) {
  const std::vector<double> dense = encode_normals(5 * 3 * 2 * 2);
  write("w.npy", {5, 3, 2, 2}, dense);
  // The same array in Fortran's order: the first axis runs fastest.
  std::vector<double> turned(dense.size());
  for (std::size_t o = 0, i = 0; o < 5; ++o)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t y = 0; y < 2; ++y)
        for (std::size_t x = 0; x < 2; ++x) turned[o + 5 * (c + 3 * (y + 2 * x))] = dense[i++];
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(turned.data());
  const std::int64_t sides[] = {5, 3, 2, 2};
  std::string file = npy_bytes("<f8", sides, {bytes, turned.size() * sizeof(double)});
  file.replace(file.find("False"), 5, "True ");
  std::ofstream(folder_ + "/f.npy", std::ios::binary) << file;
  const std::string source = " --set 'weights={source: integer, bits: 6}' --output ";
  object("w.npy" + source + "one.npy");
  const json found = object("f.npy" + source + "two.npy");
  EXPECT_EQ(numbers("one.npy"), numbers("two.npy"));
  EXPECT_EQ(found["shape"], json({5, 3, 2, 2}));
  EXPECT_EQ(found["multiplies_per_weight"], 0);
}

TEST_F(EncodeCommand, WithoutErrorThereIsNoRatio) {
  write("w.npy", {2, 3}, {1, 0, -0.5, 2, 3, 0.25});
  const json found = object("w.npy --set 'weights={source: dense}'");
  EXPECT_TRUE(found["sqnr_db"].is_null());
  EXPECT_EQ(found["bits_per_weight"], 32);
}

TEST_F(EncodeCommand, RefusesWhatItCannotRead) {
  write("w.npy", {2, 3}, {1, 0, -0.5, 2, 3, 0.25});
  write("line.npy", {6}, {1, 0, -0.5, 2, 3, 0.25});
  write("none.npy", {0, 3}, {});
  write("nan.npy", {2, 1}, {1, NAN});
  write("huge.npy", {2, 1}, {1, 1e39});
  std::ofstream(folder_ + "/text.npy") << "1 2 3";
  const std::string source = " --set 'weights={source: trellis}'";
  const std::pair<std::string, const char*> cases[] = {
      {source, "an array of weights"},
      {"w.npy", "needs a weight source"},
      {"w.npy --set weights.source=treli", "did you mean 'trellis'?"},
      {"w.npy --set model=resnet20" + source, "'model' is not a known key"},
      {"w.npy --seed 3" + source, "--seed"},
      {"w.npy --output w.h5" + source, "it can be .npy"},
      {"gone.npy" + source, "gone.npy"},
      {"text.npy" + source, "text.npy"},
      {"line.npy" + source, "(out, in, height, width)"},
      {"none.npy" + source, "holds no weights"},
      {"nan.npy" + source, "weight 1 is nan"},
      {"huge.npy" + source, "single precision"},
      {"w.npy --set 'weights={source: trellis, state_bits: 10}'", "must be 8, 12 or 16"},
      {"w.npy --set 'weights={source: trellis, bits: 5}'", "bits"},
      {"w.npy --set 'weights={source: dsconv}'", "dsconv"},
  };
  for (const auto& [arguments, part] : cases) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_NE(ran.errors.find(part), std::string::npos) << arguments << "\n" << ran.errors;
  }
}

}  // namespace
}  // namespace lightloom::experiments
