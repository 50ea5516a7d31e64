#include "memory/dram_controller.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lightloom::memory {
namespace {

void raise(Cycle& earliest, Cycle cycle) { earliest = std::max(earliest, cycle); }

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
      read_to_write_(std::max(1, t_.cl + burst_ - t_.cwl + t_.rtrs)),
      write_to_precharge_(t_.cwl + burst_ + t_.wr),
      column_long_(std::max(burst_, t_.ccd_l)),
      column_short_(std::max(burst_, t_.ccd_s)),
      dual_command_(card.organization.dual_command) {
  const DramOrganization& o = card.organization;
  banks_.resize(static_cast<std::size_t>(o.ranks) * banks_per_rank_);
  for (std::size_t i = 0; i < banks_.size(); ++i) {
    banks_[i].rank = static_cast<int>(i) / banks_per_rank_;
    banks_[i].group = static_cast<int>(i) / o.banks_per_group;
  }
  groups_.resize(static_cast<std::size_t>(o.ranks) * o.bank_groups);
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
      (same_burst(bank.list[1], entry) >= 0 || same_burst(arrived_[1], entry) >= 0)) {
    ++counts_.forwarded;
    return k + 1;
  }
  assert(has_room(write));
  if (write) {
    int older = same_burst(arrived_[0], entry);
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
  Bank& bank = banks_[entries_[slot].bank];
  --free_[queue];
  ++waiting_[queue];
  const bool staged = card_.controller.bank_queue > 0;
  append(staged ? arrived_[queue] : bank.list[queue], slot);
  if (!staged) ++bank.queued[queue];
  if (staged && queue == mode_index() && next_move_ >= never &&
      bank.queued[queue] < card_.controller.bank_queue)
    next_move_ = std::max(last_move_ + 1, entries_[slot].known - 1);
  if (choose_mode(k)) {
    scan(k + 1);
  } else if (staged || queue != mode_index()) {
    next_ = std::min(next_, next_move_);
  } else {
    wish_of(entries_[slot].bank);
    scan(k + 1);
  }
}

void DramController::append(List& list, int entry) {
  entries_[entry].next = -1;
  (list.head < 0 ? list.head : entries_[list.tail].next) = entry;
  list.tail = entry;
}

/// Sets the cycle at which a request of the current mode can move to its bank's queue: one a cycle,
/// the first in order whose queue has a place.
void DramController::find_move(Cycle not_before) {
  next_move_ = never;
  const int mode = mode_index();
  for (int e = arrived_[mode].head; e >= 0; e = entries_[e].next)
    if (banks_[entries_[e].bank].queued[mode] < card_.controller.bank_queue) {
      next_move_ = std::max({not_before, last_move_ + 1, entries_[e].known - 1});
      return;
    }
}

void DramController::move_one(Cycle k) {
  const int mode = mode_index();
  for (int e = arrived_[mode].head; e >= 0; e = entries_[e].next) {
    Bank& bank = banks_[entries_[e].bank];
    if (bank.queued[mode] >= card_.controller.bank_queue || entries_[e].known - 1 > k) continue;
    unlink(arrived_[mode], e);
    entries_[e].known = k + 1;
    append(bank.list[mode], e);
    ++bank.queued[mode];
    ++free_[mode];
    last_move_ = k;
    wish_of(entries_[e].bank);
    break;
  }
  find_move(k + 1);
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
  if (card_.controller.bank_queue > 0) find_move(k + 1);
}

bool DramController::hazard_cleared(const Entry& entry) const {
  if (entry.hazard == 0) return true;
  for (const List* list : {&banks_[entry.bank].list[0], &arrived_[0]})
    for (int e = list->head; e >= 0; e = entries_[e].next)
      if (entries_[e].age == entry.hazard) return false;
  return true;
}

int DramController::oldest_allowed(const Bank& bank) const {
  for (int e = bank.list[mode_index()].head; e >= 0; e = entries_[e].next)
    if (!writing_ || hazard_cleared(entries_[e])) return e;
  return -1;
}

int DramController::oldest_hit(const Bank& bank, int first) const {
  for (int e = first; e >= 0; e = entries_[e].next)
    if (entries_[e].row == bank.open_row && (!writing_ || hazard_cleared(entries_[e]))) return e;
  return -1;
}

/// A refresh keeps new work from the bank.
bool DramController::blocked(const Bank& bank, int number) const {
  const Rank& rank = ranks_[bank.rank];
  if (!rank.refresh_pending) return false;
  return card_.refresh_mode == RefreshMode::all_bank ||
         number % banks_per_rank_ == rank.refresh_bank;
}

void DramController::wish_of(int number) {
  Bank& bank = banks_[number];
  Wish& wish = bank.wish;
  wish = {};
  const bool open = bank.open_row >= 0;
  if (blocked(bank, number)) {
    if (open) wish = {DramCommandKind::precharge, -1, bank.precharge, 0};
    return;
  }
  const int first = oldest_allowed(bank);
  if (first < 0) {
    const bool close = card_.controller.page == PagePolicy::closed && open;
    if (close) wish = {DramCommandKind::precharge, -1, bank.precharge, std::uint64_t(-1)};
    return;
  }
  const Entry& oldest = entries_[first];
  if (!open) {
    wish = {DramCommandKind::activate, first, std::max(bank.activate, oldest.known), oldest.age};
    return;
  }
  const int hit = oldest_hit(bank, first);
  const int age_cap = card_.controller.age_cap_cycles;
  const Cycle now = std::max(row_bus_, column_bus_);
  const bool patient = bank.served < card_.controller.row_hit_cap &&
                       (age_cap == 0 || now - oldest.accepted <= age_cap);
  if (hit >= 0 && (hit == first || patient)) {
    const Entry& entry = entries_[hit];
    const Cycle ready = std::max(writing_ ? bank.write : bank.read, entry.known);
    wish = {writing_ ? DramCommandKind::write : DramCommandKind::read, hit, ready, entry.age};
  } else {
    wish = {DramCommandKind::precharge, first, std::max(bank.precharge, oldest.known), oldest.age};
  }
}

void DramController::wish_for_all() {
  for (int b = 0; b < static_cast<int>(banks_.size()); ++b) wish_of(b);
}

Cycle DramController::ready_cycle(const Bank& bank) const {
  const Group& group = groups_[bank.group];
  const Rank& rank = ranks_[bank.rank];
  const Cycle ready = bank.wish.ready;
  switch (bank.wish.kind) {
    case DramCommandKind::activate:
      return std::max({ready, group.activate, rank.activate});
    case DramCommandKind::precharge:
      return std::max(ready, rank.precharge);
    case DramCommandKind::read:
      return std::max({ready, group.read, rank.read});
    case DramCommandKind::write:
      return std::max({ready, group.write, rank.write});
    case DramCommandKind::refresh:
    case DramCommandKind::refresh_bank:
      break;
  }
  return never;
}

void DramController::offer(Cycle ready, int bank, std::uint64_t age, bool column) {
  Best& best = column ? column_best_ : row_best_;
  ready = std::max(ready, column ? column_bus_ : row_bus_);
  if (ready < best.ready || (ready == best.ready && age < best.age))
    best = {ready, bank, age, column};
}

/// Finds the command that can go first, from `not_before` on.
void DramController::scan(Cycle not_before) {
  raise(row_bus_, not_before);
  raise(column_bus_, not_before);
  row_best_ = column_best_ = {};
  const int count = static_cast<int>(banks_.size());
  for (int b = 0; b < count; ++b) {
    const Bank& bank = banks_[b];
    if (bank.wish.ready >= never) continue;
    const bool column =
        bank.wish.kind == DramCommandKind::read || bank.wish.kind == DramCommandKind::write;
    std::uint64_t order = bank.wish.age;
    if (card_.controller.selection == Selection::round_robin)
      order = (b - last_bank_ - 1 + count) % count;
    offer(ready_cycle(bank), b, order, column);
  }
  next_ = never;
  const bool all_banks = card_.refresh_mode == RefreshMode::all_bank;
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    const Rank& rank = ranks_[r];
    if (!rank.refresh_pending) {
      next_ = std::min(next_, rank.refresh_due);
    } else if (all_banks ? rank.open_banks == 0
                         : banks_[r * banks_per_rank_ + rank.refresh_bank].open_row < 0) {
      Cycle ready = rank.refresh;
      if (!all_banks) raise(ready, banks_[r * banks_per_rank_ + rank.refresh_bank].activate);
      offer(ready, -1 - r, 0, false);
    }
  }
  next_ = std::min({next_, next_move_, row_best_.ready, column_best_.ready});
  const bool nothing =
      row_best_.ready >= never && column_best_.ready >= never && next_move_ >= never;
  const bool stuck = writing_ && nothing && waiting_[0] > 0;
  if (stuck) {  // every waiting write has to let an older read of its burst go first
    writing_ = false;
    change_mode(not_before - 1);
    scan(not_before);
  }
}

