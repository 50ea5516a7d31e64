// The program as scripts call it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <complex>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/files/atomic_file.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string shipped_data = LIGHTLOOM_SOURCE_DIR "/data/";
const std::string multilevel =
    "--set 'weights={source: multilevel, intra: 2, cross: 44, bits: {basis: 3, intra: 6, cross: "
    "3}}' ";

class Program : public testing::Test {
 protected:
  void SetUp() override { folder_ = scratch_folder("program"); }
  void TearDown() override { fs::remove_all(folder_); }

  /// Runs with --json and parses standard output, which must hold one object and nothing else.
  json object(const std::string& arguments) {
    const Ran ran =
        run_shell(fmt::format("cd {} && {} {} --json --quiet", folder_, program(), arguments));
    EXPECT_EQ(ran.code, 0) << arguments << "\n" << ran.errors;
    json parsed = json::parse(ran.output, nullptr, false);
    EXPECT_TRUE(parsed.is_object()) << arguments << "\n" << ran.output.substr(0, 400);
    return parsed;
  }
  std::string folder_;
};

TEST_F(Program, CountsThePublishedRatiosOfResNet18) {
  const json ten = object("ratio --model resnet18 --dataset cifar10 " + multilevel);
  EXPECT_NEAR(ten["parameter_ratio"].get<double>(), 0.0497, 5e-5);  // Gu et al., ICCV 2021, table 1
  EXPECT_NEAR(ten["memory_ratio"].get<double>(), 0.0080, 5e-5);
  const json hundred = object("ratio --model resnet18 --dataset cifar100 " + multilevel);
  EXPECT_NEAR(hundred["parameter_ratio"].get<double>(), 0.0536, 5e-5);
  EXPECT_NEAR(hundred["memory_ratio"].get<double>(), 0.0090, 5e-5);
  std::int64_t bits = 32 * ten["norm_parameters"].get<std::int64_t>();
  for (const json& layer : ten["layers"]) bits += layer["memory_bits"].get<std::int64_t>();
  EXPECT_EQ(bits, ten["memory_bits"].get<std::int64_t>());
}

TEST_F(Program, SimulatesCostWithoutData) {
  const json cost = object("cost " + shipped_data + "experiments/fashion-mnist.yaml");
  for (const char* key : {"time_s", "energy_J"}) EXPECT_GT(cost[key].get<double>(), 0) << key;
  for (const char* baseline : {"int8", "int2", "ternary", "dense"}) {
    const double ratio =
        cost["sources"][baseline]["time_s"].get<double>() / cost["time_s"].get<double>();
    EXPECT_DOUBLE_EQ(cost["speedup"][baseline].get<double>(), ratio);
  }
  EXPECT_EQ(cost["layers"].size(), 4u);
}

TEST_F(Program, CostsListsOfLayersAsItCostsNetworks) {
  const std::string card = "cost " + shipped_data + "experiments/fashion-mnist.yaml";
  const json network = object(card), product = object(card + " --gemm 64,512,33");
  std::ofstream(folder_ + "/list.csv") << "Layer, M, N, K,\ngemm, 64, 33, 512,\n";
  const json listed = object(card + " --layers list.csv");
  for (const auto& [key, value] : network.items()) EXPECT_TRUE(product.contains(key)) << key;
  ASSERT_EQ(product["layers"].size(), 1u);
  EXPECT_EQ(product["layers"][0]["name"], "gemm");
  EXPECT_EQ(product["model"], "gemm 64,512,33");
  EXPECT_EQ(listed["model"], "list.csv");
  EXPECT_EQ(listed["time_s"], product["time_s"]);
  EXPECT_EQ(listed["sources"], product["sources"]);
}

TEST_F(Program, ConfiguresChipsFromReadings) {
  for (const std::string method : {"nulling", "nulling-powers", "self"}) {
    const json configured =
        object(fmt::format("chip {}devices/mzi-mesh.yaml --chips 2 --set mesh.modes=4 "
                           "--set phase_bias=uniform --configure {}",
                           shipped_data, method))["configured"];
    EXPECT_EQ(configured["method"], method);
    EXPECT_EQ(configured["modes"], 4);
    EXPECT_LT(configured["error_after"]["mean"].get<double>(),
              configured["error_before"]["mean"].get<double>())
        << method;
  }
}

