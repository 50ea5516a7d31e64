#include "cosim/cost/visit_times.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cosim/cost/cost_simulation.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

CostInput two_layers(int cores) {
  CostInput input{.layers = {multilevel_layer(conv(256, 256, 3, 8), 2, 44, 3, 6, 3),
                             reload_layer(conv(256, 200, 1, 4), 8)},
                  .core = round_core()};
  input.generator.kind = "electronic";
  input.schedule.cores = cores;
  return input;
}

/// (start, end) of all visits of one stage, on one core or (-1) on all, those that take time.
std::vector<std::pair<double, double>> spans(const NetworkTimes& times, Stage stage, int core) {
  std::vector<std::pair<double, double>> found;
  for (const VisitTimes& visit : times.visits)
    if ((core < 0 || visit.core == core) && visit.end_ns[stage] > visit.start_ns[stage])
      found.emplace_back(visit.start_ns[stage], visit.end_ns[stage]);
  std::sort(found.begin(), found.end());
  return found;
}

TEST(VisitTimes, AddUpToWhatTheCostSays) {
  for (const int cores : {1, 3}) {
    const CostReport report = simulate_cost(two_layers(cores));
    const NetworkTimes times = simulate_visits(two_layers(cores));
    ASSERT_EQ(times.layers.size(), 2U);
    EXPECT_EQ(times.total_ns, report.time_ns);
    std::vector<std::int64_t> visits(2);
    double last = 0;
    for (const VisitTimes& visit : times.visits) {
      ++visits[visit.layer];
      for (const double end : visit.end_ns) last = std::max(last, end);
    }
    EXPECT_EQ(visits,
              (std::vector<std::int64_t>{report.layers[0].visits, report.layers[1].visits}));
    EXPECT_EQ(last, times.total_ns);
    for (const StageCost& stage : report.stages) {
      double busy = 0;
      for (const auto& [start, end] : spans(times, stage.stage, -1)) busy += end - start;
      const bool each_core = stage.stage == Stage::program || stage.stage == Stage::compute;
      EXPECT_NEAR(busy / (each_core ? report.cores_used : 1), stage.busy_ns, 1e-9 * busy)
          << stage_name(stage.stage);
    }
  }
}

TEST(VisitTimes, NoUnitServesTwoTilesAtOnceAndNoTileRunsAhead) {
  const NetworkTimes times = simulate_visits(two_layers(3));
  const double round = 1e-9 * times.total_ns;
  for (const Stage stage : {Stage::generate, Stage::program, Stage::compute})
    for (const int core : {0, 1, 2}) {
      const auto found = spans(times, stage, stage == Stage::generate ? -1 : core);
      ASSERT_FALSE(found.empty());
      for (std::size_t i = 1; i < found.size(); ++i)
        ASSERT_GE(found[i].first, found[i - 1].second - round) << stage_name(stage);
    }
  EXPECT_TRUE(times.present[Stage::generate]);
  for (const VisitTimes& visit : times.visits) {
    ASSERT_GE(visit.start_ns[Stage::generate], visit.end_ns[Stage::fetch_weights] - round);
    ASSERT_GE(visit.start_ns[Stage::program], visit.end_ns[Stage::generate] - round);
    ASSERT_GE(visit.start_ns[Stage::compute], visit.end_ns[Stage::program] - round);
    ASSERT_GE(visit.start_ns[Stage::compute], visit.end_ns[Stage::fetch_inputs] - round);
    ASSERT_GE(visit.start_ns[Stage::write_back], visit.end_ns[Stage::compute] - round);
  }
}

}  // namespace
}  // namespace lightloom::cosim
