#include "cosim/cost/plan_memory.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cosim/schedule/accounts.hpp"

namespace lightloom::cosim {

double KnownSchedule::rough(const ScheduleInput& schedule, double limit) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (rough_) return *rough_;
  if (limit <= rough_exceeds_) return infinite;
  const double time = search(schedule).rough(limit);
  if (std::isfinite(time))
    rough_ = time;
  else
    rough_exceeds_ = limit;
  return time;
}

BestOrder KnownSchedule::best(const ScheduleInput& schedule, double limit) {
  if (best_) return *best_;
  if (limit <= best_exceeds_) return {};
  const BestOrder best = search(schedule).best(limit);
  if (best.time <= limit)  // else orders between the two may not have been tried to their ends
    best_ = best;
  else
    best_exceeds_ = limit;
  return best;
}

const ScheduleResult& KnownSchedule::run(const ScheduleInput& schedule) {
  constexpr double any = std::numeric_limits<double>::infinity();
  const DramOrder order = has_its_order(schedule) ? *schedule.order : best(schedule, any).order;
  if (!run_ || run_order_ != order) {
    run_ = run_in_order(schedule, dram_tasks(schedule, order));
    run_order_ = order;
  }
  return *run_;
}

OrderSearch& KnownSchedule::search(const ScheduleInput& schedule) {
  if (!search_) search_ = std::make_unique<OrderSearch>(schedule);
  return *search_;
}

KnownSchedule& PlanMemory::schedule_of(const NetworkPlan& plan) {
  std::vector<const LayerPlan*> plans;
  for (const auto& layer : plan.layers) plans.push_back(layer.get());
  return schedules_[{std::move(plans), plan.schedule.cores, plan.schedule.places}];
}

}  // namespace lightloom::cosim
