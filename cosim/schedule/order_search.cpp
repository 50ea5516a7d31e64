#include "cosim/schedule/order_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cosim/schedule/accounts.hpp"

namespace lightloom::cosim {

OrderSearch::OrderSearch(const ScheduleInput& input)
    : input_(input),
      orders_(possible_orders(input)),
      tasks_(input),
      times_(input),
      first_tasks_(tasks_.in(orders_.front())) {}

double OrderSearch::rough(double limit) {
  if (first_) return *first_;
  const double time = times_.in_order(first_tasks_, limit);
  if (std::isfinite(time)) {
    first_ = time;
    keep(orders_.front());
  }
  return time;
}

void OrderSearch::keep(DramOrder order) {
  times_.keep();
  kept_ = order;
}

/// The furthest reads are tried first, which are seldom behind others by much: so those others are
/// given up early. Among equals the first of the list is taken, whichever was tried first.
BestOrder OrderSearch::best(double limit) {
  const double first = rough(limit);
  std::vector<Tried> tried;
  tried.reserve(orders_.size());
  tried.push_back({0, first, {}});
  std::size_t best = 0;  // of `tried`
  for (std::size_t i = orders_.size(); i-- > 1;) {
    const double least = tried[best].time;
    if (is_least(tried, least)) break;
    std::vector<DramTask> tasks = tasks_.in(orders_[i]);
    const auto same = std::find_if(tried.begin(), tried.end(), [&](const Tried& other) {
      return std::ranges::equal(tasks_of(other), tasks);
    });
    const bool is_new = same == tried.end();
    const double time = is_new ? times_.in_order(tasks, std::min(limit, least)) : same->time;
    tried.push_back({i, time, std::move(tasks)});
    const bool equal = time == least && std::isfinite(time) && i < tried[best].order;
    if (time >= least && !equal) continue;
    best = tried.size() - 1;
    if (is_new) keep(orders_[i]);
  }
  return {orders_[tried[best].order], tried[best].time};
}

ScheduleResult OrderSearch::run(DramOrder order) {
  const std::vector<DramTask> tasks = tasks_.in(order);
  if (kept_ != order) {
    times_.in_order(tasks);
    keep(order);
  }
  return accounts_of(input_, tasks, times_);
}

std::span<const DramTask> OrderSearch::tasks_of(const Tried& tried) const {
  return tried.order == 0 ? first_tasks_ : tried.tasks;
}

/// Whether no order can be better than `least`, which two have come to: asked once.
bool OrderSearch::is_least(const std::vector<Tried>& tried, double least) {
  if (tried.size() != 2 || tried[0].time != tried[1].time || !std::isfinite(least)) return false;
  return times_.at_once(first_tasks_) == least;
}

}  // namespace lightloom::cosim
