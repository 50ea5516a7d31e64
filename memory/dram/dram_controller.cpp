#include "memory/dram/dram_controller.hpp"

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
      shared_(card.controller.write_drain == WriteDrain::bank_queues),
      scan_(card.organization.ranks * banks_per_rank_, card.organization.banks_per_group,
            banks_per_rank_, shared_ ? 2 : 1) {
  const DramOrganization& o = card.organization;
  banks_.resize(static_cast<std::size_t>(o.ranks) * banks_per_rank_);
  for (std::size_t i = 0; i < banks_.size(); ++i) {
    banks_[i].rank = static_cast<int>(i) / banks_per_rank_;
    banks_[i].group = static_cast<int>(i) / o.banks_per_group;
  }
  wishes_.resize(static_cast<std::size_t>(scan_.stride()) * (shared_ ? 2 : 1));
  ranks_.resize(o.ranks);
  const bool per_bank = card.refresh_mode == RefreshMode::per_bank;
  const int interval = per_bank ? t_.refi_bank : t_.refi;
  for (int r = 0; r < o.ranks; ++r) {
    // Ranks take turns; the first refresh is due after its share of the interval, not at cycle 0.
    ranks_[r].refresh_due =
        card.refresh ? std::max<Cycle>(1, Cycle{interval} * (r + 1) / o.ranks) : never;
  }
  free_ = {card.controller.read_queue, card.controller.write_queue};
  drain_start_ = std::max(
      1, static_cast<int>(std::ceil(card.controller.drain_high * card.controller.write_queue)));
  drain_stop_ = static_cast<int>(card.controller.drain_low * card.controller.write_queue);
  counts_.bank_activates.assign(banks_.size(), 0);
  counts_.bank_columns.assign(banks_.size(), 0);
  scan(0);
}

/// The youngest entry of a list for one burst of its bank, or -1.
int DramController::same_burst(const List& list, const Entry& wanted, bool write) const {
  int found = -1;
  for (int e = list.head; e >= 0; e = entries_[e].next)
    if (entries_[e].column == wanted.column && entries_[e].row == wanted.row &&
        entries_[e].bank == wanted.bank && entries_[e].write == write)
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
      (same_burst(bank.list[list_of(true)], entry, true) >= 0 ||
       same_burst(bank.arrived[1], entry, true) >= 0)) {
    ++counts_.forwarded;
    return k + 1;
  }
  assert(has_room(write));
  if (write) {
    int older = same_burst(bank.arrived[0], entry, false);
    if (older < 0) older = same_burst(bank.list[0], entry, false);
    if (older >= 0) entry.hazard = entries_[older].age;
  }
  entry.age = ++age_;
  entry.write = write;
  enqueue(keep(entry), write, k);
  return write ? k + 1 : 0;
}

/// Nothing waits and no row is open: only refreshes come until a request arrives at `until`. All
/// but the last few of each rank are counted without being simulated.
void DramController::skip_refreshes(Cycle until) {
  if (!card_.refresh || log_ != nullptr || !idle()) return;
  const bool all_banks = card_.refresh_mode == RefreshMode::all_bank;
  const Cycle interval = all_banks ? t_.refi : t_.refi_bank;
  const Cycle busy = (all_banks ? t_.rfc : Cycle{t_.rfc_bank} + t_.rrefd) + t_.rp + t_.rc;
  for (Rank& rank : ranks_) {
    if (rank.open_banks > 0 || rank.refresh_pending) continue;
    const Cycle skipped = (until - busy - rank.refresh_due) / interval - banks_per_rank_;
    if (skipped <= 0) continue;
    rank.refresh_due += skipped * interval;
    counts_.refreshes += skipped;
    rank.refresh_bank = static_cast<int>((rank.refresh_bank + skipped) % banks_per_rank_);
  }
  offer_refreshes();
  find_next();
}

/// Decides between reading and writing; returns whether that changed.
bool DramController::choose_mode(Cycle k) {
  if (shared_) return choose_feed(k);
  const bool before = writing_;
  if (writing_)
    writing_ = waiting_[1] > 0 && (waiting_[0] == 0 || waiting_[1] > drain_stop_);
  else
    writing_ = buffered_writes() >= drain_start_ || (waiting_[0] == 0 && waiting_[1] > 0);
  if (before == writing_) return false;
  change_mode(k);
  return true;
}

/// Decides what the shared queues of the banks are filled with. A drain moves all writes that are
/// buffered when it starts, unless one waits for an older read of its burst.
bool DramController::choose_feed(Cycle k) {
  const bool before = writing_;
  if (draining_ == 0) {
    const int buffered = buffered_writes();
    const bool held = held_bank_ >= 0 && waits(banks_[held_bank_].arrived[0], held_age_);
    writing_ = !held && (buffered >= drain_start_ || (buffered > drain_stop_ && staged_ == 0));
    if (writing_) draining_ = buffered;
  }
  if (before != writing_) collect_movable(k + 1);
  return before != writing_;
}

void DramController::change_mode(Cycle k) {
  ++counts_.turnarounds;
  wish_for_all();
  if (card_.controller.bank_queue > 0) collect_movable(k + 1);
}
DramCounts DramController::counts(Cycle now) const {
  DramCounts counts = counts_;
  for (const Rank& rank : ranks_)
    if (rank.open_banks > 0) counts.rank_open_cycles += std::max<Cycle>(0, now - rank.opened);
  return counts;
}

}  // namespace lightloom::memory
