#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <vector>

namespace lightloom::experiments {

/// Numbered items of work that several processes take, answer and lose. A process that has ended
/// costs what it had in hand: that is handed out again.
class WorkQueue {
 public:
  using Clock = std::chrono::steady_clock;

  WorkQueue() = default;
  /// `items` in the order of handing out; a hand holds at most `most` of them.
  WorkQueue(std::vector<std::size_t> items, std::size_t most);

  /// The next items for a process: one at first, then as many as take it about a quarter of a
  /// second by its last hand, and never more than its share of what is left among `processes`.
  /// Nothing where nothing waits. Who has a hand gets one more, so that it need not wait for it,
  /// but not of items that take longer than that, nor of the last ones: others may be free for them
  /// before.
  std::vector<std::size_t> take(int process, int processes, Clock::time_point now);
  /// Whether this is the first answer to the item.
  bool answer(std::size_t item);
  /// The process is done with its first hand; what it did not answer waits again.
  void finish(int process, Clock::time_point now);
  /// The process has ended: what it had in hand waits again, in front of the rest.
  void lose(int process);
  /// Items behind this one are no longer wanted.
  void drop_after(std::size_t item);

  /// How many hands the process has.
  [[nodiscard]] std::size_t hands(int process) const;
  /// Whether every item that is wanted has its answer.
  [[nodiscard]] bool complete() const { return open_.empty(); }

 private:
  struct Hand {
    std::vector<std::size_t> items;
    Clock::time_point since;
  };
  void wait_again(const Hand& hand);

  std::deque<std::size_t> waiting_;
  std::set<std::size_t> open_;
  std::map<int, std::deque<Hand>> hands_;
  std::map<int, double> seconds_an_item_;
  std::size_t most_ = 1;
};

}  // namespace lightloom::experiments
