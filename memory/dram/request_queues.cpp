#include "memory/dram/request_queues.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lightloom::memory {

RequestQueues::RequestQueues(const DramCard& card)
    : shared_(card.controller.write_drain == WriteDrain::bank_queues),
      write_queue_(card.controller.write_queue),
      bank_queue_(card.controller.bank_queue),
      drain_start_(std::max(1, static_cast<int>(std::ceil(card.controller.drain_high *
                                                          card.controller.write_queue)))),
      drain_stop_(static_cast<int>(card.controller.drain_low * card.controller.write_queue)),
      moves_per_cycle_(card.organization.units_together()),
      banks_(
          static_cast<std::size_t>(card.organization.ranks) *
          static_cast<std::size_t>(card.organization.banks() * card.organization.units_together())),
      free_{card.controller.read_queue, card.controller.write_queue} {}

/// The youngest entry of a list for one burst of its bank, or -1.
int RequestQueues::same_burst(const List& list, const Entry& wanted, bool write) const {
  int found = -1;
  for (int e = list.head; e >= 0; e = entry(e).next)
    if (entry(e).column == wanted.column && entry(e).row == wanted.row &&
        entry(e).bank == wanted.bank && entry(e).write == write)
      found = e;
  return found;
}

bool RequestQueues::write_answers(const Entry& read) const {
  if (waiting_[1] == 0) return false;
  const Bank& own = bank(read.bank);
  return same_burst(own.list[list_of(true)], read, true) >= 0 ||
         same_burst(own.arrived[1], read, true) >= 0;
}

/// Puts an entry into an unused place and returns its number.
int RequestQueues::keep(const Entry& entry) {
  if (unused_.empty()) {
    unused_.push_back(static_cast<int>(entries_.size()));
    entries_.emplace_back();
  }
  const int number = unused_.back();
  unused_.pop_back();
  at(number) = entry;
  return number;
}

int RequestQueues::take(Entry request, bool write) {
  assert(has_room(write));
  Bank& own = bank(request.bank);
  if (write) {
    int older = same_burst(own.arrived[0], request, false);
    if (older < 0) older = same_burst(own.list[0], request, false);
    if (older >= 0) request.hazard = entry(older).age;
  }
  request.age = ++age_;
  request.write = write;
  const int number = keep(request);
  const std::size_t queue = write ? 1 : 0;
  --free_[queue];
  ++waiting_[queue];
  append(staged() ? own.arrived[queue] : own.list[queue], number);
  if (!staged()) ++own.queued[queue];
  return number;
}

void RequestQueues::append(List& list, int number) {
  at(number).next = -1;
  (list.head < 0 ? list.head : at(list.tail).next) = number;
  list.tail = number;
}

void RequestQueues::unlink(List& list, int number) {
  int before = -1;
  for (int e = list.head; e != number; e = entry(e).next) before = e;
  const int after = entry(number).next;
  (before < 0 ? list.head : at(before).next) = after;
  if (list.tail == number) list.tail = before;
}

bool RequestQueues::choose_mode(Cycle k) {
  if (shared_) return choose_feed(k);
  const bool before = writing_;
  if (writing_)
    writing_ = waiting_[1] > 0 && (waiting_[0] == 0 || waiting_[1] > drain_stop_);
  else
    writing_ = buffered_writes() >= drain_start_ || (waiting_[0] == 0 && waiting_[1] > 0);
  if (before == writing_) return false;
  if (staged()) collect_movable(k + 1);
  return true;
}

/// Decides what the shared queues of the banks are filled with. A drain moves all writes that are
/// buffered when it starts, unless one waits for an older read of its burst.
bool RequestQueues::choose_feed(Cycle k) {
  const bool before = writing_;
  if (draining_ == 0) {
    const int buffered = buffered_writes();
    const bool held = held_bank_ >= 0 && waits(bank(held_bank_).arrived[0], held_age_);
    writing_ = !held && (buffered >= drain_start_ || (buffered > drain_stop_ && staged_ == 0));
    if (writing_) draining_ = buffered;
  }
  if (before != writing_) collect_movable(k + 1);
  return before != writing_;
}