TEST_F(Program, PutsTheLatencyEquationBesideTheSchedule) {
  const json cost = object("cost " + shipped_data + "experiments/generation-latency.yaml");
  const json& latency = cost["generation_latency"];
  // Gu et al. print 0.5452 ns and 7.9 us for this layer; Eq. 8 with 34 GB/s gives 8.44 us.
  EXPECT_NEAR(latency["equation"]["total_s"].get<double>(), 0.5452e-9, 1e-13);
  EXPECT_NEAR(latency["equation"]["saved_s"].get<double>(), 8.44e-6, 1e-8);
  const json& schedule = latency["schedule"];
  EXPECT_GT(schedule["generation_s"].get<double>(), latency["equation"]["total_s"].get<double>());
  EXPECT_NEAR(
      schedule["speedup"].get<double>(),
      schedule["time_reloaded_s"].get<double>() / schedule["time_regenerated_s"].get<double>(),
      1e-12);
}

TEST_F(Program, DecomposesAMatrixAndSavesItsSettings) {
  std::ofstream(folder_ + "/m.csv") << "0,1,0\n0,0,1\n1,0,0\n";
  const json found = object("decompose m.csv --mesh clements --output settings.h5");
  EXPECT_EQ(found["modes"], 3);
  EXPECT_EQ(found["devices"], 3);
  EXPECT_LT(found["error"].get<double>(), 1e-15);
  EXPECT_LT(found["distance_from_unitary"].get<double>(), 1e-15);
  const json again = object("decompose settings.h5 --mesh reck");  // the rebuilt matrix is a matrix
  EXPECT_LT(again["error"].get<double>(), 1e-15);
}

/// Elements of a text matrix as lightloom writes them, re+imj and separators.
std::vector<std::complex<double>> read_numbers(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::complex<double>> numbers;
  double real = 0, imaginary = 0;
  for (char unit = 0, separator = 0; file >> real >> imaginary >> unit; file.get(separator))
    numbers.emplace_back(real, imaginary);
  return numbers;
}

TEST_F(Program, TakesSettingsBackIntoTheMatrix) {
  using Numbers = std::vector<std::complex<double>>;
  const Numbers any{1, 2, -0.5, 0, {0, 0.25}, 3}, one{{0, -1}},
      unitary{0, 1, 0, 0, 0, {0, 1}, 1, 0, 0};
  std::ofstream(folder_ + "/any.csv") << "1,2,-0.5\n0,0.25j,3\n";
  const Numbers tall{1, 2, {0, 1}};
  std::ofstream(folder_ + "/tall.csv") << "1\n2\n1j\n";
  std::ofstream(folder_ + "/one.csv") << "-1j\n";
  std::ofstream(folder_ + "/u.csv") << "0,1,0\n0,0,1j\n1,0,0\n";
  const std::pair<const char*, const Numbers*> cases[] = {
      {"any.csv --target svd", &any},
      {"any.csv --target svd --mesh reck --device compact", &any},
      {"any.csv --target svd --convention strawberryfields", &any},
      {"one.csv", &one},
      {"u.csv --device three-splitter", &unitary},
      {"u.csv --device crossing", &unitary},
      {"u.csv --mesh reck --convention strawberryfields", &unitary},
      {"u.csv --convention perceval", &unitary},
      {"u.csv --convention strawberryfields-symmetric", &unitary},
      {"u.csv --convention interferometer", &unitary},
      {"u.csv --convention neurophox", &unitary},
      {"any.csv --target svd --convention neurophox", &any},
      {"tall.csv --target svd --mesh reck", &tall},
      {"tall.csv --target svd --device compact --convention strawberryfields-compact", &tall},
      {"u.csv --device compact --convention strawberryfields-compact", &unitary}};
  for (const auto& [how, wanted] : cases) {
    const json found = object(fmt::format("decompose {} --output settings.h5", how));
    const json back = object("decompose settings.h5 --back --output back.csv");
    EXPECT_EQ(back["modes"], found["modes"]);
    const Numbers got = read_numbers(folder_ + "/back.csv");
    ASSERT_EQ(got.size(), wanted->size()) << how;
    // Some tens of roundings of a matrix of norm 3.6.
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_LT(std::abs(got[i] - (*wanted)[i]), 2e-14) << how;
  }
  // Other files hold the same matrix, to the bit.
  for (const char* name : {"back.npy", "back.h5"}) {
    object(fmt::format("decompose settings.h5 --back --output {}", name));
    object(fmt::format("decompose {} --output again.h5", name));
    object("decompose back.csv --output text.h5");
    EXPECT_EQ(object("inspect again.h5 --variable theta"),
              object("inspect text.h5 --variable theta"));
    EXPECT_EQ(object("inspect again.h5 --variable phi"), object("inspect text.h5 --variable phi"));
  }
  // The convention changes the phases, not the matrix.
  object("decompose u.csv --output ours.h5");
  object("decompose u.csv --output theirs.h5 --convention strawberryfields");
  EXPECT_NE(object("inspect ours.h5 --variable theta"),
            object("inspect theirs.h5 --variable theta"));
}

