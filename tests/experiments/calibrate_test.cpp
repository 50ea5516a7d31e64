// lightloom calibrate as a laboratory's scripts call it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Calibrate : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("calibrate");
    std::ofstream(folder_ + "/chip.yaml") << "chip: {modes: 4}\nsettings: 40\nseed: 3\n";
  }
  void TearDown() override { fs::remove_all(folder_); }

  Ran call(const std::string& arguments) {
    return run_shell(
        fmt::format("cd {} && {} calibrate {} --json --quiet", folder_, program(), arguments));
  }
  json object(const std::string& arguments) {
    const Ran ran = call(arguments);
    EXPECT_EQ(ran.code, 0) << arguments << "\n" << ran.errors;
    const json parsed = json::parse(ran.output, nullptr, false);
    EXPECT_TRUE(parsed.is_object()) << arguments << "\n" << ran.output.substr(0, 400);
    return parsed;
  }
  void refused(const std::string& arguments, const std::string& part) {
    const Ran ran = call(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_EQ(ran.output, "");
    EXPECT_NE(ran.errors.find(part), std::string::npos) << arguments << "\n" << ran.errors;
  }
  std::string folder_;
};

TEST_F(Calibrate, GoesFromAVirtualChipToABetterProgrammedOne) {
  const json made = object("simulate chip.yaml -o data.h5 --truth truth.yaml");
  EXPECT_EQ(made["readings"], 640);
  const json fit = object("fit data.h5 -o device.yaml --report page.html");
  std::ostringstream page;
  page << std::ifstream(folder_ + "/page.html").rdbuf();
  const std::string worst = fit["worst_devices"][0]["name"];
  EXPECT_NE(page.str().find(worst), std::string::npos);
  EXPECT_EQ(page.str().find("http"), std::string::npos);  // fetches nothing
  const double dof = fit["dof"].get<double>();
  EXPECT_NEAR(fit["chi2_per_dof"].get<double>(), 1, 5 * std::sqrt(2 / dof));
  EXPECT_EQ(fit["rank"].get<int>() + fit["null_dimension"].get<int>(), fit["unknowns"].get<int>());
  EXPECT_EQ(fit["null_directions"].size(), 5u);  // four input phases and the common scale
  EXPECT_EQ(fit["parameters"].size(), fit["free_parameters"].get<std::size_t>());
  EXPECT_EQ(fit["worst_devices"].size(), 10u);
  const json predicted = object("predict device.yaml data.h5 -o model.h5");
  EXPECT_NEAR(predicted["rms"].get<double>(), 1, 0.15);
  EXPECT_LT(object("predict device.yaml model.h5")["rms"].get<double>(), 1e-6);
  const json use = object("program device.yaml --truth truth.yaml --targets 8");
  EXPECT_GT(use["improvement"].get<double>(), 20);
  EXPECT_LE(use["error"]["perfect"].get<double>(), use["error"]["fitted"].get<double>());
}

TEST_F(Calibrate, GivesTheSameFromCsvAsFromHdf5) {
  object("simulate chip.yaml -o data.h5");
  object("simulate chip.yaml -o data.csv");
  EXPECT_EQ(object("fit data.h5")["parameters"], object("fit data.csv")["parameters"]);
}

TEST_F(Calibrate, RefusesBadDataAndWritesNothing) {
  object("simulate chip.yaml -o data.csv");
  std::ostringstream all;
  all << std::ifstream(folder_ + "/data.csv").rdbuf();
  std::string text = all.str();
  const auto row = text.find("\n7,2,");
  const auto end = text.find('\n', row + 1);
  text.replace(text.rfind(',', end), end - text.rfind(',', end), ",nan");
  std::ofstream(folder_ + "/nan.csv") << text;
  refused("fit nan.csv -o device.yaml", "setting 7, input 2, detector 3");
  EXPECT_FALSE(fs::exists(folder_ + "/device.yaml"));
  object("simulate chip.yaml -o dim.h5 --set laboratory.saturation=0.5");
  refused("fit dim.h5 -o device.yaml", "is saturated");
  refused("fit data.csv --set chip.modes=5", "the mesh has 5");
  refused("fit missing.h5", "does not exist");
  refused("simulate chip.yaml -o d.h5 --set chip.mods=5", "did you mean 'modes'?");
  refused("simulat chip.yaml", "did you mean 'simulate'?");
  refused("program chip.yaml", "not the card of a calibrated mesh");
  EXPECT_FALSE(fs::exists(folder_ + "/device.yaml"));
}