void RequestQueues::read_first(Cycle k) {
  writing_ = false;
  if (staged()) collect_movable(k + 1);
}

void RequestQueues::note_movable(int number) {
  Bank& own = bank(number);
  const std::size_t mode = mode_index();
  if (own.movable || own.arrived[mode].head < 0 || own.queued[list_of(writing_)] >= bank_queue_)
    return;
  own.movable = true;
  movable_.push_back(number);
}

/// After a change of mode.
void RequestQueues::collect_movable(Cycle not_before) {
  for (const int number : movable_) bank(number).movable = false;
  movable_.clear();
  for (int b = 0; b < static_cast<int>(banks_.size()); ++b) note_movable(b);
  find_move(not_before);
}

/// Sets the cycle at which a request can move to its bank's queue: one a cycle and pseudo-channel.
void RequestQueues::find_move(Cycle not_before) {
  next_move_ = never;
  for (const int number : movable_)
    next_move_ = std::min(next_move_, entry(bank(number).arrived[mode_index()].head).known - 1);
  const Cycle place = moves_ < moves_per_cycle_ ? last_move_ : last_move_ + 1;
  if (next_move_ < never) next_move_ = std::max({next_move_, not_before, place});
}

void RequestQueues::look_for_move(int number, Cycle not_before) {
  if (!staged()) return;
  note_movable(number);
  find_move(not_before);
}

int RequestQueues::move_one(Cycle k) {
  const std::size_t mode = mode_index();
  int first = -1;
  for (const int number : movable_) {
    const int e = bank(number).arrived[mode].head;
    if (entry(e).known - 1 <= k && (first < 0 || entry(e).age < entry(first).age)) first = e;
  }
  int moved = -1;
  if (first >= 0) {
    moved = entry(first).bank;
    Bank& own = bank(moved);
    if (shared_ && writing_ && waits(own.arrived[0], entry(first).hazard)) {
      held_bank_ = moved;
      held_age_ = entry(first).hazard;
      draining_ = 0;
      choose_feed(k);
      return -1;
    }
    unlink(own.arrived[mode], first);
    at(first).known = k + 1;
    const std::size_t list = list_of(writing_);
    append(own.list[list], first);
    ++own.queued[list];
    ++free_[mode];
    if (shared_) {
      ++staged_;
      draining_ -= writing_ ? 1 : 0;
    }
    moves_ = last_move_ == k ? moves_ + 1 : 1;
    last_move_ = k;
    own.movable = false;
    std::erase(movable_, moved);
    note_movable(moved);
  }
  if (shared_) choose_feed(k);
  find_move(moved >= 0 && moves_ < moves_per_cycle_ ? k : k + 1);
  return moved;
}

bool RequestQueues::waits(const List& list, std::uint64_t age) const {
  if (age == 0) return false;
  for (int e = list.head; e >= 0; e = entry(e).next)
    if (entry(e).age == age) return true;
  return false;
}

bool RequestQueues::hazard_cleared(const Entry& entry) const {
  const Bank& own = bank(entry.bank);
  return entry.hazard == 0 ||
         (!waits(own.list[0], entry.hazard) && !waits(own.arrived[0], entry.hazard));
}

void RequestQueues::remove(int number, Cycle k) {
  const bool write = entry(number).write;
  const std::size_t queue = write ? 1 : 0, list = list_of(write);
  const int of_bank = entry(number).bank;
  Bank& own = bank(of_bank);
  unlink(own.list[list], number);
  unused_.push_back(number);
  --waiting_[queue];
  --own.queued[list];
  if (shared_) --staged_;
  if (staged())
    look_for_move(of_bank, k);
  else
    ++free_[queue];
}

}  // namespace lightloom::memory
