// pack, unpack and search as scripts call them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string quickstart = LIGHTLOOM_SOURCE_DIR "/data/experiments/quickstart.yaml ";
const std::string untrained =
    "--set dataset.train_limit=200 --set dataset.test_limit=20 --set teacher.epochs=0 "
    "--set train.epochs=0 --set chips=0 ";

class WeightCommands : public testing::Test {
 protected:
  void SetUp() override { folder_ = scratch_folder("weight_commands"); }
  void TearDown() override { fs::remove_all(folder_); }

  Ran run(const std::string& arguments) {
    return run_shell(fmt::format("cd {} && {} {} --quiet", folder_, program(), arguments));
  }
  json object(const std::string& arguments) {
    const Ran ran = run(arguments + " --json");
    EXPECT_EQ(ran.code, 0) << arguments << "\n" << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  std::string bytes(const std::string& name) {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
  }
  std::string folder_;
};

TEST_F(WeightCommands, PackExactlyTheBitsThatRatioCountsPlusAStatedHeader) {
  object("train " + quickstart + untrained + "-o w.h5");
  const json packed = object("pack w.h5 -o w.llw");
  const json ratio = object("ratio " + quickstart);
  EXPECT_EQ(packed["ratio_bits"], ratio["memory_bits"]);
  EXPECT_EQ(8 * fs::file_size(folder_ + "/w.llw"), packed["ratio_bits"].get<std::uint64_t>() +
                                                       packed["extra_bits"].get<std::uint64_t>() +
                                                       packed["padding_bits"].get<std::uint64_t>() +
                                                       packed["header_bits"].get<std::uint64_t>());
  EXPECT_EQ(object("inspect w.llw")["layers"], packed["layers"]);
}

TEST_F(WeightCommands, TheShippedWeightsAreOfTheSettingsInTheirCard) {
  const std::string data = LIGHTLOOM_SOURCE_DIR "/data/";
  struct Shipped {
    const char *weights, *card;
    double ratio;
  };
  for (const auto& [weights, card, ratio] :
       {Shipped{"cifar10-resnet20-multilevel", "cifar10-resnet20-supplied", 0.0456},
        Shipped{"cifar10-resnet18-0080", "cifar10-resnet18-0080", 0.00805}}) {
    const std::string file = data + "weights/" + weights + ".h5";
    EXPECT_LT(fs::file_size(file), 1'000'000u) << weights;
    const json packed = object("pack " + file + " -o shipped.llw");
    const json counted = object("ratio " + data + "experiments/" + card + ".yaml");
    EXPECT_EQ(packed["ratio_bits"], counted["memory_bits"]) << weights;
    EXPECT_LE(counted["memory_ratio"].get<double>(), ratio) << weights;
  }
}

TEST_F(WeightCommands, UnpackToAPlainNetworkOfTheSameAccuracy) {
  const std::string data =
      "--set dataset.test_limit=500 --set dataset.train_limit=1500 --set teacher.epochs=1 "
      "--set teacher.recalibrate=640 --set teacher.batch=32 --set 'measure=[accuracy]' --set "
      "'baselines=[]' ";
  for (const char* weights : {"{source: integer, bits: 4, activations: 8}",
                              "{source: multilevel, intra: 2, cross: 12, activations: 8}"}) {
    const json trained = object(fmt::format("train {}{}{} --set 'weights={}' -o w.h5", quickstart,
                                            untrained, data, weights));
    object("pack w.h5 -o w.llw");
    object("unpack w.llw -o plain.h5");
    const json plain =
        object(fmt::format("run {}{}{} -o r.h5 --set 'weights={{source: dense, fc_bits: 32, "
                           "activations: 8, file: plain.h5}}'",
                           quickstart, untrained, data));
    EXPECT_EQ(plain["accuracy"]["source"], trained["accuracy"]["source"]);
    if (std::string(weights).find("integer") != std::string::npos) {
      EXPECT_GT(plain["accuracy"]["source"].get<double>(), 0.2) << "not by chance";
    }
  }
}

TEST_F(WeightCommands, PackIntoAFileOfWordsThatIsTheSameNetworkToACard) {
  const std::string data =
      "--set dataset.test_limit=500 --set dataset.train_limit=1500 --set teacher.epochs=1 "
      "--set teacher.batch=32 --set 'measure=[accuracy]' --set 'baselines=[]' ";
  const std::string weights =
      "{source: multilevel, intra: 2, cross: 12, bits: {basis: 3, intra: 6, cross: 4}";
  const json trained = object(fmt::format("train {}{}{} --set 'weights={}}}' -o w.h5", quickstart,
                                          untrained, data, weights));
  const json kept = object("pack w.h5 -o kept.h5");
  EXPECT_EQ(kept["bytes"], fs::file_size(folder_ + "/kept.h5"));
  EXPECT_LT(4 * fs::file_size(folder_ + "/kept.h5"), 3 * fs::file_size(folder_ + "/w.h5"));
  object("pack w.h5 -o w.llw");
  object("pack kept.h5 -o kept.llw");
  EXPECT_EQ(bytes("kept.llw"), bytes("w.llw")) << "the same words, scales and statistics";
  for (const char* file : {"w.h5", "kept.h5"}) {
    const json ran = object(fmt::format("run {}{}{} -o r.h5 --set 'weights={}, file: {}}}'",
                                        quickstart, untrained, data, weights, file));
    EXPECT_EQ(ran["accuracy"]["source"], trained["accuracy"]["source"]) << file;
  }
}

TEST_F(WeightCommands, RefuseDamagedFilesWithASentenceAndLeaveNothing) {
  object("train " + quickstart + untrained + "-o w.h5");
  object("pack w.h5 -o w.llw");
  const std::string whole = bytes("w.llw");
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 4);
  write("cut.llw", whole.substr(0, whole.size() - 1));
  write("flipped.llw", flipped);
  write("text.llw", "no weights here\n");
  for (const char* name : {"cut.llw", "flipped.llw", "text.llw", "missing.llw"}) {
    const Ran ran = run(fmt::format("unpack {} -o out.h5", name));
    EXPECT_EQ(ran.code, 2) << name;
    EXPECT_NE(ran.errors.find(name), std::string::npos) << ran.errors;
    EXPECT_FALSE(fs::exists(folder_ + "/out.h5"));
  }
  EXPECT_EQ(run("pack text.llw -o out.llw").code, 2);
  EXPECT_EQ(run("pack w.h5 -o w.h5").code, 2) << "would replace its input";
}

