// Data sets of one's own through the program: shapes, targets, weights of other programs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

using nlohmann::json;

/// A .npy file of floats.
void write_floats(const std::string& path, const std::string& shape,
                  const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((header.size() + 10 + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\0", 8);
  const auto length = static_cast<std::uint16_t>(header.size());
  file.write(reinterpret_cast<const char*>(&length), 2);
  file << header;
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
}

class OwnDataProgram : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("own_data");
    std::vector<float> rows, targets, labels;
    for (int i = 0; i < 120; ++i) {
      for (int k = 0; k < 4; ++k) rows.push_back(static_cast<float>((i * (k + 3)) % 17) / 17);
      targets.push_back(rows[static_cast<std::size_t>(4 * i)]);
      targets.push_back(1 - rows[static_cast<std::size_t>(4 * i + 1)]);
      labels.push_back(rows[static_cast<std::size_t>(4 * i)] > 0.5f ? 1 : 0);
    }
    write_floats(folder_ + "/x.npy", "(120, 4)", rows);
    write_floats(folder_ + "/images.npy", "(120, 2, 2)", rows);
    write_floats(folder_ + "/t.npy", "(120, 2)", targets);
    write_floats(folder_ + "/y.npy", "(120, 1)", labels);
    std::ofstream(folder_ + "/card.yaml")
        << "name: o\nmodel: mlp\nweights: {source: integer, bits: 8}\nbaselines: []\n"
           "train: {epochs: 12, batch: 8}\nchips: 2\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] Ran program_with(const std::string& command, const std::string& settings) const {
    return run_shell(fmt::format("cd {} && OMP_NUM_THREADS=1 {} {} --json --quiet {}", folder_,
                                 program(), command, settings));
  }

  std::string folder_;
};

TEST_F(OwnDataProgram, RegressionGivesErrorsInPlaceOfAccuracy) {
  const std::string data =
      "--set 'dataset={name: rows, task: regression, train: [x.npy, t.npy], test: [x.npy, t.npy]}'";
  const Ran run = program_with("run card.yaml --output r.h5", data);
  ASSERT_EQ(run.code, 0) << run.errors;
  const json found = json::parse(run.output);
  EXPECT_FALSE(found.contains("accuracy"));
  const json& errors = found["errors"];
  EXPECT_EQ(errors["task"], "regression");
  EXPECT_EQ(errors["outputs"], 2);
  const double mse = errors["source"]["mse"].get<double>(),
               rmse = errors["source"]["rmse"].get<double>();
  EXPECT_NEAR(mse, rmse * rmse, 1e-12);
  EXPECT_GT(errors["source"]["r2"].get<double>(), 0.5) << "a linear law";
  EXPECT_EQ(errors["chips"]["mse"]["each"].size(), 2u);
  EXPECT_NEAR(errors["chips"]["mse"]["mean"].get<double>(), mse, 1e-4) << "an ideal core";

  const Ran trained = program_with("train card.yaml --output w.h5", data);
  ASSERT_EQ(trained.code, 0) << trained.errors;
  EXPECT_EQ(json::parse(trained.output)["errors"]["source"]["mse"].get<double>(), mse);
  const Ran again = program_with("run card.yaml --output r.h5 --set weights.file=w.h5", data);
  ASSERT_EQ(again.code, 0) << again.errors;
  EXPECT_NEAR(json::parse(again.output)["errors"]["source"]["mse"].get<double>(), mse, 1e-9);
  const Ran search = program_with(
      "search card.yaml --budget memory=0.5 "
      "--set 'weights={source: multilevel, intra: 2, cross: 8, bits: {basis: 4, intra: 4, cross: "
      "4}}'",
      data);
  EXPECT_EQ(search.code, 2);
  EXPECT_NE(search.errors.find("dataset.task"), std::string::npos) << search.errors;
}

TEST_F(OwnDataProgram, SweepsKeepTheErrorsOfEveryPoint) {
  const Ran sweep =
      program_with("sweep card.yaml --output s.h5",
                   "--set 'dataset={name: rows, task: autoencoder, train: [x.npy], test: [x.npy]}' "
                   "--set 'sweep={train.epochs: [0, 6]}' --set measure=[accuracy]");
  ASSERT_EQ(sweep.code, 0) << sweep.errors;
  const Labelled table = read_labelled(folder_ + "/s.h5");
  const Variable* mse = table.variable("mse_source");
  ASSERT_NE(mse, nullptr);
  const auto& values = std::get<std::vector<double>>(mse->values);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_GT(values[0], values[1]) << "six epochs more";
}

TEST_F(OwnDataProgram, WeightsPackAndComeBackForAShapeOfOnesOwn) {
  const std::string data =
      "--set 'dataset={name: rows, train: [x.npy, y.npy], test: [x.npy, y.npy]}'";
  const Ran trained = program_with("train card.yaml --output w.h5", data);
  ASSERT_EQ(trained.code, 0) << trained.errors;
  EXPECT_EQ(program_with("pack w.h5 --output w.llw", "").code, 0);
  EXPECT_EQ(program_with("unpack w.llw --output plain.h5", "").code, 0);
  const Ran again =
      program_with("run card.yaml --output r.h5",
                   data + " --set 'weights={source: dense, fc_bits: 32, file: plain.h5}'");
  ASSERT_EQ(again.code, 0) << again.errors;
  EXPECT_EQ(json::parse(again.output)["accuracy"]["source"],
            json::parse(trained.output)["accuracy"]["source"]);
}

TEST_F(OwnDataProgram, ANetworkFileOfRowsTakesImagesOfOneChannel) {
  const auto data = [](const std::string& x) {
    return fmt::format("--set 'dataset={{name: mine, train: [{0}, y.npy], test: [{0}, y.npy]}}'",
                       x);
  };
  const Ran saved = program_with("onnx save card.yaml --output net.onnx", data("x.npy"));
  if (saved.errors.find("without") != std::string::npos) GTEST_SKIP() << saved.errors;
  ASSERT_EQ(saved.code, 0) << saved.errors;
  const auto float_accuracy = [&](const std::string& x) {
    const Ran run = program_with(
        "run card.yaml --output r.h5 --set model=net.onnx --set chips=0 "
        "--set train.epochs=0 --set measure=[accuracy]",
        data(x));
    EXPECT_EQ(run.code, 0) << run.errors;
    return json::parse(run.output)["accuracy"]["float"].get<double>();
  };
  const double rows = float_accuracy("x.npy");
  EXPECT_GT(rows, 0.75) << "it has learnt";
  EXPECT_EQ(float_accuracy("images.npy"), rows) << "the same numbers as images of 2 x 2";
}

TEST_F(OwnDataProgram, RatioAndCostTakeAShapeWithoutFiles) {
  const Ran ratio =
      program_with("ratio --model mlp",
                   "--set 'dataset={name: own, height: 49, width: 10, channels: 1, classes: 12}'");
  ASSERT_EQ(ratio.code, 0) << ratio.errors;
  // 490 inputs to 256, 128 and 12, with biases.
  EXPECT_EQ(json::parse(ratio.output)["dense_parameters"].get<int>(),
            490 * 256 + 256 + 256 * 128 + 128 + 128 * 12 + 12);
  const Ran cost = program_with("cost card.yaml",
                                "--set 'dataset={name: own, height: 49, width: 10, classes: 12}'");
  EXPECT_EQ(cost.code, 0) << cost.errors;
  const Ran unknown = program_with("cost card.yaml", "--set dataset.name=own");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.errors.find("dataset.height"), std::string::npos) << unknown.errors;
}

}  // namespace
}  // namespace lightloom::experiments