TEST_F(Calibrate, ChoosesSettingsAndTracksADriftedChip) {
  object("simulate chip.yaml -o data.h5 --truth truth.yaml");
  object("fit data.h5 -o device.yaml");
  const json design = object("design device.yaml --settings 4 -o next.csv");
  EXPECT_GT(design["log_det"].get<double>(), design["log_det_random"].get<double>());
  EXPECT_TRUE(fs::exists(folder_ + "/next.csv"));
  object(
      "simulate truth.yaml -o later.h5 --set settings=5 --set sweeps=false --set "
      "laboratory.phase_drift_rad=0.1 --set laboratory.drift_settings=1e6 --seed 4");
  const json tracked = object("track device.yaml later.h5 -o tracked.yaml");
  EXPECT_LT(tracked["rms_after"].get<double>(), 1.3);
  EXPECT_LT(object("predict tracked.yaml later.h5")["rms"].get<double>(), 1.3);
}

TEST_F(Calibrate, FitsSingleElementsFromTablesWithNamedColumns) {
  std::ofstream energy(folder_ + "/energy.csv"), line(folder_ + "/line.csv"),
      sweep(folder_ + "/sweep.csv"), wide(folder_ + "/wide.csv");
  energy << "activates,reads,energy_pJ\n";
  line << "power_mW,voltage_V\n";
  sweep << "voltage_V,power\n";
  wide << "voltage_V,power\n";
  for (int i = 0; i < 24; ++i) {
    const int activates = 10 + 7 * i % 23, reads = 40 + 11 * i % 29;
    energy << fmt::format("{},{},{}\n", activates, reads, 1200 * activates + 450 * reads);
    line << fmt::format("{},{}\n", i, 0.02 + 0.5 * i);
    const double v = std::sqrt(40 * (i + 0.5) / 24), w = std::sqrt(400 * (i + 0.5) / 24);
    sweep << fmt::format("{},{}\n", v, 0.5 + 0.4 * std::cos(0.2 * v * v + 1));
    wide << fmt::format("{},{}\n", w, 0.5 + 0.4 * std::cos(0.2 * w * w + 1));
  }
  for (std::ofstream* file : {&energy, &line, &sweep, &wide}) file->close();
  const json table = object("energy energy.csv");
  EXPECT_NEAR(table["coefficients"]["activates"]["value"].get<double>(), 1200, 1e-6);
  EXPECT_NEAR(table["coefficients"]["reads"]["value"].get<double>(), 450, 1e-6);
  EXPECT_NEAR(object("line line.csv")["coefficients"]["slope"]["value"].get<double>(), 0.5, 1e-9);
  const json fringe = object("fringe sweep.csv");
  EXPECT_NEAR(fringe["gamma"].get<double>(), 0.2, 1e-6);
  EXPECT_TRUE(fringe["problems"].empty());
  // 3.3 rad between readings: aliased, which the design value of V_pi tells.
  EXPECT_FALSE(object("fringe wide.csv --pi-voltage 3.96")["problems"].empty());
  refused("energy energy.csv --target energy_nJ", "no column 'energy_nJ'");
  refused("ring sweep.csv", "no column 'wavelength_nm'");
  refused("fringe sweep.csv --law linear", "quadratic, self-heating or cubic");
}

TEST_F(Calibrate, ReadsWhatALabScriptWritesWithH5py) {
  object("simulate chip.yaml -o data.h5");
  const std::string script = R"(
import h5py
source = h5py.File("data.h5")
axes = {"voltage": ("setting", "heater"), "field_re": ("input", "port"), "field_im": ("input", "port"),
        "power": ("setting", "input", "port"), "sweep_heater": ("sweep",), "sweep_input": ("sweep",),
        "sweep_output": ("sweep",), "sweep_base": ("sweep", "heater"),
        "sweep_voltage": ("sweep", "point"), "sweep_power": ("sweep", "point")}
with h5py.File("lab.h5", "w") as f:
    f.attrs.update(schema_version=1, noise_thermal=0.0002, noise_relative=0.01)
    for name, along in axes.items():
        f[name] = source[name][...]
        for i, axis in enumerate(along):
            if axis not in f:
                f[axis] = range(f[name].shape[i])
                f[axis].make_scale(axis)
            f[name].dims[i].attach_scale(f[axis])
)";
  std::ofstream(folder_ + "/lab.py") << script;
  const Ran made = run_shell(fmt::format("cd {} && /usr/bin/python3 lab.py", folder_));
  if (made.code != 0) GTEST_SKIP() << "python3-h5py is not installed: " << made.errors;
  EXPECT_EQ(object("fit lab.h5")["parameters"], object("fit data.h5")["parameters"]);
}