// A section `search` is searched by gradients; the card and the weights that it writes are those of
// the network that it reports.
TEST_F(WeightCommands, SearchByGradientsWritesWhatItFound) {
  write("search.yaml",
        "dataset: {name: glyphs, train_limit: 300, test_limit: 200}\nmodel: {name: lenet5}\n"
        "weights: {source: integer, bits: 4}\nteacher: {epochs: 1}\ntrain: {epochs: 1}\n"
        "search:\n  candidates: [{label: a, source: integer, bits: 3}, {label: b, source: integer, "
        "bits: 6}]\n  targets: [{cost: bytes, at_most: 1.4, of: a}]\n  epochs: 2\n  fine_tune: 1\n"
        "  controls: [greedy]\nbaselines: []\nchips: 0\nmeasure: [accuracy]\n");
  const json found =
      object("search search.yaml -o found.yaml --results found.h5 --weights w.h5 --threads 1");
  EXPECT_EQ(found["networks"].size(), 2u);
  const json run = object("run found.yaml --set weights.file=w.h5 --threads 1 -o r.h5");
  EXPECT_EQ(run["accuracy"]["source"], found["networks"]["searched"]["accuracy"]);
  const Labelled results = read_labelled(folder_ + "/found.h5");
  EXPECT_EQ(std::get<std::vector<double>>(results.variable("whole_cost")->values)[0],
            found["networks"]["searched"]["whole"]["bytes"].get<double>());
  for (const char* wrong : {"--budget memory=0.1", "--candidates 2", "--results found.txt"})
    EXPECT_EQ(this->run(std::string("search search.yaml -o no.yaml ") + wrong).code, 2) << wrong;
  EXPECT_FALSE(fs::exists(folder_ + "/no.yaml"));
}

const std::string small_search =
    "search " + quickstart + untrained + "--images 64 --set 'weights.projection.method=svd' ";

