#include "cosim/schedule/tile_schedule.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "cosim/schedule/order_simulation.hpp"

namespace lightloom::cosim {

std::string_view stage_name(Stage stage) {
  static constexpr std::string_view names[] = {"fetch weights", "fetch inputs", "generate",
                                               "decompose",     "program",      "compute",
                                               "post process",  "write back"};
  static_assert(std::size(names) == StageTimes::size());
  return names[static_cast<std::size_t>(stage)];
}

namespace {

/// The tasks of the best order, and how long it takes where there were several.
struct BestOrder {
  std::vector<DramTask> tasks;
  std::optional<double> time;
};

BestOrder best_order(const ScheduleInput& input) {
  std::vector<std::vector<DramTask>> distinct;
  for (const DramOrder order : possible_orders(input)) {
    std::vector<DramTask> tasks = dram_tasks(input, order);
    if (std::find(distinct.begin(), distinct.end(), tasks) == distinct.end())
      distinct.push_back(std::move(tasks));
  }
  if (distinct.size() == 1) return {std::move(distinct.front()), {}};
  BestOrder best;
  for (std::vector<DramTask>& tasks : distinct) {
    const double time = time_in_order(input, tasks);
    if (!best.time || time < *best.time) best = {std::move(tasks), time};
  }
  return best;
}

}  // namespace

ScheduleResult run_schedule(const ScheduleInput& input) {
  return run_in_order(input, best_order(input).tasks);
}

double rough_schedule_time(const ScheduleInput& input) {
  return time_in_order(input, dram_tasks(input, possible_orders(input).front()));
}

double schedule_time(const ScheduleInput& input) {
  const BestOrder best = best_order(input);
  return best.time ? *best.time : time_in_order(input, best.tasks);
}

}  // namespace lightloom::cosim
