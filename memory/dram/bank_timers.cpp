#include "memory/dram/bank_timers.hpp"

#include <algorithm>

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

BankTimers::BankTimers(const DramCard& card)
    : t_(effective_timing(card)),
      burst_(card.organization.burst_cycles),
      banks_per_rank_(card.organization.banks()),
      read_to_write_(std::max(1, t_.cl + burst_ - t_.cwl + t_.rtrs)),
      write_to_precharge_(t_.cwl + burst_ + t_.wr),
      column_long_(std::max(burst_, t_.ccd_l)),
      column_short_(std::max(burst_, t_.ccd_s)),
      refreshes_(card.refresh),
      all_banks_(card.refresh_mode == RefreshMode::all_bank),
      banks_(static_cast<std::size_t>(card.organization.ranks) *
             static_cast<std::size_t>(banks_per_rank_)),
      ranks_(static_cast<std::size_t>(card.organization.ranks)) {
  for (int b = 0; b < banks(); ++b) {
    at(b).rank = b / banks_per_rank_;
    at(b).group = b / card.organization.banks_per_group;
  }
  const Cycle interval = all_banks_ ? t_.refi : t_.refi_bank;
  const int ranks = card.organization.ranks;
  // Ranks take turns; the first refresh is due after its share of the interval, not at cycle 0.
  for (int r = 0; r < ranks; ++r)
    rank(r).refresh_due = card.refresh ? std::max<Cycle>(1, interval * (r + 1) / ranks) : never;
  find_next_refresh();
  counts_.bank_activates.assign(banks_.size(), 0);
  counts_.bank_columns.assign(banks_.size(), 0);
}

bool BankTimers::start_refreshes(Cycle k) {
  bool any = false;
  for (Rank& r : ranks_) {
    if (r.refresh_pending || r.refresh_due > k) continue;
    r.refresh_pending = any = true;
    r.refresh_due += all_banks_ ? t_.refi : t_.refi_bank;
    ++pending_;
  }
  find_next_refresh();
  return any;
}

void BankTimers::find_next_refresh() {
  next_refresh_ = never;
  for (const Rank& r : ranks_)
    if (!r.refresh_pending) next_refresh_ = std::min(next_refresh_, r.refresh_due);
}

int BankTimers::refreshed_bank(int number) const {
  return number * banks_per_rank_ + (all_banks_ ? 0 : rank(number).refresh_bank);
}

BankTimers::RefreshOffer BankTimers::offered_refresh(Cycle row_bus) const {
  RefreshOffer best;
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    const Rank& own = rank(r);
    if (!own.refresh_pending) continue;
    const Bank& first = bank(refreshed_bank(r));
    if (all_banks_ ? own.open_banks > 0 : first.open_row >= 0) continue;
    const Cycle ready = std::max({own.refresh, row_bus, all_banks_ ? 0 : first.activate});
    if (ready <= best.ready) best = {ready, r};
  }
  return best;
}

void BankTimers::skip_refreshes(Cycle until) {
  if (!refreshes_) return;
  const Cycle interval = all_banks_ ? t_.refi : t_.refi_bank;
  const Cycle busy = (all_banks_ ? t_.rfc : Cycle{t_.rfc_bank} + t_.rrefd) + t_.rp + t_.rc;
  for (Rank& r : ranks_) {
    if (r.open_banks > 0 || r.refresh_pending) continue;
    const Cycle skipped = (until - busy - r.refresh_due) / interval - banks_per_rank_;
    if (skipped <= 0) continue;
    r.refresh_due += skipped * interval;
    counts_.refreshes += skipped;
    r.refresh_bank = static_cast<int>((r.refresh_bank + skipped) % banks_per_rank_);
  }
  find_next_refresh();
}

void BankTimers::activate(int number, std::int64_t row, Cycle k, BankScan& rules) {
  Bank& own = at(number);
  own.open_row = row;
  own.served = 0;
  own.read = k + t_.rcd_read;
  own.write = k + t_.rcd_write;
  own.precharge = k + t_.ras;
  own.activate = k + t_.rc;
  Rank& of_rank = rank(own.rank);
  of_rank.last_activates[of_rank.oldest_activate] = k;
  of_rank.oldest_activate = (of_rank.oldest_activate + 1) % 4;
  const Cycle window = of_rank.last_activates[of_rank.oldest_activate] + t_.faw;
  rules.forbid(DramCommandKind::activate, number,
               {std::max(k + t_.rrd_l, window), std::max(k + t_.rrd_s, window), 0});
  if (of_rank.open_banks++ == 0) of_rank.opened = k;
  ++counts_.activates;
  ++counts_.bank_activates[static_cast<std::size_t>(number)];
}

void BankTimers::precharge(int number, Cycle k, BankScan& rules) {
  Bank& own = at(number);
  own.open_row = -1;
  raise(own.activate, k + t_.rp);
  Rank& of_rank = rank(own.rank);
  raise(of_rank.refresh, k + t_.rp);
  if (t_.ppd > 0) rules.forbid(DramCommandKind::precharge, number, {k + t_.ppd, k + t_.ppd, 0});
  if (--of_rank.open_banks == 0) counts_.rank_open_cycles += k - of_rank.opened;
  ++counts_.precharges;
}

void BankTimers::read(int number, Cycle k, BankScan& rules) {
  raise(at(number).precharge, k + t_.rtp);
  rules.forbid(DramCommandKind::read, number,
               {k + column_long_, k + column_short_, k + burst_ + t_.rtrs});
  rules.forbid(DramCommandKind::write, number,
               {k + read_to_write_, k + read_to_write_, k + read_to_write_});
  ++counts_.reads;
  count_column(number);
}

void BankTimers::write(int number, Cycle k, BankScan& rules) {
  raise(at(number).precharge, k + write_to_precharge_);
  const Cycle end = k + t_.cwl + burst_;
  rules.forbid(DramCommandKind::write, number, {k + column_long_, k + column_short_, k + burst_});
  rules.forbid(DramCommandKind::read, number,
               {end + t_.wtr_l, end + t_.wtr_s, end + t_.rtrs - t_.cl});
  ++counts_.writes;
  count_column(number);
}

void BankTimers::count_column(int number) {
  Bank& own = at(number);
  if (own.served++ > 0) ++counts_.row_hits;
  ++counts_.bank_columns[static_cast<std::size_t>(number)];
  if (own.group == last_group_) ++counts_.same_group_pairs;
  last_group_ = own.group;
}

void BankTimers::refresh(int number, Cycle k, BankScan& rules) {
  Rank& own = rank(number);
  const int first = number * banks_per_rank_;
  own.refresh_pending = false;
  --pending_;
  find_next_refresh();
  ++counts_.refreshes;
  if (all_banks_) {
    raise(own.refresh, k + t_.rfc);
    for (int b = 0; b < banks_per_rank_; ++b) raise(at(first + b).activate, k + t_.rfc);
  } else {
    const int refreshed = first + own.refresh_bank;
    raise(at(refreshed).activate, k + t_.rfc_bank);
    rules.forbid(DramCommandKind::activate, refreshed, {k + t_.rrefd, k + t_.rrefd, 0});
    raise(own.refresh, k + std::max(1, t_.rrefd));
    own.refresh_bank = (own.refresh_bank + 1) % banks_per_rank_;
  }
}

CommandCounts BankTimers::counts(Cycle now) const {
  CommandCounts counts = counts_;
  for (const Rank& r : ranks_)
    if (r.open_banks > 0) counts.rank_open_cycles += std::max<Cycle>(0, now - r.opened);
  return counts;
}

}  // namespace lightloom::memory
