#include "cosim/cost/plan_memory.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lightloom::cosim {

std::optional<double> KnownSchedule::known_rough(double limit) const {
  if (rough_) return rough_;
  if (limit <= rough_exceeds_) return std::numeric_limits<double>::infinity();
  return {};
}

double KnownSchedule::rough(const ScheduleInput& schedule, double limit) {
  if (const auto known = known_rough(limit)) return *known;
  const double time = search(schedule).rough(limit);
  if (std::isfinite(time))
    rough_ = time;
  else
    rough_exceeds_ = limit;
  return time;
}

std::optional<BestOrder> KnownSchedule::known_best(double limit) const {
  if (best_) return best_;
  if (limit <= best_exceeds_) return BestOrder{};
  return {};
}

BestOrder KnownSchedule::best(const ScheduleInput& schedule, double limit) {
  if (const auto known = known_best(limit)) return *known;
  const BestOrder best = search(schedule).best(limit);
  if (best.time <= limit)  // else orders between the two may not have been tried to their ends
    best_ = best;
  else
    best_exceeds_ = limit;
  return best;
}

const ScheduleResult* KnownSchedule::known_run(const ScheduleInput& schedule) const {
  const bool own = has_its_order(schedule);
  if (!run_ || (!own && !best_)) return nullptr;
  return run_order_ == (own ? *schedule.order : best_->order) ? &*run_ : nullptr;
}

const ScheduleResult& KnownSchedule::run(const ScheduleInput& schedule) {
  if (const ScheduleResult* known = known_run(schedule)) return *known;
  constexpr double any = std::numeric_limits<double>::infinity();
  const DramOrder order = has_its_order(schedule) ? *schedule.order : best(schedule, any).order;
  if (!run_ || run_order_ != order) {
    run_ = search(schedule).run(order);
    run_order_ = order;
  }
  return *run_;
}

OrderSearch& KnownSchedule::search(const ScheduleInput& schedule) {
  if (!search_) search_ = std::make_unique<OrderSearch>(schedule);
  return *search_;
}

const MemoryFigures& PlanMemory::figures_of(const CostInput& input) {
  if (!figures_) figures_.emplace(input.memory);
  return *figures_;
}

KnownSchedule& PlanMemory::schedule_of(const NetworkPlan& plan) {
  std::vector<const LayerPlan*> plans;
  for (const auto& layer : plan.layers) plans.push_back(layer.get());
  return schedules_[{std::move(plans), plan.schedule.cores, plan.schedule.places}];
}

const ScheduleResult& PlanMemory::run_of(NetworkPlan& plan) {
  KnownSchedule& known = schedule_of(plan);
  if (const ScheduleResult* run = known.known_run(plan.schedule)) return *run;
  const ScheduleResult& run = known.run(fill_schedule(plan));
  known.end_search();
  return run;
}

}  // namespace lightloom::cosim