TEST_F(Program, TakesRoundedMatricesWithAWord) {
  std::ofstream(folder_ + "/f.csv") << "0.707107,0.707107\n0.707107,-0.707107\n";
  const json found = object("decompose f.csv");
  EXPECT_EQ(found["rounded"], true);
  // 2 * 0.707107^2 - 1 = 6.2e-7; the nearest unitary has 0.70710678 everywhere.
  EXPECT_NEAR(found["distance_from_unitary"].get<double>(), 6.2e-7, 1e-8);
  EXPECT_NEAR(found["error"].get<double>(), std::sqrt(2.0) * (0.707107 - std::sqrt(0.5)), 1e-12);
  std::ofstream(folder_ + "/g.csv") << "0.71,0.71\n0.71,-0.71\n";  // 0.0082 from unitary
  EXPECT_EQ(object("decompose g.csv --tolerance 0.01")["rounded"], true);
  EXPECT_EQ(run_shell(fmt::format("cd {} && {} decompose g.csv", folder_, program())).code, 2);
}

TEST_F(Program, DrawsChipsOfAnyCoreWithYieldAndLink) {
  for (const char* card : {"mzi-mesh", "mrr-bank", "mrr-bank-carrier", "pcm-crossbar", "ideal"}) {
    const json found = object(
        fmt::format("chip {}devices/{}.yaml --set rows=8 --set columns=8 --chips 5 --limit 0.05 "
                    "--enob 3",
                    shipped_data, card));
    for (const char* quantity :
         {"error", "fidelity", "unreachable", "insertion_loss_dB", "power_mW", "reading_error"}) {
      for (const char* key : {"mean", "std", "standard_error"})
        EXPECT_TRUE(found[quantity][key].is_number()) << card << quantity << key;
      EXPECT_EQ(found[quantity]["quantiles"].size(), 7u) << card << quantity;
    }
    EXPECT_TRUE(found["unreachable_fraction"].is_number()) << card;
    const json& yield = found["yield"];
    EXPECT_LE(yield["low"].get<double>(), yield["fraction"].get<double>()) << card;
    EXPECT_GE(yield["high"].get<double>(), yield["fraction"].get<double>()) << card;
    if (std::string(card) == "ideal") continue;
    EXPECT_EQ(found["reading_error"]["mean"].get<double>() > 0,
              std::string(card) == "pcm-crossbar");
    EXPECT_LT(found["link"]["enob_converted"].get<double>(),
              found["link"]["enob_uniform"].get<double>());
    EXPECT_GT(found["laser"]["power_per_input_mW"].get<double>(), 0) << card;
    EXPECT_EQ(found["converters"]["output_adc"]["enob"], 8.0) << card;
  }
}

TEST_F(Program, AsksChipsOfACoreForTheWeightsThatAreNamed) {
  const std::string chip =
      "chip " + shipped_data + "devices/mrr-bank.yaml --set rows=8 --set columns=16 --chips 3 ";
  EXPECT_EQ(object(chip)["target"], "uniform weights");
  EXPECT_EQ(object(chip), object(chip + "--targets uniform"));
  EXPECT_EQ(object(chip + "--targets normal")["target"], "normal weights");
  const json ternary = object(chip + "--targets ternary");
  EXPECT_EQ(ternary["target"], "weights of 3 levels");
  EXPECT_LT(ternary["error"]["mean"].get<double>(), 0.03);
  EXPECT_EQ(object(chip + "--targets 2-bit")["target"], "weights of 4 levels");
  std::ofstream(folder_ + "/layer.csv") << "1, -1, 0.5\n0, 0.25, -0.5\n";
  EXPECT_EQ(object(chip + "--targets layer.csv")["target"], "given weights (2 x 3)");
}

