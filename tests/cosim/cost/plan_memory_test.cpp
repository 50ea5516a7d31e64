#include "cosim/cost/plan_memory.hpp"

#include <gtest/gtest.h>

#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// ResNet-18 of weights of `bits` on a core whose settings take work, so that they may be stored.
CostInput stored(int bits) {
  CostInput input{.core = round_core()};
  input.core.cost.decompose_operations = 4096;
  input.schedule.cores = 4;
  input.schedule.bandwidth_scale = 0.1;
  for (const nn::LayerShape& shape : resnet18()) input.layers.push_back(reload_layer(shape, bits));
  return input;
}

void expect_same(const CostReport& one, const CostReport& other) {
  EXPECT_EQ(one.time_ns, other.time_ns);
  EXPECT_EQ(one.energy_pJ, other.energy_pJ);
  EXPECT_EQ(one.critical_parts_ns, other.critical_parts_ns);
  EXPECT_EQ(one.cores_used, other.cores_used);
  EXPECT_EQ(one.traffic.sum(), other.traffic.sum());
}

// In whatever order they come: what one leaves behind changes no other.
TEST(PlanMemory, SourcesThatShareOneCostWhatEachCostsAlone) {
  for (const std::vector<int>& order : {std::vector{8, 4, 2, 32}, std::vector{32, 2, 4, 8}}) {
    PlanMemory memory;
    for (const int bits : order) {
      const StreamReport shared = simulate_stream(stored(bits), memory),
                         alone = simulate_stream(stored(bits));
      expect_same(shared.first, alone.first);
      expect_same(shared.steady, alone.steady);
    }
  }
}

/// The first plan's schedule, whose weights are the DRAM's work alone.
struct Planned {
  CostInput input = stored(8);
  CostContext context{input};
  LayerPlans layers{input};
  NetworkPlan plan = plan_network(context, layers);

  Planned() { fill_schedule(plan); }
};

TEST(PlanMemory, ALimitThatWasMissedSaysNothingOfALaterOne) {
  const Planned planned;
  const ScheduleInput& schedule = planned.plan.schedule;
  const BestOrder best = OrderSearch(schedule).best();
  KnownSchedule known;
  const double rough = known.rough(schedule, 1e300);
  EXPECT_GE(rough, best.time);
  EXPECT_GT(known.best(schedule, 0.9 * best.time).time, 0.9 * best.time);
  EXPECT_EQ(known.best(schedule, best.time).time, best.time);
  EXPECT_EQ(known.best(schedule, 2 * best.time).order, best.order);
  EXPECT_EQ(known.run(schedule).total, best.time);
}

TEST(PlanMemory, ARunIsThatOfTheOrderAskedFor) {
  Planned planned;
  ScheduleInput& schedule = planned.plan.schedule;
  KnownSchedule known;
  for (const DramOrder& order : possible_orders(schedule)) {
    schedule.order = order;
    EXPECT_EQ(known.run(schedule).total, run_schedule(schedule).total);
  }
}

}  // namespace
}  // namespace lightloom::cosim
