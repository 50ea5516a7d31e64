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

ScheduleResult run_schedule(const ScheduleInput& input) {
  std::vector<std::vector<DramTask>> tried;
  for (const DramOrder order : possible_orders(input)) {
    std::vector<DramTask> tasks = dram_tasks(input, order);
    if (std::find(tried.begin(), tried.end(), tasks) == tried.end())
      tried.push_back(std::move(tasks));
  }
  std::size_t best = 0;
  if (tried.size() > 1) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < tried.size(); ++i) {
      const double time = time_in_order(input, tried[i]);
      if (time < least) best = i;
      least = std::min(least, time);
    }
  }
  return run_in_order(input, tried[best]);
}

}  // namespace lightloom::cosim
