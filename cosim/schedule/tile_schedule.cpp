#include "cosim/schedule/tile_schedule.hpp"

#include <iterator>

#include "cosim/schedule/accounts.hpp"
#include "cosim/schedule/order_search.hpp"

namespace lightloom::cosim {

std::string_view stage_name(Stage stage) {
  static constexpr std::string_view names[] = {"fetch weights", "fetch inputs", "generate",
                                               "decompose",     "program",      "compute",
                                               "post process",  "write back"};
  static_assert(std::size(names) == StageTimes::size());
  return names[static_cast<std::size_t>(stage)];
}

ScheduleResult run_schedule(const ScheduleInput& input) {
  const DramOrder order = has_its_order(input) ? *input.order : OrderSearch(input).best().order;
  return run_in_order(input, dram_tasks(input, order));
}

}  // namespace lightloom::cosim