TEST_F(Program, DrawsChipsOfACore) {
  const std::string chip =
      "chip " + shipped_data +
      "devices/mzi-mesh.yaml --set mesh.modes=8 --set phase_sigma_rad=0 "
      "--set phase_bits=0 --set fabrication.splitter_sigma_rad=0.02 --chips 4 ";
  const json plain = object(chip + "--set correction=none"),
             corrected = object(chip + "--set correction=local");
  for (const char* key : {"mean", "std", "standard_error"})
    EXPECT_TRUE(plain["error"][key].is_number()) << key;
  EXPECT_LT(corrected["error"]["mean"].get<double>(), plain["error"]["mean"].get<double>());
  EXPECT_TRUE(plain["unreachable_fraction"].is_number());
}

TEST_F(Program, RunsAPatternThroughAMemory) {
  const json run = object(
      "memory " + shipped_data +
      "memory/ddr4-2400.yaml --pattern rand_rd --requests 1000 --seed 12345 --set refresh=false");
  for (const char* key : {"cycles", "bandwidth_GBps", "row_hits", "activates", "refreshes"})
    EXPECT_TRUE(run[key].is_number()) << key;
  for (const char* key : {"mean", "p50", "p99"})
    EXPECT_TRUE(run["latency_cycles"][key].is_number()) << key;
  EXPECT_EQ(run["refreshes"], 0);
  EXPECT_TRUE(run["bound_by"].is_string());
}

TEST_F(Program, TrainsSavesEvaluatesSweepsInspectsAndReports) {
  const std::string card =
      shipped_data +
      "experiments/quickstart.yaml --set dataset.train_limit=300 --set dataset.test_limit=50 "
      "--set teacher.epochs=1 --set train.epochs=1 --set chips=2 ";
  const json trained = object("train " + card + "--output w.h5 --float f.h5");
  const std::string files = "--set weights.file=w.h5 --set teacher.file=f.h5 ";
  const json run = object("run " + card + files + "--output results.h5");
  EXPECT_EQ(run["accuracy"]["float"], trained["accuracy"]["float"]);
  EXPECT_EQ(run["accuracy"]["source"], trained["accuracy"]["source"]);
  EXPECT_TRUE(run["accuracy"]["chips"]["interval"].is_array());
  EXPECT_TRUE(run["images_chose"].empty());
  EXPECT_EQ(run["accuracy"]["intervals"]["chips"]["chips"], 2);
  EXPECT_EQ(run["accuracy"]["comparisons"].size(), 2u);
  for (const char* key : {"memory_ratio", "time_s", "energy_J"})
    EXPECT_TRUE(run[key].is_number()) << key;
  EXPECT_TRUE(run["speedup"]["int8"].is_number());
  EXPECT_TRUE(fs::exists(folder_ + "/report.html"));
  const json swept = object("sweep " + card + files +
                            "--set 'sweep={core.phase_sigma_rad: [0, 0.01]}' --output s.h5");
  EXPECT_EQ(swept["computed"], 2);
  const json again = object("sweep " + card + files +
                            "--set 'sweep={core.phase_sigma_rad: [0, 0.01]}' --output s.h5");
  EXPECT_EQ(again["computed"], 0);
  EXPECT_FALSE(again.contains("images_chose"));
  const json inspected = object("inspect s.h5");
  EXPECT_EQ(inspected["axes"]["phase_sigma_rad"]["unit"], "rad");
  for (const char* key : {"difference_first_digital", "difference_first_chips_p"})
    EXPECT_EQ(inspected["variables"][key]["axes"], json{"phase_sigma_rad"}) << key;
  EXPECT_EQ(inspected["variables"]["accuracy_chip"]["axes"], (json{"phase_sigma_rad", "chip"}));
  EXPECT_EQ(object("report s.h5 --output page.html")["report"], "page.html");
}

TEST_F(Program, ASweepEndedByCtrlCKeepsItsPointsAndTheSameCommandComputesTheRest) {
  const std::string sweep = fmt::format(
      "{} sweep {}experiments/quickstart.yaml --quiet --set dataset.train_limit=300 --set "
      "dataset.test_limit=100 --set "
      "teacher.epochs=1 --set train.epochs=1 --set chips=4 --set "
      "'sweep={{core.phase_sigma_rad: [0, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, "
      "0.009, 0.01, 0.011]}}'",
      program(), shipped_data);
  const Ran stopped =
      run_shell(fmt::format("cd {}; {} -o s.h5 & p=$!; while [ ! -e s.h5 ] && kill -0 $p; do sleep "
                            "0.02; done; kill -INT $p; wait $p",
                            folder_, sweep));
  EXPECT_EQ(stopped.code, 1) << stopped.errors;
  EXPECT_NE(stopped.errors.find("same command again"), std::string::npos) << stopped.errors;
  const json rest =
      json::parse(run_shell(fmt::format("cd {}; {} -o s.h5 --json", folder_, sweep)).output);
  EXPECT_GT(rest["resumed"].get<int>(), 0);
  EXPECT_GT(rest["computed"].get<int>(), 0);
  EXPECT_EQ(rest["resumed"].get<int>() + rest["computed"].get<int>(), 12);
  run_shell(fmt::format("cd {}; {} -o whole.h5", folder_, sweep));
  EXPECT_EQ(object("inspect s.h5 --variable accuracy_chip"),
            object("inspect whole.h5 --variable accuracy_chip"));
}