TEST_F(WeightCommands, SearchStaysWithinItsMemoryAndHarmsLessThanTheBestUniformSetting) {
  const json found = object(small_search + "--budget memory=0.03 -o found.yaml");
  EXPECT_LE(found["searched"]["memory_ratio"].get<double>(), 0.03);
  EXPECT_LE(found["uniform"]["memory_ratio"].get<double>(), 0.03);
  EXPECT_LE(found["searched"]["expected_loss_rise"].get<double>(),
            found["uniform"]["expected_loss_rise"].get<double>());
  EXPECT_LE(found["equal"]["memory_ratio"].get<double>(),
            found["uniform"]["memory_ratio"].get<double>());
  EXPECT_LE(found["equal"]["expected_loss_rise"].get<double>(),
            found["uniform"]["expected_loss_rise"].get<double>());
  EXPECT_GE(found["equal"]["expected_loss_rise"].get<double>(),
            found["searched"]["expected_loss_rise"].get<double>());
  const json ratio = object("ratio found.yaml");
  EXPECT_DOUBLE_EQ(ratio["memory_ratio"].get<double>(),
                   found["searched"]["memory_ratio"].get<double>())
      << "the card that was written is what was found";
}

TEST_F(WeightCommands, SearchKeepsTheSimulatedTimeOrEnergyOfTheWholeNetworkWithinItsBudget) {
  const json cost = object("cost " + quickstart + "--set 'baselines=[]'");
  for (const auto& [kind, key] : {std::pair("time", "time_s"), std::pair("energy", "energy_J")}) {
    double rise = INFINITY;
    for (const double share : {1.02, 1.3}) {
      const double limit = share * cost[key].get<double>();
      const json found =
          object(fmt::format("{} --budget {}={} -o found.yaml", small_search, kind, limit));
      EXPECT_LE(found["searched"][key].get<double>(), limit) << kind;
      if (found.contains("uniform")) {
        EXPECT_LE(found["equal"][key].get<double>(), found["uniform"][key].get<double>()) << kind;
        EXPECT_LE(found["equal"]["expected_loss_rise"].get<double>(),
                  found["uniform"]["expected_loss_rise"].get<double>());
      }
      EXPECT_LE(found["searched"]["expected_loss_rise"].get<double>(), rise)
          << "more to spend never harms";
      rise = found["searched"]["expected_loss_rise"].get<double>();
      const json again = object("cost found.yaml --set 'baselines=[]'");
      EXPECT_DOUBLE_EQ(again[key].get<double>(), found["searched"][key].get<double>());
    }
  }
}

TEST_F(WeightCommands, TrainReportsTheLedgerOfASmartDealTraining) {
  const std::string small =
      "train " + quickstart +
      "--set model.name=mlp --set dataset.train_limit=200 --set dataset.test_limit=20 "
      "--set teacher.epochs=1 --set train.epochs=1 --set train.optimizer=sgd --set 'baselines=[]' ";
  const json deal = object(small + "--set 'weights={source: smart_deal}' -o deal.h5");
  const json& ledger = deal["training_ledger"];
  EXPECT_LT(ledger["smart_deal"]["forward_bits"], ledger["int8"]["forward_bits"]);
  EXPECT_EQ(ledger["fp32"]["stored_bits"].get<std::int64_t>(),
            64 * (784 * 256 + 256 * 128 + 128 * 10 + 256 + 128 + 10));
  EXPECT_EQ(ledger["int8"]["activation_bits"].get<std::int64_t>(),
            std::int64_t{2} * 8 * 64 * (784 + 256 + 128));
  EXPECT_FALSE(object(small + "--set 'weights={source: smart_exchange}' -o plain.h5")
                   .contains("training_ledger"));
  object("pack deal.h5 -o deal.llw");
  EXPECT_EQ(
      run(small + "--set 'weights={source: smart_deal}' --set train.average=0.9 -o no.h5").code, 2);
}