TEST_F(Calibrate, NetworksRunOnChipsAsTheyWereMeasured) {
  object("simulate chip.yaml --set chip.modes=6 -o data.h5 --truth truth.yaml");
  object("fit data.h5 -o device.yaml --posterior drawn.h5 --samples 3");
  std::ofstream(folder_ + "/run.yaml")
      << "dataset: {name: glyphs, train_limit: 1500, test_limit: 100}\nmodel: {name: cnn3}\n"
         "teacher: {epochs: 4, batch: 32}\ntrain: {epochs: 0, distill: true}\nweights: {source: "
         "dense}\n"
         "core: {card: " LIGHTLOOM_SOURCE_DIR
         "/data/devices/mzi-mesh.yaml, rows: 6, columns: 6}\nmeasure: [accuracy]\nchips: 1\n";
  const Ran trained = run_shell(
      fmt::format("cd {} && {} train run.yaml -o weights.h5 --quiet", folder_, program()));
  ASSERT_EQ(trained.code, 0) << trained.errors;
  const auto run = [&](const std::string& settings) {
    const Ran ran = run_shell(
        fmt::format("cd {} && {} run run.yaml {} --json --quiet", folder_, program(), settings));
    EXPECT_EQ(ran.code, 0) << settings << ran.errors;
    return json::parse(ran.output, nullptr, false);
  };
  const std::string with = "--set weights.file=weights.h5 --set calibration.device=device.yaml ";
  const json none =
      run(with + "--set calibration.truth=truth.yaml --set calibration.knowledge=none");
  const json fitted = run(with + "--set calibration.truth=truth.yaml");
  const json drawn = run(with + "--set calibration.posterior=drawn.h5 --set chips=3");
  const auto accuracy = [](const json& ran) {
    return ran["accuracy"]["chips"]["mean"].get<double>();
  };
  const double source = fitted["accuracy"]["source"].get<double>();
  // 100 images: one standard error of an accuracy is 0.05 at most.
  EXPECT_NEAR(accuracy(fitted), source, 4 * 0.05);
  EXPECT_LT(accuracy(none), source - 4 * 0.05);
  EXPECT_NEAR(accuracy(drawn), accuracy(fitted), 4 * 0.05);
  EXPECT_TRUE(drawn["accuracy"]["chips"]["interval"].is_array());
  const Ran other = run_shell(fmt::format(
      "cd {} && {} run run.yaml --set core.rows=8 {} --json --quiet", folder_, program(), with));
  EXPECT_EQ(other.code, 2) << other.errors;
}

TEST_F(Calibrate, SaysWhenToCalibrateAgainForAGivenError) {
  object("simulate chip.yaml -o data.h5 --truth truth.yaml");
  const std::string drift = " --spread 0.2 --time-constant 1000";
  const json loose = object("when truth.yaml --error 0.1" + drift);
  const json tight = object("when truth.yaml --error 0.05" + drift);
  // Small drifts: the error is in proportion to them.
  const double ratio = loose["drift_rad"].get<double>() / tight["drift_rad"].get<double>();
  EXPECT_GT(ratio, 1.5);
  EXPECT_LT(ratio, 2.6);
  for (const json& found : {loose, tight}) {  // the process's own law
    const double share = found["drift_rad"].get<double>() / 0.2;
    EXPECT_NEAR(found["recalibrate_after_s"].get<double>(), -500 * std::log(1 - share * share),
                1e-6);
  }
  EXPECT_TRUE(object("when truth.yaml --error 5" + drift)["recalibrate_after_s"].is_null());
  refused("when truth.yaml --error 1e-6" + drift, "a fresh calibration of this chip leaves");
  refused("when truth.yaml", "needs --error");
}

TEST_F(Calibrate, MeasuredEnergiesReplaceThoseOfACard) {
  std::ofstream table(folder_ + "/energy.csv");
  table << "read_pJ,write_pJ,energy_pJ\n";
  for (int row = 1; row < 9; ++row)
    table << fmt::format("{},{},{}\n", row * row, 9 - row, 2.5 * row * row + 4.0 * (9 - row));
  table.close();
  std::ofstream(folder_ + "/memory.yaml") << "buffer: {read_pJ: 1, write_pJ: 1, capacity: 7}\n";
  object("energy energy.csv --into memory.yaml --section buffer -o mine.yaml");
  std::ostringstream card;
  card << std::ifstream(folder_ + "/mine.yaml").rdbuf();
  for (const char* part : {"read_pJ: 2.5", "write_pJ: 4", "capacity: 7", "source: "})
    EXPECT_NE(card.str().find(part), std::string::npos) << part << card.str();
  refused("energy energy.csv -o mine.yaml", "needs --into");
}

}  // namespace
}  // namespace lightloom::experiments
