#include "cosim/cost/least_time.hpp"

#include <gtest/gtest.h>

#include "cosim/schedule/order_search.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

struct PlannedTimes {
  double least_ns = 0, best_ns = 0;
};

PlannedTimes times_of(const CostInput& input) {
  const CostContext context(input);
  LayerPlans layers(input);
  NetworkPlan plan = plan_network(context, layers);
  const double least = least_time_ns(plan);
  return {least, OrderSearch(fill_schedule(plan)).best().time};
}

/// A few layers of different sizes: whole and shared tiles, more and fewer than there are cores.
CostInput some_layers(int cores, double settle_ns) {
  CostInput input{.core = round_core()};
  input.core.cost.settle_ns = settle_ns;
  input.schedule.cores = cores;
  for (const nn::LayerShape& shape : {conv(3, 64, 7, 28), conv(64, 64, 3, 14), conv(64, 130, 3, 7)})
    input.layers.push_back(reload_layer(shape, 8));
  return input;
}

TEST(LeastTime, IsNoLongerThanTheScheduleInItsBestOrder) {
  for (const int cores : {1, 2, 3, 8, 64})
    for (const double settle_ns : {0.1, 100.0, 10'000.0})
      for (const double bandwidth : {0.02, 1.0, 100.0})
        for (const bool shadow : {false, true})
          for (const bool copies : {false, true}) {
            CostInput input = some_layers(cores, settle_ns);
            input.schedule.bandwidth_scale = bandwidth;
            input.schedule.replicate = copies;
            input.programming.shadow_settings = shadow;
            const PlannedTimes times = times_of(input);
            ASSERT_LE(times.least_ns, times.best_ns)
                << cores << " cores, " << settle_ns << " ns, " << bandwidth << shadow << copies;
          }
}

// One core, which the DRAM never keeps waiting: it is written before each of a layer's tiles, the
// first of which alone the bound leaves to the layer before.
TEST(LeastTime, MissesOneWriteALayerWhereTheCoreIsAllThatTakesTime) {
  CostInput input = some_layers(1, 1e6);
  input.schedule.bandwidth_scale = 1e6;
  const PlannedTimes times = times_of(input);
  const double write_ns = 1e6;
  EXPECT_GT(times.least_ns, times.best_ns - 3.1 * write_ns);
  EXPECT_LT(times.least_ns, times.best_ns - 2.9 * write_ns);
}

// Two layers of a tile each on a core each: the second is written while the first computes.
TEST(LeastTime, LeavesOutWhatIsWrittenWhileTheLayerBeforeComputes) {
  CostInput input = some_layers(2, 1000);
  input.layers = {reload_layer(conv(64, 64, 1, 64), 8), reload_layer(conv(64, 64, 1, 64), 8)};
  input.schedule.replicate = false;
  input.schedule.bandwidth_scale = 1e6;
  const PlannedTimes times = times_of(input);
  EXPECT_LE(times.least_ns, times.best_ns);
  EXPECT_GT(times.least_ns, 0.5 * times.best_ns);
}

}  // namespace
}  // namespace lightloom::cosim