void DramController::start_refreshes(Cycle k) {
  const bool all_banks = card_.refresh_mode == RefreshMode::all_bank;
  bool any = false;
  for (Rank& rank : ranks_) {
    if (rank.refresh_pending || rank.refresh_due > k) continue;
    rank.refresh_pending = any = true;
    rank.refresh_due += all_banks ? t_.refi : t_.refi_bank;
  }
  if (!any) return;
  wish_for_all();
  scan(k);
}

void DramController::step(Cycle k) {
  start_refreshes(k);
  const Best row = row_best_, column = column_best_;
  const bool row_due = row.ready <= k, column_due = column.ready <= k;
  const bool was_writing = writing_;
  if (column_due) issue(column, k);
  const bool still_wanted =
      dual_command_ && was_writing == writing_;  // a change of mode changes every wish
  if (row_due && (still_wanted || !column_due)) issue(row, k);
  if (next_move_ <= k) move_one(k);
  if (next_ <= k) scan(k + 1);
}

void DramController::issue(const Best& best, Cycle k) {
  if (best.bank < 0) {
    issue_refresh(-1 - best.bank, k);
    return;
  }
  Bank& bank = banks_[best.bank];
  const DramCommandKind kind = bank.wish.kind;
  last_bank_ = best.bank;
  if (log_ != nullptr) log(kind, best.bank, k);
  switch (kind) {
    case DramCommandKind::activate:
      issue_activate(bank, k);
      break;
    case DramCommandKind::precharge:
      issue_precharge(bank, k);
      break;
    case DramCommandKind::read:
      issue_read(bank, k);
      break;
    case DramCommandKind::write:
      issue_write(bank, k);
      break;
    case DramCommandKind::refresh:
    case DramCommandKind::refresh_bank:
      break;
  }
  wish_of(best.bank);
}

