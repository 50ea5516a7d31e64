// Networks on calibrated chips, and when to calibrate them again.
#include <cmath>

#include "tests/experiments/commands/calibrate/fixture.hpp"

namespace lightloom::experiments {
namespace {

/// A fitted six-port chip, and a small network trained for it.
class CalibratedNetworks : public Calibrate {
 protected:
  void SetUp() override {
    Calibrate::SetUp();
    object("simulate chip.yaml --set chip.modes=6 -o data.h5 --truth truth.yaml");
    // The card holds this line, which ends as the name of a card does.
    const Ran fitted = run_shell(fmt::format(
        "cd {} && {} calibrate fit data.h5 --posterior drawn.h5 --samples 3 -o device.yaml",
        folder_, program()));
    ASSERT_EQ(fitted.code, 0) << fitted.errors;
    write("run.yaml",
          "dataset: {name: glyphs, train_limit: 1500, test_limit: 100}\nmodel: {name: lenet5}\n"
          "teacher: {epochs: 8, batch: 32}\ntrain: {epochs: 0, distill: true}\nweights: {source: "
          "dense}\ncore: {card: " LIGHTLOOM_SOURCE_DIR
          "/data/devices/mzi-mesh.yaml, rows: 6, columns: 6}\nmeasure: [accuracy]\nchips: "
          "1\ncalibration_images: 16\n");
    const Ran trained = run_shell(
        fmt::format("cd {} && {} train run.yaml -o weights.h5 --quiet", folder_, program()));
    ASSERT_EQ(trained.code, 0) << trained.errors;
  }
};

TEST_F(CalibratedNetworks, RunOnChipsAsTheyWereMeasured) {
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

TEST_F(CalibratedNetworks, SayWhenToCalibrateAgainForAnAccuracy) {
  const std::string drift =
      " --card run.yaml --set dataset.test_limit=40 --set weights.file=weights.h5 --spread 0.5 "
      "--time-constant 1000 --draws ";
  const std::string when = "when device.yaml --truth truth.yaml" + drift;
  const json mild = object(when + "3 --accuracy 0.4");
  EXPECT_EQ(mild["images_chose"], json::array({"when to calibrate again"}));
  const double fresh = mild["accuracy_fresh"].get<double>();
  EXPECT_NEAR(fresh, mild["accuracy_digital"].get<double>(), 4 * 0.08);  // 40 images
  EXPECT_EQ(mild["draws"], 3);
  EXPECT_EQ(mild["recalibrate_after_s"], mild["times_s"][1]);
  EXPECT_LE(mild["earliest_s"].get<double>(), mild["recalibrate_after_s"].get<double>());
  EXPECT_LT(mild["earliest_s"].get<double>(), mild["latest_s"].get<double>());
  for (std::size_t d = 0; d < 3; ++d) {  // the process's own law, of every draw
    const double share = mild["drifts_rad"][d].get<double>() / 0.5;
    EXPECT_NEAR(mild["times_s"][d].get<double>(), -500 * std::log(1 - share * share), 1e-6);
  }
  // The less is asked for, the later: by more than the 5 % to which a drift is found.
  const json harsh = object(when + fmt::format("1 --accuracy {}", fresh - 0.1));
  EXPECT_LT(harsh["drift_rad"].get<double>(), 0.9 * mild["drifts_rad"][2].get<double>());
  // Ten classes: even noise is right more often than this.
  EXPECT_TRUE(object(when + "1 --accuracy 0.005")["recalibrate_after_s"].is_null());
  refused(when + "1 --accuracy 0.999", "a fresh calibration of this chip gives");
  refused(when + "1 --accuracy 1.5", "must be at most 1");
  refused("when device.yaml --accuracy 0.5 --spread 0.5 --time-constant 9", "goes with --card");
  refused(when + "1 --accuracy 0.4 --error 0.1", "needs --error (of a programmed matrix) or");
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
  EXPECT_EQ(loose["draws"], 5);
  EXPECT_LT(loose["earliest_s"].get<double>(), loose["recalibrate_after_s"].get<double>());
  EXPECT_LT(loose["recalibrate_after_s"].get<double>(), loose["latest_s"].get<double>());
  EXPECT_TRUE(object("when truth.yaml --error 5" + drift)["recalibrate_after_s"].is_null());
  refused("when truth.yaml --error 1e-6" + drift, "a fresh calibration of this chip leaves");
  refused("when truth.yaml", "needs --error");
}

}  // namespace
}  // namespace lightloom::experiments
