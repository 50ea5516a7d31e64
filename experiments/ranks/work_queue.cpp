#include "experiments/ranks/work_queue.hpp"

#include <algorithm>

namespace lightloom::experiments {
namespace {

constexpr double seconds_a_hand = 0.25;

}  // namespace

WorkQueue::WorkQueue(std::vector<std::size_t> items, std::size_t most)
    : waiting_(items.begin(), items.end()), open_(items.begin(), items.end()), most_(most) {}

std::vector<std::size_t> WorkQueue::take(int process, int processes, Clock::time_point now) {
  std::size_t wanted = 1;
  if (const auto pace = seconds_an_item_.find(process); pace != seconds_an_item_.end())
    wanted = static_cast<std::size_t>(
        std::clamp(seconds_a_hand / std::max(pace->second, 1e-9), 1.0, 1e9));
  const std::size_t share = waiting_.size() / (2 * static_cast<std::size_t>(processes));
  wanted = std::max<std::size_t>(1, std::min({wanted, most_, share}));
  std::vector<std::size_t> items;
  for (; items.size() < wanted && !waiting_.empty(); waiting_.pop_front())
    if (open_.contains(waiting_.front())) items.push_back(waiting_.front());
  if (!items.empty()) hands_[process] = {.items = items, .since = now};
  return items;
}

bool WorkQueue::answer(std::size_t item) { return open_.erase(item) == 1; }

void WorkQueue::finish(int process, Clock::time_point now) {
  const auto hand = hands_.find(process);
  if (hand == hands_.end()) return;
  const double seconds = std::chrono::duration<double>(now - hand->second.since).count();
  seconds_an_item_[process] = seconds / static_cast<double>(hand->second.items.size());
  lose(process);
}

void WorkQueue::lose(int process) {
  const auto hand = hands_.extract(process);
  if (hand.empty()) return;
  const std::vector<std::size_t>& items = hand.mapped().items;
  for (auto item = items.rbegin(); item != items.rend(); ++item)
    if (open_.contains(*item)) waiting_.push_front(*item);
}

void WorkQueue::drop_after(std::size_t item) { open_.erase(open_.upper_bound(item), open_.end()); }

}  // namespace lightloom::experiments
