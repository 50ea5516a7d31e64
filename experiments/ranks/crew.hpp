#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/progress.hpp"
#include "experiments/ranks/ranks.hpp"
#include "experiments/ranks/work_queue.hpp"

namespace lightloom::experiments {

/// Answers to items, one each, in their order.
using WorkFunction = std::function<std::vector<std::string>(std::span<const std::size_t> items)>;

/// Numbered items of work, each a pure function of its number and of `order`.
struct SharedWork {
  std::string order;  // tells the other processes what the work is, and on what
  std::vector<std::size_t> items;
  std::size_t most_at_once = 1;  // items that a process takes together
  WorkFunction work;             // this process's part
  /// Takes an answer, once an item, in any order, on either of two threads but never on both. Says
  /// whether items behind this one are still wanted.
  std::function<bool(std::size_t item, const std::string& answer)> take;
  /// Called often, never at the same time as `take`.
  std::function<void()> now_and_then = [] {};
};

/// Whether a crew's thread has been left in an MPI that does not come to its end: then a program
/// ends by `_Exit`, since handlers of its exit would meet that thread.
bool work_left_behind();

/// Several processes that compute one thing. Number 0 leads: it hands out items, takes the answers
/// and does its own part. A process that has ended costs the items it had in hand; one that is not
/// heard for half a minute counts as ended until it speaks again. Messages go on a thread of their
/// own, so that long work keeps nobody waiting.
class Crew {
 public:
  /// `make` is called on that thread. Throws what it throws.
  explicit Crew(std::function<std::unique_ptr<Ranks>()> make);
  /// The leader's sends the others home and waits until they have heard it, but not for ever for
  /// one that has ended unnoticed, nor for an MPI that does not come to its end
  /// (`work_left_behind`).
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  [[nodiscard]] bool leads() const { return own_ == 0; }
  [[nodiscard]] int count() const { return count_; }
  /// Processes that ended before the work did.
  [[nodiscard]] int lost() const { return lost_; }

  /// The leader's: returns when every item that is wanted has been taken, or the sink is cancelled.
  /// Throws what `work` and `take` throw, and `Error` where another process cannot do such work.
  void share(const SharedWork& work, ProgressSink& sink);
  /// The others': works until sent home, then ends the process with exit code 0. `begin` makes the
  /// function for an order; what it throws the leader throws.
  [[noreturn]] void help(const std::function<WorkFunction(std::string_view order)>& begin,
                         const ProgressSink& sink);

 private:
  using Clock = std::chrono::steady_clock;
  struct Other {
    Clock::time_point heard;
    std::size_t orders = 0;           // without their answers
    bool gone = false, left = false;  // gone may come back, left not
    bool went_home = false;
  };
  struct Order {
    std::string order;
    std::int64_t number = 0;
    std::vector<std::size_t> items;
  };

  void carry(const std::function<std::unique_ptr<Ranks>()>& make);
  void send_home();
  [[noreturn]] void go_home();
  void lead_once();
  void help_once();
  void hear(const Message& message);
  void take_answers(int from, std::string_view bytes);
  void look_for_lost(Clock::time_point now);
  void feed(Clock::time_point now);

  int own_ = 0, count_ = 1;
  std::unique_ptr<Ranks> ranks_;  // of the thread that carries
  std::future<void> carried_, ended_;
  std::thread carrier_;
  std::atomic<bool> ready_{false}, over_{false};
  std::atomic<int> lost_{0};

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::exception_ptr problem_;
  const SharedWork* work_ = nullptr;  // under way
  std::int64_t number_ = 0;           // of the work under way
  WorkQueue queue_;
  std::vector<Other> others_;
  Clock::time_point looked_, spoke_;
  std::vector<Order> inbox_;         // a helper's
  std::vector<std::string> outbox_;  // of a helper, for the leader
};

}  // namespace lightloom::experiments
