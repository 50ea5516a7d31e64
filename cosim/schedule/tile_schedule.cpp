#include "cosim/schedule/tile_schedule.hpp"

#include <algorithm>
#include <iterator>
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

BestOrder best_order(const ScheduleInput& input, double limit) {
  std::vector<std::vector<DramTask>> tried;
  BestOrder best;
  for (const DramOrder order : possible_orders(input)) {
    std::vector<DramTask> tasks = dram_tasks(input, order);
    if (std::find(tried.begin(), tried.end(), tasks) != tried.end()) continue;
    const double time = time_in_order(input, tasks, std::min(limit, best.time));
    if (tried.empty() || time < best.time) best = {order, time};
    tried.push_back(std::move(tasks));
  }
  return best;
}

ScheduleResult run_schedule(const ScheduleInput& input) {
  const std::vector<DramOrder> orders = possible_orders(input);
  const bool given =
      input.order && std::find(orders.begin(), orders.end(), *input.order) != orders.end();
  const DramOrder order = given ? *input.order : best_order(input).order;
  return run_in_order(input, dram_tasks(input, order));
}

double rough_schedule_time(const ScheduleInput& input, double limit) {
  return time_in_order(input, dram_tasks(input, possible_orders(input).front()), limit);
}

}  // namespace lightloom::cosim
