#include "memory/dram/bank_timers.hpp"

#include <algorithm>

namespace lightloom::memory {
namespace {

void raise(Cycle& earliest, Cycle cycle) { earliest = std::max(earliest, cycle); }

/// With one bank group the short rules replace the long ones.
DramTiming effective_timing(const DramCard& card) {
  DramTiming t = card.timing;
  t.ccd_l_wr = card.write_ccd_l();
  if (card.organization.bank_groups == 1) {
    t.ccd_l = t.ccd_l_wr = t.ccd_s;
    t.rrd_l = t.rrd_s;
    t.wtr_l = t.wtr_s;
  }
  return t;
}

}  // namespace

BankTimers::BankTimers(const DramCard& card)
    : t_(effective_timing(card)),
      burst_(card.organization.burst_cycles),
      span_(card.organization.span_cycles()),
      banks_per_rank_(card.organization.banks()),
      ranks_per_unit_(card.organization.ranks),
      read_to_write_(std::max(1, t_.cl + span_ - t_.cwl + t_.rtrs)),
      write_to_precharge_(t_.cwl + span_ + t_.wr),
      read_long_(std::max(burst_, t_.ccd_l)),
      write_long_(std::max(burst_, t_.ccd_l_wr)),
      column_short_(std::max(burst_, t_.ccd_s)),
      refresh_turns_(card.refresh_turns()),
      refreshes_(card.refresh),
      all_banks_(card.refresh_mode == RefreshMode::all_bank),
      same_bank_(card.refresh_mode == RefreshMode::same_bank),
      banks_(static_cast<std::size_t>(ranks_per_unit_) *
             static_cast<std::size_t>(banks_per_rank_ * card.organization.units_together())),
      ranks_(static_cast<std::size_t>(ranks_per_unit_) *
             static_cast<std::size_t>(card.organization.units_together())),
      last_columns_(static_cast<std::size_t>(card.organization.units_together())) {
  for (int b = 0; b < banks(); ++b) {
    at(b).rank = b / banks_per_rank_;
    at(b).group = b / card.organization.banks_per_group;
    at(b).unit = b / (ranks_per_unit_ * banks_per_rank_);
  }
  const Cycle interval = all_banks_ ? t_.refi : t_.refi_bank;
  // Ranks take turns, pseudo-channels do not (either would hold up the queue that they share); the
  // first refresh is due after its share of the interval, not at cycle 0.
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r)
    rank(r).refresh_due =
        card.refresh ? std::max<Cycle>(1, interval * (r % ranks_per_unit_ + 1) / ranks_per_unit_)
                     : never;
  find_next_refresh();
  counts_.bank_activates.assign(banks_.size(), 0);
  counts_.bank_columns.assign(banks_.size(), 0);
  counts_.bank_writes.assign(banks_.size(), 0);
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

BankTimers::RefreshOffer BankTimers::offered_refresh(Cycle row_bus) const {
  RefreshOffer best;
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    const Rank& own = rank(r);
    if (!own.refresh_pending) continue;
    if (all_banks_ && own.open_banks > 0) continue;
    Cycle ready = std::max(own.refresh, row_bus);
    bool closed = true;
    for (int b = refreshed_bank(r); !all_banks_ && b < (r + 1) * banks_per_rank_;
         b += refresh_turns_) {
      closed = closed && bank(b).open_row < 0;
      ready = std::max(ready, bank(b).activate);
    }
    if (closed && ready <= best.ready) best = {ready, r};
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
    r.refresh_bank = static_cast<int>((r.refresh_bank + skipped) % refresh_turns_);
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
  Cycle window = of_rank.activates.note(k) + t_.faw;
  if (t_.aw32 > 0) raise(window, of_rank.many_activates.note(k) + t_.aw32);
  if (same_bank_) raise(of_rank.refresh, k + t_.rrd_l);
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
  if (all_banks_) raise(of_rank.refresh, k + t_.rp);  // else the banks' own next ACT says it
  if (t_.ppd > 0) rules.forbid(DramCommandKind::precharge, number, {k + t_.ppd, k + t_.ppd, 0});
  if (--of_rank.open_banks == 0) counts_.rank_open_cycles += k - of_rank.opened;
  ++counts_.precharges;
}

void BankTimers::read(int number, Cycle k, BankScan& rules) {
  raise(at(number).precharge, k + t_.rtp);
  rules.forbid(DramCommandKind::read, number,
               {k + read_long_, next_group_after(number, k, false), k + span_ + t_.rtrs});
  rules.forbid(DramCommandKind::write, number,
               {k + read_to_write_, k + read_to_write_, k + read_to_write_});
  ++counts_.reads;
  count_column(number, false);
}

void BankTimers::write(int number, Cycle k, BankScan& rules) {
  raise(at(number).precharge, k + write_to_precharge_);
  const Cycle end = k + t_.cwl + span_;
  rules.forbid(DramCommandKind::write, number,
               {k + write_long_, next_group_after(number, k, true), k + span_});
  rules.forbid(DramCommandKind::read, number,
               {end + t_.wtr_l, end + t_.wtr_s, end + t_.rtrs - t_.cl});
  ++counts_.writes;
  ++counts_.bank_writes[static_cast<std::size_t>(number)];
  count_column(number, true);
}

/// When a column command of the same kind to another bank group of the rank may follow. Bursts in
/// two halves come in pairs, the second in the gaps of the first.
Cycle BankTimers::next_group_after(int number, Cycle k, bool write) {
  if (span_ == burst_) return k + column_short_;
  const bool second = gap_.at == k;
  gap_ = second ? Gap{} : Gap{k + burst_ / 2, number, write};
  return second ? k + span_ : gap_.at;
}

void BankTimers::close_gap(BankScan& rules) {
  const Cycle after = gap_.at - burst_ / 2 + span_;
  rules.forbid(gap_.write ? DramCommandKind::write : DramCommandKind::read, gap_.bank,
               {after, after, 0});
  gap_ = {};
}

void BankTimers::count_column(int number, bool write) {
  Bank& own = at(number);
  if (own.served++ > 0) ++counts_.row_hits;
  ++counts_.bank_columns[static_cast<std::size_t>(number)];
  LastColumn& last = last_columns_[static_cast<std::size_t>(own.unit)];
  if (own.group == last.group) {
    ++counts_.same_group_pairs;
    if (write && last.write) ++counts_.same_group_writes;
  }
  last = {own.group, write};
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
    for (int b = refreshed; b < first + banks_per_rank_; b += refresh_turns_)
      raise(at(b).activate, k + t_.rfc_bank);
    rules.forbid(DramCommandKind::activate, refreshed, {k + t_.rrefd, k + t_.rrefd, 0});
    raise(own.refresh, k + std::max({1, t_.rrefd, same_bank_ ? t_.rfc_bank : 0}));
    own.refresh_bank = (own.refresh_bank + 1) % refresh_turns_;
  }
}

CommandCounts BankTimers::counts(Cycle now) const {
  CommandCounts counts = counts_;
  for (const Rank& r : ranks_)
    if (r.open_banks > 0) counts.rank_open_cycles += std::max<Cycle>(0, now - r.opened);
  return counts;
}

}  // namespace lightloom::memory
