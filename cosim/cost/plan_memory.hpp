#pragma once

#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "cosim/network/network_plan.hpp"
#include "cosim/schedule/order_search.hpp"

namespace lightloom::cosim {

/// What is known of the schedule of a plan, of all plans that have the same one.
class KnownSchedule {
 public:
  /// The total in one order of the DRAM; infinite where it must exceed `limit`
  /// (OrderSearch::rough).
  double rough(const ScheduleInput& schedule, double limit);
  /// The best order, with an infinite time where that must exceed `limit`.
  BestOrder best(const ScheduleInput& schedule, double limit);
  /// The schedule itself, in its order.
  const ScheduleResult& run(const ScheduleInput& schedule);

  /// The same as far as it is known without looking at tiles; none: it is not.
  [[nodiscard]] std::optional<double> known_rough(double limit) const;
  [[nodiscard]] std::optional<BestOrder> known_best(double limit) const;
  [[nodiscard]] const ScheduleResult* known_run(const ScheduleInput& schedule) const;

  /// Lets go of what only further searches need; `schedule` need not be there any longer.
  void end_search() { search_.reset(); }

 private:
  OrderSearch& search(const ScheduleInput& schedule);

  std::unique_ptr<OrderSearch> search_;
  std::optional<double> rough_;
  double rough_exceeds_ = 0;
  std::optional<BestOrder> best_;
  double best_exceeds_ = 0;
  std::optional<ScheduleResult> run_;
  std::optional<DramOrder> run_order_;
};

/// Plans and schedules of inputs that differ in their layers alone: what they share is worked out
/// once.
struct PlanMemory {
  LayerPlans layers;

  /// Of the inputs, one of which is `input`.
  const MemoryFigures& figures_of(const CostInput& input);
  KnownSchedule& schedule_of(const NetworkPlan& plan);
  /// The plan's schedule in its order.
  const ScheduleResult& run_of(NetworkPlan& plan);

 private:
  /// Plans of all layers, cores and places.
  using Key = std::tuple<std::vector<const LayerPlan*>, int, BufferPlaces>;
  std::map<Key, KnownSchedule> schedules_;
  std::optional<MemoryFigures> figures_;
};

/// As simulate_stream (cosim/cost/cost_simulation.hpp), of one of several inputs that differ in
/// their layers alone and share `memory`.
StreamReport simulate_stream(const CostInput& input, PlanMemory& memory);

}  // namespace lightloom::cosim
