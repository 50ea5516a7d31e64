#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "cosim/schedule/dram_order.hpp"
#include "cosim/schedule/order_times.hpp"

namespace lightloom::cosim {

/// The best order and the total in it.
struct BestOrder {
  DramOrder order;
  double time = std::numeric_limits<double>::infinity();
};

/// Looks for the order of the DRAM in which a schedule ends first. `input` must outlive it.
class OrderSearch {
 public:
  explicit OrderSearch(const ScheduleInput& input);

  /// The total in one of the orders only: no shorter, and seldom much longer. Infinite where it
  /// must exceed `limit`.
  double rough(double limit);

  /// The order that run_schedule takes; the time is infinite where it must exceed `limit`.
  BestOrder best(double limit = std::numeric_limits<double>::infinity());

  /// The whole schedule in one of the orders.
  ScheduleResult run(DramOrder order);

 private:
  /// One of the orders with its total; infinite where that exceeds a limit.
  struct Tried {
    std::size_t order = 0;
    double time = 0;
    std::vector<DramTask> tasks;  // but for the first order's
  };
  [[nodiscard]] std::span<const DramTask> tasks_of(const Tried& tried) const;
  bool is_least(const std::vector<Tried>& tried, double least);
  void keep(DramOrder order);

  const ScheduleInput& input_;
  std::vector<DramOrder> orders_;
  DramTasks tasks_;
  OrderTimes times_;
  std::vector<DramTask> first_tasks_;  // in the first order
  std::optional<double> first_;        // and its total
  std::optional<DramOrder> kept_;      // of which `times_` keeps the schedule
};

}  // namespace lightloom::cosim
