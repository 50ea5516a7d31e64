#include "experiments/ranks/crew.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/error.hpp"
#include "experiments/ranks/crew_messages.hpp"

namespace lightloom::experiments {
namespace {

using namespace std::chrono_literals;
constexpr auto between_looks = 2ms;       // of the leader, for whom others may wait
constexpr auto while_others_lead = 20ms;  // who helps is woken by its own answer
constexpr auto between_words = 1s;        // a process says at least so often that it is there
constexpr auto silent_for = 30s;          // then it counts as ended
constexpr auto asleep_for = 5s;           // who was away so long himself has not heard anybody
constexpr auto for_farewells = 10s;       // an end is heard of in milliseconds
constexpr auto for_an_end = 10s;          // of what carries the messages; milliseconds, too
constexpr int leader = 0;

std::atomic<bool> left_behind{false};

}  // namespace

bool work_left_behind() { return left_behind; }

Crew::Crew(std::function<std::unique_ptr<Ranks>()> make) {
  std::promise<void> carried, ended;
  carried_ = carried.get_future();
  ended_ = ended.get_future();
  carrier_ = std::thread([this, make = std::move(make), carried = std::move(carried),
                          ended = std::move(ended)]() mutable {
    carry(make);
    std::unique_ptr<Ranks> ranks = std::move(ranks_);
    carried.set_value();  // from here on the crew may be gone
    ranks.reset();
    ended.set_value();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ready_ || problem_; });
  if (!problem_) return;
  lock.unlock();
  carrier_.join();
  std::rethrow_exception(problem_);
}

Crew::~Crew() {
  over_ = true;
  carried_.wait();
  if (ended_.wait_for(for_an_end) == std::future_status::ready) {
    carrier_.join();
  } else {
    left_behind = true;
    carrier_.detach();
  }
}

/// The thread of the messages.
void Crew::carry(const std::function<std::unique_ptr<Ranks>()>& make) {
  try {
    ranks_ = make();
    const std::lock_guard lock(mutex_);
    own_ = ranks_->own();
    count_ = ranks_->count();
    looked_ = spoke_ = Clock::now();
    others_.assign(static_cast<std::size_t>(count_), {.heard = looked_});
    ready_ = true;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    problem_ = std::current_exception();
  }
  changed_.notify_all();
  try {
    while (ready_ && !over_) leads() ? lead_once() : help_once();
    if (ranks_ && leads()) send_home();
  } catch (...) {  // the way to the others is broken
    if (!leads()) std::_Exit(1);
    const std::lock_guard lock(mutex_);
    problem_ = std::current_exception();
    changed_.notify_all();
  }
}

/// Whoever ends before the others have heard of it might take the word along.
void Crew::send_home() {
  for (int rank = 1; rank < count_; ++rank) ranks_->send(rank, std::string(1, home));
  const auto end = Clock::now() + for_farewells;
  const auto awaited = [&] {
    for (int rank = 1; rank < count_; ++rank) {
      const Other& other = others_[static_cast<std::size_t>(rank)];
      if (!other.went_home && !ranks_->closed(rank) && (!other.gone || other.left)) return true;
    }
    return false;
  };
  while (awaited() && Clock::now() < end)
    if (const auto message = ranks_->receive(between_looks);
        message && message->bytes.front() == farewell)
      others_.at(static_cast<std::size_t>(message->from)).went_home = true;
}

/// The end of a process that helps, whatever its other thread is at.
void Crew::go_home() {
  std::thread([] {
    std::this_thread::sleep_for(2 * for_an_end);
    std::_Exit(0);
  }).detach();
  ranks_->send(leader, std::string(1, farewell));
  ranks_.reset();
  std::_Exit(0);
}

void Crew::lead_once() {
  const auto message = ranks_->receive(between_looks);
  const std::lock_guard lock(mutex_);
  try {
    if (message) hear(*message);
    const auto now = Clock::now();
    look_for_lost(now);
    feed(now);
    if (now - spoke_ > between_words) {
      for (int rank = 1; rank < count_; ++rank) ranks_->send(rank, std::string(1, alive));
      spoke_ = now;
    }
    if (work_ != nullptr) work_->now_and_then();
  } catch (...) {
    if (!problem_) problem_ = std::current_exception();
  }
  if (problem_ || queue_.complete()) changed_.notify_all();
}

/// With the mutex.
void Crew::hear(const Message& message) {
  Other& other = others_.at(static_cast<std::size_t>(message.from));
  other.heard = Clock::now();
  if (other.gone && !other.left) --lost_;
  other.gone = other.left;
  const std::string_view rest = std::string_view(message.bytes).substr(1);
  switch (message.bytes.front()) {
    case answers:
      return take_answers(message.from, rest);
    case refusal:
      throw Error(std::string(MessageReader(rest).text()));
    case failure:
      throw Failure(std::string(MessageReader(rest).text()));
    case leaving:
      other.gone = other.left = true;
      ++lost_;
      queue_.lose(message.from);
      return;
    default:
      return;
  }
}

/// With the mutex.
void Crew::take_answers(int from, std::string_view bytes) {
  MessageReader reader(bytes);
  --others_[static_cast<std::size_t>(from)].orders;
  if (static_cast<std::int64_t>(reader.number()) != number_ || work_ == nullptr) return;
  while (!reader.at_end()) {
    const std::size_t item = reader.number();
    const std::string answer(reader.text());
    if (queue_.answer(item) && !work_->take(item, answer)) queue_.drop_after(item);
  }
  queue_.finish(from, Clock::now());
}

/// With the mutex.
void Crew::look_for_lost(Clock::time_point now) {
  if (now - looked_ > asleep_for)
    for (Other& other : others_) other.heard = now;
  looked_ = now;
  for (int rank = 1; rank < count_; ++rank) {
    Other& other = others_[static_cast<std::size_t>(rank)];
    if (other.gone || (!ranks_->closed(rank) && now - other.heard < silent_for)) continue;
    other.gone = true;
    ++lost_;
    queue_.lose(rank);
  }
}

/// Hands items to who has none, or soon will have none. With the mutex.
void Crew::feed(Clock::time_point now) {
  if (work_ == nullptr || problem_) return;
  for (int rank = 1; rank < count_; ++rank) {
    Other& other = others_[static_cast<std::size_t>(rank)];
    while (!other.gone && other.orders == queue_.hands(rank)) {  // else one of other work is open
      const std::vector<std::size_t> items = queue_.take(rank, count_, now);
      if (items.empty()) break;
      MessageWriter message(order);
      message.text(work_->order);
      message.number(static_cast<std::uint64_t>(number_));
      for (const std::size_t item : items) message.number(item);
      ranks_->send(rank, message.take());
      ++other.orders;
    }
  }
}

void Crew::share(const SharedWork& work, ProgressSink& sink) {
  std::unique_lock lock(mutex_);
  queue_ = WorkQueue(work.items, work.most_at_once);
  work_ = &work;
  ++number_;
  try {
    while (!problem_ && !queue_.complete() && !sink.cancelled()) {
      const std::vector<std::size_t> items = queue_.take(leader, count_, Clock::now());
      if (items.empty()) {
        changed_.wait_for(lock, 20ms);
        continue;
      }
      lock.unlock();
      const std::vector<std::string> own = work.work(items);
      lock.lock();
      if (sink.cancelled()) break;  // the items in hand are lost
      for (std::size_t i = 0; i < items.size(); ++i)
        if (queue_.answer(items[i]) && !work.take(items[i], own[i])) queue_.drop_after(items[i]);
      queue_.finish(leader, Clock::now());
    }
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    if (!problem_) problem_ = std::current_exception();
  }
  work_ = nullptr;
  queue_ = {};
  if (problem_) std::rethrow_exception(std::exchange(problem_, nullptr));
}

void Crew::help_once() {
  const auto message = ranks_->receive(while_others_lead);
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  if (now - looked_ > asleep_for) others_[leader].heard = now;
  looked_ = now;
  if (message) others_[leader].heard = now;
  if (message && message->bytes.front() == home) go_home();
  if ((!message && ranks_->closed(leader)) || now - others_[leader].heard > 2 * silent_for)
    std::_Exit(1);
  if (message && message->bytes.front() == order) {
    MessageReader reader(std::string_view(message->bytes).substr(1));
    Order given{.order = std::string(reader.text()),
                .number = static_cast<std::int64_t>(reader.number()),
                .items = {}};
    while (!reader.at_end()) given.items.push_back(reader.number());
    inbox_.push_back(std::move(given));
    changed_.notify_all();
  }
  for (std::string& bytes : outbox_) ranks_->send(leader, std::move(bytes));
  outbox_.clear();
  if (now - spoke_ > between_words) ranks_->send(leader, std::string(1, alive));
  if (now - spoke_ > between_words) spoke_ = now;
}

namespace {

/// The items' answers; of work that cannot be done, why.
std::string answers_to(const std::function<WorkFunction()>& begun, std::int64_t number,
                       const std::vector<std::size_t>& items) {
  const auto problem = [](char kind, const char* text) {
    MessageWriter message(kind);
    message.text(text);
    return message.take();
  };
  try {
    const std::vector<std::string> texts = begun()(items);
    MessageWriter message(answers);
    message.number(static_cast<std::uint64_t>(number));
    for (std::size_t i = 0; i < items.size(); ++i) {
      message.number(items[i]);
      message.text(texts[i]);
    }
    return message.take();
  } catch (const Error& error) {
    return problem(refusal, error.what());
  } catch (const std::exception& error) {
    return problem(failure, error.what());
  }
}

}  // namespace

void Crew::help(const std::function<WorkFunction(std::string_view order)>& begin,
                const ProgressSink& sink) {
  std::string known;
  WorkFunction work;
  std::unique_lock lock(mutex_);
  for (bool stays = true;;) {
    changed_.wait_for(lock, 100ms, [&] { return !inbox_.empty(); });
    if (stays && sink.cancelled()) {
      outbox_.push_back(std::string(1, leaving));
      ranks_->wake();
      stays = false;
    }
    if (inbox_.empty()) continue;
    const Order given = std::move(inbox_.front());
    inbox_.erase(inbox_.begin());
    lock.unlock();
    std::string answer = answers_to(
        [&] {
          if (!work || known != given.order) work = begin(given.order);
          known = given.order;
          return work;
        },
        given.number, given.items);
    lock.lock();
    if (sink.cancelled()) continue;
    outbox_.push_back(std::move(answer));
    ranks_->wake();
  }
}

}  // namespace lightloom::experiments