/// oneDNN waits for ever for threads that OpenMP does not give.
TEST_F(Program, RunsWhereOpenMpGivesFewerThreadsThanAreAskedFor) {
  const std::string arguments =
      " run --set name=x --set model.name=lenet5 --set 'dataset={name: glyphs, train_limit: 60, "
      "test_limit: 20}' --set train.epochs=0 --set teacher.epochs=1 --set 'measure=[accuracy]' "
      "--quiet "
      "--report /dev/null --output " +
      folder_ + "/o.h5";
  write_file(folder_ + "/c.yaml", "name: x\n");
  for (const char* site :
       {"OMP_NUM_THREADS=4 OMP_THREAD_LIMIT=2", "OMP_NUM_THREADS=2 OMP_DYNAMIC=true",
        "OMP_NUM_THREADS=2 OMP_MAX_ACTIVE_LEVELS=0"}) {
    const std::string program_and_card = program() + arguments + " " + folder_ + "/c.yaml";
    const Ran ran = run_shell(fmt::format("{} timeout -s KILL 100 {}", site, program_and_card));
    EXPECT_EQ(ran.code, 0) << site << ran.errors;
  }
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

/// The program starts itself anew, and a bound first thread would leave all threads its place.
TEST_F(Program, HasAllProcessorsWhereASiteBindsThreads) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one processor";
  const Ran ran = run_shell(fmt::format(
      "cd {}; export OMP_NUM_THREADS=2 OMP_PROC_BIND=true; "
      "{} run {}experiments/quickstart.yaml --quiet --report none -o bound.h5 & "
      "for i in $(seq 300); do sleep 0.1; "
      "n=$(cat /proc/$!/task/*/status 2>/dev/null | grep Cpus_allowed_list | sort -u | wc -l); "
      "if [ $n -gt 1 ]; then echo two places; break; fi; kill -0 $! 2>/dev/null || break; done; "
      "kill -9 $! 2>/dev/null; wait",
      folder_, program(), shipped_data));
  EXPECT_NE(ran.output.find("two places"), std::string::npos) << ran.output << ran.errors;
}

/// Bound ones would each take the first processors.
TEST_F(Program, ProcessesOfASweepAreNotBoundWhereASiteBindsThreads) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one processor";
  std::string batches = "1";
  for (int batch = 2; batch <= 400; ++batch) batches += fmt::format(", {}", batch);
  write_file(folder_ + "/bound.yaml",
             "name: bound\nmeasure: [cost]\nsweep_keep: [time]\nsweep: {core.rows: [8, 12, 16], "
             "batch: [" +
                 batches + "]}\n");
  const Ran ran = run_shell(fmt::format(
      "cd {}; export OMP_NUM_THREADS=1 OMP_PROC_BIND=true; "
      "{} sweep bound.yaml --jobs 2 --threads 1 --quiet --report none -o bound.h5 & p=$!; "
      "for i in $(seq 300); do sleep 0.1; "
      "for c in $(cat /proc/$p/task/*/children 2>/dev/null); do "
      "cat /proc/$c/task/*/status 2>/dev/null | grep Cpus_allowed_list | sed s/^/child/; done; "
      "kill -0 $p 2>/dev/null || break; done; wait $p",
      folder_, program()));
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_NE(ran.output.find("childCpus_allowed_list"), std::string::npos) << "no child was seen";
  std::istringstream lines(ran.output);
  for (std::string line; std::getline(lines, line);)
    EXPECT_FALSE(line.starts_with("childCpus") && line.find_first_of("-,") == std::string::npos)
        << "a child is bound: " << line;
}

TEST_F(Program, KeepsTheJsonObjectInAFileWhenOutputNamesOne) {
  const json shown = object("ratio --model cnn3 --dataset glyphs --output ratio.json");
  std::ifstream file(folder_ + "/ratio.json");
  EXPECT_EQ(json::parse(file), shown);
}

}  // namespace
}  // namespace lightloom::experiments
