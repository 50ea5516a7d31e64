#include "cosim/schedule/tile_schedule.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
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

/// The tasks of the best order, and how long it takes.
struct BestOrder {
  std::vector<DramTask> tasks;
  double time = std::numeric_limits<double>::infinity();
};

BestOrder best_order(const ScheduleInput& input) {
  std::vector<std::vector<DramTask>> tried;
  BestOrder best;
  for (const DramOrder order : possible_orders(input)) {
    std::vector<DramTask> tasks = dram_tasks(input, order);
    if (std::find(tried.begin(), tried.end(), tasks) != tried.end()) continue;
    const double time = time_in_order(input, tasks);
    if (time < best.time) best = {tasks, time};
    tried.push_back(std::move(tasks));
  }
  return best;
}

}  // namespace

ScheduleResult run_schedule(const ScheduleInput& input) {
  return run_in_order(input, best_order(input).tasks);
}

double schedule_time(const ScheduleInput& input) { return best_order(input).time; }

}  // namespace lightloom::cosim
