#include "memory/dram_controller.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lightloom::memory {
namespace {

/// With one bank group the short rules replace the long ones.
DramTiming effective_timing(const DramCard& card) {
  DramTiming t = card.timing;
  if (card.organization.bank_groups == 1) {
    t.ccd_l = t.ccd_s;
    t.rrd_l = t.rrd_s;
    t.wtr_l = t.wtr_s;
  }
  return t;
}

}  // namespace

DramController::DramController(const DramCard& card)
    : card_(card),
      t_(effective_timing(card)),
      burst_(card.organization.burst_cycles),
      banks_per_rank_(card.organization.banks()),
      groups_per_rank_(card.organization.bank_groups),
      read_to_write_(std::max(1, t_.cl + burst_ - t_.cwl + t_.rtrs)),
      write_to_precharge_(t_.cwl + burst_ + t_.wr),
      column_long_(std::max(burst_, t_.ccd_l)),
      column_short_(std::max(burst_, t_.ccd_s)),
      dual_command_(card.organization.dual_command),
      scan_(card.organization.ranks * banks_per_rank_, card.organization.banks_per_group,
            banks_per_rank_) {
  const DramOrganization& o = card.organization;
  banks_.resize(static_cast<std::size_t>(o.ranks) * banks_per_rank_);
  for (std::size_t i = 0; i < banks_.size(); ++i) {
    banks_[i].rank = static_cast<int>(i) / banks_per_rank_;
    banks_[i].group = static_cast<int>(i) / o.banks_per_group;
  }
  wishes_.resize(banks_.size());
  ranks_.resize(o.ranks);
  const bool per_bank = card.refresh_mode == RefreshMode::per_bank;
  const int interval = per_bank ? t_.refi_bank : t_.refi;
  for (int r = 0; r < o.ranks; ++r) {
    // Ranks take turns; the first refresh is due after its share of the interval, not at cycle 0.
    ranks_[r].refresh_due =
        card.refresh ? std::max<Cycle>(1, Cycle{interval} * (r + 1) / o.ranks) : never;
  }
  const std::size_t staged = 2 * banks_.size() * card.controller.bank_queue;
  entries_.resize(staged + card.controller.read_queue + card.controller.write_queue);
  for (int i = static_cast<int>(entries_.size()); i-- > 0;) unused_.push_back(i);
  free_ = {card.controller.read_queue, card.controller.write_queue};
  drain_start_ = std::max(
      1, static_cast<int>(std::ceil(card.controller.drain_high * card.controller.write_queue)));
  drain_stop_ = static_cast<int>(card.controller.drain_low * card.controller.write_queue);
  counts_.bank_activates.assign(banks_.size(), 0);
  counts_.bank_columns.assign(banks_.size(), 0);
  scan(0);
}

/// The youngest entry of a list for one burst of its bank, or -1.
int DramController::same_burst(const List& list, const Entry& wanted) const {
  int found = -1;
  for (int e = list.head; e >= 0; e = entries_[e].next)
    if (entries_[e].column == wanted.column && entries_[e].row == wanted.row &&
        entries_[e].bank == wanted.bank)
      found = e;
  return found;
}

Cycle DramController::accept(const DramAddress& a, bool write, std::uint64_t number, Cycle k) {
  Entry entry{.row = a.row,
              .number = number,
              .accepted = k,
              .known = k + card_.controller.pipeline_cycles,
              .column = a.column,
              .bank = a.rank * banks_per_rank_ + a.bank_group * card_.organization.banks_per_group +
                      a.bank};
  const Bank& bank = banks_[entry.bank];
  if (!write && waiting_[1] > 0 &&
      (same_burst(bank.list[1], entry) >= 0 || same_burst(bank.arrived[1], entry) >= 0)) {
    ++counts_.forwarded;
    return k + 1;
  }
  assert(has_room(write));
  if (write) {
    int older = same_burst(bank.arrived[0], entry);
    if (older < 0) older = same_burst(bank.list[0], entry);
    if (older >= 0) entry.hazard = entries_[older].age;
  }
  entry.age = ++age_;
  const int slot = unused_.back();
  unused_.pop_back();
  entries_[slot] = entry;
  enqueue(slot, write, k);
  return write ? k + 1 : 0;
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
      bank.queued[mode] >= card_.controller.bank_queue)
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
    unlink(bank.arrived[mode], first);
    entries_[first].known = k + 1;
    append(bank.list[mode], first);
    ++bank.queued[mode];
    ++free_[mode];
    last_move_ = k;
    bank.movable = false;
    std::erase(movable_, number);
    note_movable(number);
    changed = wish_of(number);
  }
  find_move(k + 1);
  return changed;
}

/// Decides between reading and writing; returns whether that changed.
bool DramController::choose_mode(Cycle k) {
  const int buffered = card_.controller.write_queue - free_[1];
  const bool before = writing_;
  if (writing_)
    writing_ = waiting_[1] > 0 && (waiting_[0] == 0 || waiting_[1] > drain_stop_);
  else
    writing_ = buffered >= drain_start_ || (waiting_[0] == 0 && waiting_[1] > 0);
  if (before == writing_) return false;
  change_mode(k);
  return true;
}

void DramController::change_mode(Cycle k) {
  ++counts_.turnarounds;
  wish_for_all();
  if (card_.controller.bank_queue > 0) collect_movable(k + 1);
}
void DramController::unlink(List& list, int entry) {
  int before = -1;
  for (int e = list.head; e != entry; e = entries_[e].next) before = e;
  const int after = entries_[entry].next;
  (before < 0 ? list.head : entries_[before].next) = after;
  if (list.tail == entry) list.tail = before;
}
DramCounts DramController::counts(Cycle now) const {
  DramCounts counts = counts_;
  for (const Rank& rank : ranks_)
    if (rank.open_banks > 0) counts.rank_open_cycles += std::max<Cycle>(0, now - rank.opened);
  return counts;
}

}  // namespace lightloom::memory
