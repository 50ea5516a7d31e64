#include "experiments/ranks/work_queue.hpp"

#include <algorithm>

namespace lightloom::experiments {
namespace {

constexpr double seconds_a_hand = 0.25;
constexpr std::size_t most_hands = 2;

}  // namespace

WorkQueue::WorkQueue(std::vector<std::size_t> items, std::size_t most)
    : waiting_(items.begin(), items.end()), open_(items.begin(), items.end()), most_(most) {}

std::vector<std::size_t> WorkQueue::take(int process, int processes, Clock::time_point now) {
  const auto pace = seconds_an_item_.find(process);
  const double seconds = pace == seconds_an_item_.end() ? 2 * seconds_a_hand : pace->second;
  const std::size_t share = waiting_.size() / (2 * static_cast<std::size_t>(processes));
  if (const std::size_t has = hands(process); has > 0)
    if (has >= most_hands || share == 0 || seconds > seconds_a_hand) return {};
  std::size_t wanted =
      static_cast<std::size_t>(std::clamp(seconds_a_hand / std::max(seconds, 1e-9), 1.0, 1e9));
  wanted = std::max<std::size_t>(1, std::min({wanted, most_, share}));
  std::vector<std::size_t> items;
  for (; items.size() < wanted && !waiting_.empty(); waiting_.pop_front())
    if (open_.contains(waiting_.front())) items.push_back(waiting_.front());
  if (!items.empty()) hands_[process].push_back({.items = items, .since = now});
  return items;
}

bool WorkQueue::answer(std::size_t item) { return open_.erase(item) == 1; }

void WorkQueue::finish(int process, Clock::time_point now) {
  const auto found = hands_.find(process);
  if (found == hands_.end()) return;
  std::deque<Hand>& hands = found->second;
  const Hand done = std::move(hands.front());
  hands.pop_front();
  const double seconds = std::chrono::duration<double>(now - done.since).count();
  seconds_an_item_[process] = seconds / static_cast<double>(done.items.size());
  wait_again(done);
  if (hands.empty())
    hands_.erase(found);
  else
    hands.front().since = now;  // begun, not handed out
}

void WorkQueue::lose(int process) {
  const auto lost = hands_.extract(process);
  if (lost.empty()) return;
  const std::deque<Hand>& hands = lost.mapped();
  for (auto hand = hands.rbegin(); hand != hands.rend(); ++hand) wait_again(*hand);
}

void WorkQueue::wait_again(const Hand& hand) {
  for (auto item = hand.items.rbegin(); item != hand.items.rend(); ++item)
    if (open_.contains(*item)) waiting_.push_front(*item);
}

std::size_t WorkQueue::hands(int process) const {
  const auto found = hands_.find(process);
  return found == hands_.end() ? 0 : found->second.size();
}

void WorkQueue::drop_after(std::size_t item) { open_.erase(open_.upper_bound(item), open_.end()); }

}  // namespace lightloom::experiments
