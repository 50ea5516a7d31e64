#include <algorithm>

#include "memory/dram/dram_controller.hpp"

// Issuing commands: what each forbids for how long.

namespace lightloom::memory {
namespace {

void raise(Cycle& earliest, Cycle cycle) { earliest = std::max(earliest, cycle); }

}  // namespace

void DramController::start_refreshes(Cycle k) {
  if (k < next_refresh_) return;
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
      dual_command_ && (shared_ || was_writing == writing_);  // a change of mode changes every wish
  if (row_due && (still_wanted || !column_due)) issue(row, k);
  const bool moved = next_move_ <= k && move_one(k);
  if (row_due || column_due || moved)
    scan(k + 1);
  else
    find_next();
}

void DramController::issue(const Best& best, Cycle k) {
  if (best.wish < 0) {
    issue_refresh(-1 - best.wish, k);
    return;
  }
  const Wish wish = wishes_[best.wish];
  const int number = best.wish % scan_.stride();
  last_bank_ = number;
  if (log_ != nullptr) log(wish.kind, number, wish.entry, k);
  switch (wish.kind) {
    case DramCommandKind::activate:
      issue_activate(number, wish, k);
      break;
    case DramCommandKind::precharge:
      issue_precharge(number, k);
      break;
    case DramCommandKind::read:
      issue_read(number, wish, k);
      finish_column(number, wish.entry, k);
      break;
    case DramCommandKind::write:
      issue_write(number, k);
      finish_column(number, wish.entry, k);
      break;
    case DramCommandKind::refresh:
    case DramCommandKind::refresh_bank:
      break;
  }
  wish_of(number);
}

void DramController::issue_activate(int number, const Wish& wish, Cycle k) {
  Bank& bank = banks_[number];
  bank.open_row = entries_[wish.entry].row;
  bank.served = 0;
  bank.read = k + t_.rcd_read;
  bank.write = k + t_.rcd_write;
  bank.precharge = k + t_.ras;
  bank.activate = k + t_.rc;
  Rank& rank = ranks_[bank.rank];
  rank.last_activates[rank.oldest_activate] = k;
  rank.oldest_activate = (rank.oldest_activate + 1) % 4;
  const Cycle window = rank.last_activates[rank.oldest_activate] + t_.faw;
  scan_.forbid(DramCommandKind::activate, number, std::max(k + t_.rrd_l, window),
               std::max(k + t_.rrd_s, window), 0);
  if (rank.open_banks++ == 0) rank.opened = k;
  ++counts_.activates;
  ++counts_.bank_activates[number];
}

void DramController::issue_precharge(int number, Cycle k) {
  Bank& bank = banks_[number];
  bank.open_row = -1;
  raise(bank.activate, k + t_.rp);
  Rank& rank = ranks_[bank.rank];
  raise(rank.refresh, k + t_.rp);
  if (t_.ppd > 0) scan_.forbid(DramCommandKind::precharge, number, k + t_.ppd, k + t_.ppd, 0);
  if (--rank.open_banks == 0) counts_.rank_open_cycles += k - rank.opened;
  ++counts_.precharges;
}

void DramController::issue_read(int number, const Wish& wish, Cycle k) {
  Bank& bank = banks_[number];
  raise(bank.precharge, k + t_.rtp);
  scan_.forbid(DramCommandKind::read, number, k + column_long_, k + column_short_,
               k + burst_ + t_.rtrs);
  scan_.forbid(DramCommandKind::write, number, k + read_to_write_, k + read_to_write_,
               k + read_to_write_);
  const Entry& entry = entries_[wish.entry];
  completions.push_back({entry.number, entry.accepted, k + t_.cl + burst_});
  ++counts_.reads;
}

void DramController::issue_write(int number, Cycle k) {
  Bank& bank = banks_[number];
  raise(bank.precharge, k + write_to_precharge_);
  const Cycle end = k + t_.cwl + burst_;
  scan_.forbid(DramCommandKind::write, number, k + column_long_, k + column_short_, k + burst_);
  scan_.forbid(DramCommandKind::read, number, end + t_.wtr_l, end + t_.wtr_s,
               end + t_.rtrs - t_.cl);
  ++counts_.writes;
}

/// Books of every column command; its request leaves.
void DramController::finish_column(int number, int entry, Cycle k) {
  Bank& bank = banks_[number];
  const bool write = entries_[entry].write;
  const int queue = write ? 1 : 0, list = list_of(write);
  if (bank.served++ > 0) ++counts_.row_hits;
  ++counts_.bank_columns[number];
  if (bank.group == last_group_) ++counts_.same_group_pairs;
  last_group_ = bank.group;
  unlink(bank.list[list], entry);
  unused_.push_back(entry);
  --waiting_[queue];
  --bank.queued[list];
  if (shared_) {
    --staged_;
    counts_.turnarounds += write != last_write_ ? 1 : 0;
    last_write_ = write;
  }
  if (card_.controller.bank_queue > 0) {
    note_movable(number);
    find_move(k);
  } else {
    ++free_[queue];
  }
  choose_mode(k);
}

void DramController::issue_refresh(int number, Cycle k) {
  Rank& rank = ranks_[number];
  const int first = number * banks_per_rank_;
  rank.refresh_pending = false;
  ++counts_.refreshes;
  if (card_.refresh_mode == RefreshMode::all_bank) {
    if (log_ != nullptr) log(DramCommandKind::refresh, first, -1, k);
    raise(rank.refresh, k + t_.rfc);
    for (int b = 0; b < banks_per_rank_; ++b) raise(banks_[first + b].activate, k + t_.rfc);
  } else {
    const int bank = first + rank.refresh_bank;
    if (log_ != nullptr) log(DramCommandKind::refresh_bank, bank, -1, k);
    raise(banks_[bank].activate, k + t_.rfc_bank);
    scan_.forbid(DramCommandKind::activate, bank, k + t_.rrefd, k + t_.rrefd, 0);
    raise(rank.refresh, k + std::max(1, t_.rrefd));
    rank.refresh_bank = (rank.refresh_bank + 1) % banks_per_rank_;
  }
  for (int b = 0; b < banks_per_rank_; ++b) wish_of(first + b);
}
void DramController::log(DramCommandKind kind, int number, int entry, Cycle k) {
  const Bank& bank = banks_[number];
  const bool has_row = kind == DramCommandKind::activate || kind == DramCommandKind::read ||
                       kind == DramCommandKind::write;
  log_->push_back({.cycle = k,
                   .kind = kind,
                   .rank = bank.rank,
                   .bank_group = bank.group % card_.organization.bank_groups,
                   .bank = number % card_.organization.banks_per_group,
                   .row = has_row ? entries_[entry].row : 0});
}

}  // namespace lightloom::memory
