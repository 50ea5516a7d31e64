#include "memory/dram/dram_controller.hpp"

#include <algorithm>

namespace lightloom::memory {

namespace {

DramCommandKind refresh_kind(RefreshMode mode) {
  if (mode == RefreshMode::all_bank) return DramCommandKind::refresh;
  return mode == RefreshMode::per_bank ? DramCommandKind::refresh_bank
                                       : DramCommandKind::refresh_same_bank;
}

}  // namespace

DramController::DramController(const DramCard& card)
    : organization_(card.organization),
      pipeline_cycles_(card.controller.pipeline_cycles),
      refresh_kind_(refresh_kind(card.refresh_mode)),
      queues_(card),
      timers_(card),
      choice_(card),
      last_writes_(static_cast<std::size_t>(card.organization.units_together()), 0) {
  scan(0);
}

Cycle DramController::accept(const DramAddress& a, bool write, std::uint64_t number, Cycle k) {
  const int rank = a.unit % organization_.units_together() * organization_.ranks + a.rank;
  const RequestQueues::Entry request{
      .row = a.row,
      .number = number,
      .accepted = k,
      .known = k + pipeline_cycles_,
      .column = a.column,
      .bank = rank * organization_.banks() + a.bank_group * organization_.banks_per_group + a.bank};
  if (!write && queues_.write_answers(request)) {
    ++forwarded_;
    return k + 1;
  }
  queues_.take(request, write);
  if (choose_mode(k)) {
    scan(k + 1);
  } else if (write == queues_.writing()) {
    if (queues_.staged()) {
      queues_.look_for_move(request.bank, k + 1);
      next_ = std::min(next_, queues_.next_move());
    } else {
      choice_.wish_of(request.bank, queues_, timers_);
      scan(k + 1);
    }
  }
  return write ? k + 1 : 0;
}

void DramController::skip_refreshes(Cycle until) {
  if (log_ != nullptr || !idle()) return;
  timers_.skip_refreshes(until);
  choice_.offer_refreshes(timers_);
  find_next();
}

/// Decides between reading and writing; returns whether that changed.
bool DramController::choose_mode(Cycle k) {
  const bool changed = queues_.choose_mode(k);
  if (changed && !queues_.shared()) {
    ++turnarounds_;
    choice_.wish_for_all(queues_, timers_);
  }
  return changed;
}

void DramController::scan(Cycle not_before) {
  choice_.scan(not_before, queues_, timers_);
  if (timers_.gap_passes(not_before, choice_.column().ready)) {
    timers_.close_gap(choice_.rules());
    choice_.scan(not_before, queues_, timers_);
  }
  find_next();
  const bool nothing = choice_.nothing() && queues_.next_move() >= never;
  const bool stuck = queues_.writing() && !queues_.shared() && nothing && queues_.reads_wait();
  if (stuck) {  // every waiting write has to let an older read of its burst go first
    queues_.read_first(not_before - 1);
    ++turnarounds_;
    choice_.wish_for_all(queues_, timers_);
    scan(not_before);
  }
}

void DramController::find_next() {
  next_ = std::min(
      {choice_.next_refresh(), queues_.next_move(), choice_.row().ready, choice_.column().ready});
}

void DramController::start_refreshes(Cycle k) {
  if (k < choice_.next_refresh() || !timers_.start_refreshes(k)) return;
  choice_.wish_for_all(queues_, timers_);
  scan(k);
}

void DramController::step(Cycle k) {
  start_refreshes(k);
  const BankScan::First row = choice_.row(), column = choice_.column();
  const bool row_due = row.ready <= k, column_due = column.ready <= k;
  const bool was_writing = queues_.writing();
  if (column_due) issue(column, k);
  // A hit keeps its bank open, and a change of mode changes every wish.
  const bool other_bank = row.wish < 0 || choice_.bank_of(row.wish) != choice_.bank_of(column.wish);
  const bool still_wanted = organization_.dual_command && other_bank &&
                            (queues_.shared() || was_writing == queues_.writing());
  if (row_due && (still_wanted || !column_due)) issue(row, k);
  bool changed = false;
  while (queues_.next_move() <= k) {
    const int moved = queues_.move_one(k);
    if (moved < 0) break;
    changed |= choice_.wish_of(moved, queues_, timers_);
  }
  if (row_due || column_due || changed)
    scan(k + 1);
  else
    find_next();
}

void DramController::issue(const BankScan::First& best, Cycle k) {
  if (best.wish < 0) {
    issue_refresh(-1 - best.wish, k);
    return;
  }
  const CommandChoice::Wish wish = choice_.wish(best.wish);
  const int bank = choice_.bank_of(best.wish);
  choice_.served(bank);
  if (log_ != nullptr) log(wish.kind, bank, wish.entry, k);
  switch (wish.kind) {
    case DramCommandKind::activate:
      timers_.activate(bank, queues_.entry(wish.entry).row, k, choice_.rules());
      break;
    case DramCommandKind::precharge:
      timers_.precharge(bank, k, choice_.rules());
      break;
    case DramCommandKind::read: {
      timers_.read(bank, k, choice_.rules());
      const RequestQueues::Entry& entry = queues_.entry(wish.entry);
      completions_.push_back({entry.number, entry.accepted, k + timers_.read_latency()});
      finish_column(wish.entry, k);
      break;
    }
    case DramCommandKind::write:
      timers_.write(bank, k, choice_.rules());
      finish_column(wish.entry, k);
      break;
    case DramCommandKind::refresh:
    case DramCommandKind::refresh_bank:
    case DramCommandKind::refresh_same_bank:
      break;
  }
  choice_.wish_of(bank, queues_, timers_);
}

/// The request of a column command leaves.
void DramController::finish_column(int number, Cycle k) {
  const bool write = queues_.entry(number).write;
  if (queues_.shared()) {
    const auto unit = static_cast<std::size_t>(timers_.bank(queues_.entry(number).bank).unit);
    turnarounds_ += write != (last_writes_[unit] != 0) ? 1 : 0;
    last_writes_[unit] = write ? 1 : 0;
  }
  queues_.remove(number, k);
  choose_mode(k);
}

void DramController::issue_refresh(int rank, Cycle k) {
  const int first = rank * timers_.banks_per_rank();
  if (log_ != nullptr) log(refresh_kind_, timers_.refreshed_bank(rank), -1, k);
  timers_.refresh(rank, k, choice_.rules());
  for (int b = 0; b < timers_.banks_per_rank(); ++b) choice_.wish_of(first + b, queues_, timers_);
}

void DramController::log(DramCommandKind kind, int number, int entry, Cycle k) {
  const BankTimers::Bank& bank = timers_.bank(number);
  const bool has_row = kind == DramCommandKind::activate || kind == DramCommandKind::read ||
                       kind == DramCommandKind::write;
  log_->push_back({.cycle = k,
                   .kind = kind,
                   .pseudo_channel = bank.unit,
                   .rank = bank.rank % organization_.ranks,
                   .bank_group = bank.group % organization_.bank_groups,
                   .bank = number % organization_.banks_per_group,
                   .row = has_row ? queues_.entry(entry).row : 0});
}

DramCounts DramController::counts(Cycle now) const {
  return {timers_.counts(now), forwarded_, turnarounds_};
}

}  // namespace lightloom::memory