void DramController::issue_activate(Bank& bank, Cycle k) {
  bank.open_row = entries_[bank.wish.entry].row;
  bank.served = 0;
  bank.read = k + t_.rcd_read;
  bank.write = k + t_.rcd_write;
  bank.precharge = k + t_.ras;
  bank.activate = k + t_.rc;
  raise(groups_[bank.group].activate, k + t_.rrd_l);
  Rank& rank = ranks_[bank.rank];
  rank.last_activates[rank.oldest_activate] = k;
  rank.oldest_activate = (rank.oldest_activate + 1) % 4;
  raise(rank.activate, std::max(k + t_.rrd_s, rank.last_activates[rank.oldest_activate] + t_.faw));
  if (rank.open_banks++ == 0) rank.opened = k;
  ++counts_.activates;
  ++counts_.bank_activates[&bank - banks_.data()];
}

void DramController::issue_precharge(Bank& bank, Cycle k) {
  bank.open_row = -1;
  raise(bank.activate, k + t_.rp);
  Rank& rank = ranks_[bank.rank];
  raise(rank.refresh, k + t_.rp);
  raise(rank.precharge, k + t_.ppd);
  if (--rank.open_banks == 0) counts_.rank_open_cycles += k - rank.opened;
  ++counts_.precharges;
}