TEST_F(WeightCommands, RunReportsEffectiveBitsAndTheFaultyMemory) {
  const std::string base = "run " + quickstart + untrained + "-o r.h5 ";
  const json run_json = object(base +
                               "--set chips=2 --set 'baselines=[]' "
                               "--set 'bit_errors={voltage: 0.84, curve: " LIGHTLOOM_SOURCE_DIR
                               "/data/weights/sram-voltage-fit.yaml}'");
  ASSERT_EQ(run_json["generated_weights"].size(), 4u);
  const json& conv = run_json["generated_weights"][1];
  EXPECT_NEAR(conv["precision_bits"].get<double>(), 4 + 4 + 4 + 1 + std::log2(12.0), 1e-9);
  // Three stages of 0.5 % noise and an 8-bit converter: fewer bits than any of them has.
  EXPECT_GT(conv["effective_bits"].get<double>(), 3);
  EXPECT_LT(conv["effective_bits"].get<double>(), 7.6);
  EXPECT_TRUE(run_json["generated_weights"][3]["effective_bits"].is_null()) << "stored, not made";
  const json& memory = run_json["faulty_memory"];
  EXPECT_NEAR(memory["rate"].get<double>(), 0.01, 1e-9);
  EXPECT_GT(memory["flipped_bits"].get<int>(), 0);
  EXPECT_NEAR(run_json["energy_J"].get<double>() - memory["energy_J"].get<double>(),
              memory["weight_buffer_J"].get<double>() * (1 / 0.7056 - 1), 1e-15);
  EXPECT_EQ(run(base + "--set 'bit_errors={rate: 0.1, streams: [exponents]}'").code, 2);
}

TEST_F(WeightCommands, SearchTakesRelativeErrorsInPlaceOfMeasuredHarm) {
  const std::string relative = small_search + "--budget memory=0.03 -o found.yaml --sensitivity ";
  const json found = object(relative + "relative");
  EXPECT_LE(found["equal"]["expected_loss_rise"].get<double>(),
            found["uniform"]["expected_loss_rise"].get<double>());
  // Four layers, each at most as wrong as a weight of zeros.
  EXPECT_LT(found["searched"]["expected_loss_rise"].get<double>(), 4);
  EXPECT_NE(found["layers"][0]["sensitivity"],
            object(relative + "measured")["layers"][0]["sensitivity"]);
  EXPECT_EQ(run(relative + "guessed").code, 2);
}

TEST_F(WeightCommands, SearchKeepsTheCandidateThatTrainsClosestToTheFloatNetwork) {
  const std::string base = small_search + "--budget memory=0.03 -o found.yaml ";
  const json found = object(base + "--candidates 2");
  const json& all = found["candidates"];
  ASSERT_EQ(all.size(), 4u) << "per layer by two rules, two uniform settings";
  std::size_t best = 0;
  for (std::size_t c = 0; c < all.size(); ++c) {
    EXPECT_LE(all[c]["memory_ratio"].get<double>(), 0.03);
    EXPECT_GT(all[c]["divergence"].get<double>(), 0);
    if (all[c]["divergence"] < all[best]["divergence"]) best = c;
  }
  EXPECT_EQ(found["chosen"], all[best]["name"]);
  EXPECT_DOUBLE_EQ(object("ratio found.yaml")["memory_ratio"].get<double>(),
                   all[best]["memory_ratio"].get<double>())
      << "the card that was written is the one chosen";
  EXPECT_FALSE(object(base).contains("candidates"));
  EXPECT_EQ(run(base + "--candidates -1").code, 2);
}

TEST_F(WeightCommands, SearchForMemoryNeedsNoHardwareThatGenerates) {
  const std::string none = small_search + "--set 'generator={kind: none}' -o found.yaml ";
  const json found = object(none + "--budget memory=0.03");
  EXPECT_TRUE(found["searched"]["time_s"].is_null());
  EXPECT_LE(found["searched"]["memory_ratio"].get<double>(), 0.03);
  EXPECT_EQ(run(none + "--budget time=1").code, 2);
}

TEST_F(WeightCommands, SearchRefusesBudgetsItCannotReadOrMeet) {
  for (const char* budget : {"memory", "memory=", "memory=-1", "memory=0.1x", "speed=3",
                             "memory=0.0001", "time=1e-12"}) {
    const Ran ran = run(small_search + "-o no.yaml --budget " + budget);
    EXPECT_EQ(ran.code, 2) << budget << ": " << ran.errors;
    EXPECT_FALSE(fs::exists(folder_ + "/no.yaml"));
  }
}

}  // namespace
}  // namespace lightloom::experiments
