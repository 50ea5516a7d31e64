#include "cosim/schedule/order_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lightloom::cosim {

OrderSearch::OrderSearch(const ScheduleInput& input)
    : orders_(possible_orders(input)),
      tasks_(input),
      times_(input),
      first_tasks_(tasks_.in(orders_.front())) {}

double OrderSearch::rough(double limit) {
  if (first_) return *first_;
  const double time = times_.in_order(first_tasks_, limit);
  if (std::isfinite(time)) first_ = time;
  return time;
}

BestOrder OrderSearch::best(double limit) {
  BestOrder best{orders_.front(), rough(limit)};
  std::vector<std::vector<DramTask>> tried{first_tasks_};
  for (std::size_t i = 1; i < orders_.size(); ++i) {
    std::vector<DramTask> tasks = tasks_.in(orders_[i]);
    if (std::find(tried.begin(), tried.end(), tasks) != tried.end()) continue;
    const double time = times_.in_order(tasks, std::min(limit, best.time));
    if (time < best.time) best = {orders_[i], time};
    tried.push_back(std::move(tasks));
  }
  return best;
}

}  // namespace lightloom::cosim
