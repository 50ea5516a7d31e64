// lightloom calibrate as a laboratory's scripts call it.
#include <algorithm>
#include <cmath>

#include "tests/experiments/commands/calibrate/fixture.hpp"

namespace lightloom::experiments {
namespace {

TEST_F(Calibrate, GoesFromAVirtualChipToABetterProgrammedOne) {
  const json made = object("simulate chip.yaml -o data.h5 --truth truth.yaml");
  EXPECT_EQ(made["readings"], 640);
  const json fit = object("fit data.h5 -o device.yaml --report page.html");
  std::ostringstream page;
  page << std::ifstream(folder_ + "/page.html").rdbuf();
  const std::string worst = fit["worst_devices"][0]["name"];
  EXPECT_NE(page.str().find(worst), std::string::npos);
  EXPECT_EQ(page.str().find("http"), std::string::npos);  // fetches nothing
  EXPECT_NE(page.str().find("The model explains the readings to their noise."), std::string::npos);
  EXPECT_NE(page.str().find("<tr><td>gamma</td><td>12</td>"), std::string::npos);
  // 640 readings: bins of a normal distribution, each within four of its Poisson errors.
  const std::vector<double> counts = fit["residual_histogram"];
  double all = 0;
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    const auto below = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
    const double from = -5 + 0.5 * static_cast<double>(bin),
                 expected = 640 * (below(from + 0.5) - below(from));
    EXPECT_NEAR(counts[bin], expected, 4 * std::sqrt(expected + 1)) << bin;
    all += counts[bin];
  }
  EXPECT_EQ(all, 640);
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
  // Of a truth that makes every target nothing but rounding is left, and no number says that.
  object("simulate chip.yaml -o exact.h5 --truth exact.yaml --set chip.topology=butterfly");
  const json same = object("program exact.yaml --truth exact.yaml --targets 2 --max-voltage 20");
  EXPECT_LT(same["error"]["fitted"].get<double>(), 1e-12);
  EXPECT_TRUE(same["improvement"].is_null());
}

TEST_F(Calibrate, GivesTheSameFromCsvAsFromHdf5) {
  object("simulate chip.yaml -o data.h5");
  object("simulate chip.yaml -o data.csv");
  EXPECT_EQ(object("fit data.h5")["parameters"], object("fit data.csv")["parameters"]);
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

TEST_F(Calibrate, PullsOfManyChipsAreThoseOfTheirFits) {
  const json found = object("pulls chip.yaml --chips 2 -o pulls.csv");
  EXPECT_EQ(found["first_seed"], 3);
  EXPECT_EQ(found["refused"], json::array());
  EXPECT_EQ(found["chi2_per_dof"].size(), 2u);
  std::size_t count = 0;
  for (const json& kind : found["pulls"]) count += kind["pulls"].get<std::size_t>();
  const std::string table = text_of("pulls.csv");
  EXPECT_EQ(static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')), count + 1);
  // The second chip is that of the seed after.
  object("simulate chip.yaml -o data.h5 --truth truth.yaml --seed 4");
  const json fit = object("fit data.h5");
  EXPECT_EQ(found["chi2_per_dof"][1], fit["chi2_per_dof"]);
  const json& gamma = fit["parameters"][0];
  const std::string truth = text_of("truth.yaml");
  const double hidden = std::stod(truth.substr(truth.find("values: [") + 9));
  const double pull = (gamma["value"].get<double>() - hidden) / gamma["sigma"].get<double>();
  const std::string row = fmt::format("\n1,gamma,\"{}\",", gamma["name"].get<std::string>());
  ASSERT_NE(table.find(row), std::string::npos) << row;
  EXPECT_NEAR(std::stod(table.substr(table.find(row) + row.size())), pull, 1e-9);
  refused("pulls chip.yaml --chips 1", "must be at least 2");
  refused("pulls chip.yaml --chips 2 --set settings=2", "no chip of chip.yaml could be fitted");
}

}  // namespace
}  // namespace lightloom::experiments
