#include <algorithm>

#include "memory/dram/dram_controller.hpp"

// The way of a request into the queue of its bank.

namespace lightloom::memory {

/// Puts an entry into an unused place and returns its number.
int DramController::keep(const Entry& entry) {
  if (unused_.empty()) {
    unused_.push_back(static_cast<int>(entries_.size()));
    entries_.emplace_back();
  }
  const int slot = unused_.back();
  unused_.pop_back();
  entries_[slot] = entry;
  return slot;
}

void DramController::enqueue(int slot, bool write, Cycle k) {
  const int queue = write ? 1 : 0;
  const int number = entries_[slot].bank;
  Bank& bank = banks_[number];
  --free_[queue];
  ++waiting_[queue];
  const bool staged = card_.controller.bank_queue > 0;
  append(staged ? bank.arrived[queue] : bank.list[queue], slot);
  if (!staged) ++bank.queued[queue];
  if (choose_mode(k)) {
    scan(k + 1);
  } else if (queue == mode_index()) {
    if (staged) {
      note_movable(number);
      find_move(k + 1);
    } else {
      wish_of(number);
      scan(k + 1);
    }
  }
}

void DramController::append(List& list, int entry) {
  entries_[entry].next = -1;
  (list.head < 0 ? list.head : entries_[list.tail].next) = entry;
  list.tail = entry;
}

void DramController::note_movable(int number) {
  Bank& bank = banks_[number];
  const int mode = mode_index();
  if (bank.movable || bank.arrived[mode].head < 0 ||
      bank.queued[list_of(writing_)] >= card_.controller.bank_queue)
    return;
  bank.movable = true;
  movable_.push_back(number);
}

/// After a change of mode.
void DramController::collect_movable(Cycle not_before) {
  for (const int number : movable_) banks_[number].movable = false;
  movable_.clear();
  for (int b = 0; b < static_cast<int>(banks_.size()); ++b) note_movable(b);
  find_move(not_before);
}

/// Sets the cycle at which a request can move to its bank's queue: one a cycle.
void DramController::find_move(Cycle not_before) {
  next_move_ = never;
  for (const int number : movable_)
    next_move_ =
        std::min(next_move_, entries_[banks_[number].arrived[mode_index()].head].known - 1);
  if (next_move_ < never) next_move_ = std::max({next_move_, not_before, last_move_ + 1});
  next_ = std::min(next_, next_move_);
}

/// Moves the oldest request whose bank's queue has a place; returns whether its bank's wish
/// changed.
bool DramController::move_one(Cycle k) {
  bool changed = false;
  const int mode = mode_index();
  int first = -1;
  for (const int number : movable_) {
    const int e = banks_[number].arrived[mode].head;
    if (entries_[e].known - 1 <= k && (first < 0 || entries_[e].age < entries_[first].age))
      first = e;
  }
  if (first >= 0) {
    const int number = entries_[first].bank;
    Bank& bank = banks_[number];
    if (shared_ && writing_ && waits(bank.arrived[0], entries_[first].hazard)) {
      held_bank_ = number;
      held_age_ = entries_[first].hazard;
      draining_ = 0;
      choose_feed(k);
      return false;
    }
    unlink(bank.arrived[mode], first);
    entries_[first].known = k + 1;
    const int list = list_of(writing_);
    append(bank.list[list], first);
    ++bank.queued[list];
    ++free_[mode];
    if (shared_) {
      ++staged_;
      draining_ -= mode;
    }
    last_move_ = k;
    bank.movable = false;
    std::erase(movable_, number);
    note_movable(number);
    changed = wish_of(number);
  }
  if (shared_) choose_feed(k);
  find_move(k + 1);
  return changed;
}

void DramController::unlink(List& list, int entry) {
  int before = -1;
  for (int e = list.head; e != entry; e = entries_[e].next) before = e;
  const int after = entries_[entry].next;
  (before < 0 ? list.head : entries_[before].next) = after;
  if (list.tail == entry) list.tail = before;
}

}  // namespace lightloom::memory
