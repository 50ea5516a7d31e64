// Ages and maintenance as axes of a sweep, from a card.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

/// A network on cells that drift a lot, whose weights stay on the cores.
const std::string aging = R"(
name: aging
dataset: {name: glyphs, train_limit: 600, test_limit: 60}
model: cnn3
teacher: {epochs: 5, rate: 0.003}
train: {epochs: 1}
weights: {source: integer, bits: 8}
core:
  kind: cell-crossbar
  rows: 64
  columns: 64
  cells:
    compensate_drift: false
    fits: [{gmax_uS: 10, drift: {reference_s: 60, exponent: [{polynomial: [0.02]}], exponent_sigma: [{polynomial: [0.07]}]}}]
schedule: {cores: 64}
chips: 2
seed: 5
baselines: []
)";

std::vector<double> values_of(const Labelled& data, const std::string& name) {
  const Variable* variable = data.variable(name);
  return variable == nullptr ? std::vector<double>{}
                             : std::get<std::vector<double>>(variable->values);
}

class AgingSweep : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("aging_sweep");
    write_file(folder_ + "/c.yaml", aging);
    ASSERT_EQ(run("train c.yaml -o w.h5").code, 0);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] Ran run(const std::string& arguments) const {
    return run_shell(fmt::format("cd {} && {} {} --quiet", folder_, program(), arguments));
  }
  [[nodiscard]] Labelled results(const std::string& name) const {
    return read_labelled(folder_ + "/" + name);
  }

 private:
  std::string folder_;
};

TEST_F(AgingSweep, PointsOfAnAgeAreTheAgesOfARun) {
  const std::string card = "c.yaml --set weights.file=w.h5 --set measure=[accuracy] --report none ";
  const Ran swept =
      run("sweep " + card + "--set 'sweep={core.age_s: [60, 86400, 2592000]}' -o sweep.h5");
  ASSERT_EQ(swept.code, 0) << swept.errors;
  const Ran aged = run("run " + card + "--age 1min,1d,30d -o run.h5");
  ASSERT_EQ(aged.code, 0) << aged.errors;
  const std::vector<double> points = values_of(results("sweep.h5"), "accuracy_chip"),
                            ages = values_of(results("run.h5"), "accuracy_age_chip");
  ASSERT_EQ(points.size(), 6U);
  EXPECT_EQ(points, ages);
  EXPECT_GT(points[0], points[4]);
}

TEST_F(AgingSweep, IntervalsOfMaintenanceAreAnAxisAndTheirCostFalls) {
  const Ran swept =
      run("sweep c.yaml --set weights.file=w.h5 --set 'maintenance={reprogram: true}' --set "
          "'ages=[1min, 30d]' --set 'sweep={maintenance.every: [10min, 1h, 60d]}' --report none "
          "-o sweep.h5");
  ASSERT_EQ(swept.code, 0) << swept.errors;
  const Labelled data = results("sweep.h5");
  const std::vector<double> share = values_of(data, "maintenance_time_share"),
                            state = values_of(data, "state_age"),
                            energy = values_of(data, "maintenance_energy");
  ASSERT_EQ(share.size(), 3U);
  // What one takes is the same, so that its share of the time between two falls with it.
  const auto once = [&](std::size_t i, double every_s) {
    return share[i] * every_s / (1 - share[i]);
  };
  EXPECT_NEAR(once(0, 600) / once(1, 3600), 1, 1e-9);
  EXPECT_NEAR(once(1, 3600) / once(2, 60 * 86400.0), 1, 1e-6);
  EXPECT_EQ(energy, std::vector<double>(3, energy[0]));
  EXPECT_EQ(state, (std::vector<double>{60, 600, 60, 3600, 60, 30 * 86400.0}));
}

}  // namespace
}  // namespace lightloom::experiments