void DramController::issue_read(Bank& bank, Cycle k) {
  raise(bank.precharge, k + t_.rtp);
  raise(groups_[bank.group].read, k + column_long_);
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    raise(ranks_[r].read, k + (r == bank.rank ? column_short_ : burst_ + t_.rtrs));
    raise(ranks_[r].write, k + read_to_write_);
  }
  const Entry& entry = entries_[bank.wish.entry];
  completions.push_back({entry.number, entry.accepted, k + t_.cl + burst_});
  ++counts_.reads;
  issue_column(bank, k);
}

void DramController::issue_write(Bank& bank, Cycle k) {
  raise(bank.precharge, k + write_to_precharge_);
  raise(groups_[bank.group].write, k + column_long_);
  raise(groups_[bank.group].read, k + t_.cwl + burst_ + t_.wtr_l);
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    const bool same = r == bank.rank;
    raise(ranks_[r].write, k + (same ? column_short_ : burst_));
    raise(ranks_[r].read, k + t_.cwl + burst_ + (same ? t_.wtr_s : t_.rtrs - t_.cl));
  }
  ++counts_.writes;
  issue_column(bank, k);
}

void DramController::issue_column(Bank& bank, Cycle k) {
  const int queue = mode_index();
  if (bank.served++ > 0) ++counts_.row_hits;
  ++counts_.bank_columns[&bank - banks_.data()];
  if (bank.group == last_group_) ++counts_.same_group_pairs;
  last_group_ = bank.group;

  unlink(bank.list[queue], bank.wish.entry);
  unused_.push_back(bank.wish.entry);
  --waiting_[queue];
  --bank.queued[queue];
  if (card_.controller.bank_queue > 0)
    find_move(k);
  else
    ++free_[queue];
  choose_mode(k);
}

void DramController::issue_refresh(int number, Cycle k) {
  Rank& rank = ranks_[number];
  const int first = number * banks_per_rank_;
  rank.refresh_pending = false;
  ++counts_.refreshes;
  if (card_.refresh_mode == RefreshMode::all_bank) {
    if (log_ != nullptr) log(DramCommandKind::refresh, first, k);
    raise(rank.refresh, k + t_.rfc);
    for (int b = 0; b < banks_per_rank_; ++b) raise(banks_[first + b].activate, k + t_.rfc);
  } else {
    const int bank = first + rank.refresh_bank;
    if (log_ != nullptr) log(DramCommandKind::refresh_bank, bank, k);
    raise(banks_[bank].activate, k + t_.rfc_bank);
    raise(rank.activate, k + t_.rrefd);
    raise(rank.refresh, k + std::max(1, t_.rrefd));
    rank.refresh_bank = (rank.refresh_bank + 1) % banks_per_rank_;
  }
  for (int b = 0; b < banks_per_rank_; ++b) wish_of(first + b);
}

void DramController::unlink(List& list, int entry) {
  int before = -1;
  for (int e = list.head; e != entry; e = entries_[e].next) before = e;
  const int after = entries_[entry].next;
  (before < 0 ? list.head : entries_[before].next) = after;
  if (list.tail == entry) list.tail = before;
}

void DramController::log(DramCommandKind kind, int number, Cycle k) {
  const Bank& bank = banks_[number];
  const bool has_row = kind == DramCommandKind::activate || kind == DramCommandKind::read ||
                       kind == DramCommandKind::write;
  log_->push_back({.cycle = k,
                   .kind = kind,
                   .rank = bank.rank,
                   .bank_group = bank.group % card_.organization.bank_groups,
                   .bank = number % card_.organization.banks_per_group,
                   .row = has_row ? entries_[bank.wish.entry].row : 0});
}

DramCounts DramController::counts(Cycle now) const {
  DramCounts counts = counts_;
  for (const Rank& rank : ranks_)
    if (rank.open_banks > 0) counts.rank_open_cycles += std::max<Cycle>(0, now - rank.opened);
  return counts;
}

}  // namespace lightloom::memory
