#include <algorithm>

#include "memory/dram/dram_controller.hpp"

// What every bank wants next, and which of these commands goes first.

namespace lightloom::memory {
namespace {

void raise(Cycle& earliest, Cycle cycle) { earliest = std::max(earliest, cycle); }

}  // namespace

bool DramController::waits(const List& list, std::uint64_t age) const {
  if (age == 0) return false;
  for (int e = list.head; e >= 0; e = entries_[e].next)
    if (entries_[e].age == age) return true;
  return false;
}

bool DramController::hazard_cleared(const Entry& entry) const {
  const Bank& bank = banks_[entry.bank];
  return entry.hazard == 0 ||
         (!waits(bank.list[0], entry.hazard) && !waits(bank.arrived[0], entry.hazard));
}

int DramController::oldest_allowed(const Bank& bank) const {
  for (int e = bank.list[list_of(writing_)].head; e >= 0; e = entries_[e].next)
    if (!entries_[e].write || hazard_cleared(entries_[e])) return e;
  return -1;
}

int DramController::oldest_hit(const Bank& bank, int first, Of kind) const {
  for (int e = first; e >= 0; e = entries_[e].next)
    if (entries_[e].row == bank.open_row &&
        (kind == Of::any || entries_[e].write == (kind == Of::writes)) &&
        (!entries_[e].write || hazard_cleared(entries_[e])))
      return e;
  return -1;
}

/// A refresh keeps new work from the bank.
bool DramController::blocked(const Bank& bank, int number) const {
  const Rank& rank = ranks_[bank.rank];
  if (!rank.refresh_pending) return false;
  return card_.refresh_mode == RefreshMode::all_bank ||
         number % banks_per_rank_ == rank.refresh_bank;
}

DramController::Wish DramController::column_wish(const Bank& bank, int number) const {
  const Entry& entry = entries_[number];
  return {std::max(entry.write ? bank.write : bank.read, entry.known), entry.age, number,
          entry.write ? DramCommandKind::write : DramCommandKind::read};
}

/// Whether the open row's `hit` may go although `first` is older.
bool DramController::serves_hits(const Bank& bank, int first, int hit) const {
  if (hit < 0 || hit == first) return hit >= 0;
  const int age_cap = card_.controller.age_cap_cycles;
  const Cycle now = std::max(row_bus_, column_bus_);
  return bank.served < card_.controller.row_hit_cap &&
         (age_cap == 0 || now - entries_[first].accepted <= age_cap);
}

/// Beside wanted(), with shared queues: a write to the open row.
DramController::Wish DramController::wanted_write(int number) const {
  const Bank& bank = banks_[number];
  if (bank.open_row < 0 || blocked(bank, number)) return {};
  const int first = oldest_allowed(bank);
  if (first < 0 || !serves_hits(bank, first, oldest_hit(bank, first, Of::any))) return {};
  const int hit = oldest_hit(bank, first, Of::writes);
  return hit < 0 ? Wish{} : column_wish(bank, hit);
}

DramController::Wish DramController::wanted(int number) const {
  const Bank& bank = banks_[number];
  const bool open = bank.open_row >= 0;
  const int first = oldest_allowed(bank);
  const int hit = open && first >= 0 ? oldest_hit(bank, first, Of::any) : -1;
  if (blocked(bank, number)) {
    if (!open) return {};
    if (hit >= 0 && bank.served == 0) return column_wish(bank, hit);  // opened for it
    return {bank.precharge, 0, -1, DramCommandKind::precharge};
  }
  if (first < 0) {
    if (card_.controller.page == PagePolicy::open || !open) return {};
    return {bank.precharge, std::uint64_t(-1), -1, DramCommandKind::precharge};
  }
  const Entry& oldest = entries_[first];
  if (!open)
    return {std::max(bank.activate, oldest.known), oldest.age, first, DramCommandKind::activate};
  if (serves_hits(bank, first, hit)) {
    const int chosen = shared_ ? oldest_hit(bank, first, Of::reads) : hit;
    return chosen < 0 ? Wish{} : column_wish(bank, chosen);
  }
  return {std::max(bank.precharge, oldest.known), oldest.age, first, DramCommandKind::precharge};
}

/// Works out a bank's wishes anew; returns whether one changed.
bool DramController::wish_of(int number) {
  bool changed = set_wish(number, wanted(number));
  if (shared_) changed |= set_wish(number + scan_.stride(), wanted_write(number));
  return changed;
}

bool DramController::set_wish(int number, const Wish& wish) {
  if (wish == wishes_[number]) return false;
  wishes_[number] = wish;
  scan_.want(number, wish.kind, wish.ready, wish.age);
  return true;
}

void DramController::wish_for_all() {
  for (int b = 0; b < static_cast<int>(banks_.size()); ++b) wish_of(b);
}

/// Finds the command that can go first, from `not_before` on.
void DramController::scan(Cycle not_before) {
  raise(row_bus_, not_before);
  raise(column_bus_, not_before);
  const BankScan::Firsts firsts = card_.controller.selection == Selection::round_robin
                                      ? scan_.first_in_turn(row_bus_, column_bus_, last_bank_)
                                      : scan_.first_by_age(row_bus_, column_bus_, age_);
  row_best_ = firsts.row;
  column_best_ = firsts.column;
  offer_refreshes();
  find_next();
  const bool nothing =
      row_best_.ready >= never && column_best_.ready >= never && next_move_ >= never;
  const bool stuck = writing_ && !shared_ && nothing && waiting_[0] > 0;
  if (stuck) {  // every waiting write has to let an older read of its burst go first
    writing_ = false;
    change_mode(not_before - 1);
    scan(not_before);
  }
}

void DramController::find_next() {
  next_ = std::min({next_refresh_, next_move_, row_best_.ready, column_best_.ready});
}

void DramController::offer_refreshes() {
  next_refresh_ = never;
  const bool all_banks = card_.refresh_mode == RefreshMode::all_bank;
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    const Rank& rank = ranks_[r];
    if (!rank.refresh_pending) {
      next_refresh_ = std::min(next_refresh_, rank.refresh_due);
      continue;
    }
    const Bank& bank = banks_[r * banks_per_rank_ + (all_banks ? 0 : rank.refresh_bank)];
    if (all_banks ? rank.open_banks > 0 : bank.open_row >= 0) continue;
    const Cycle ready = std::max({rank.refresh, row_bus_, all_banks ? 0 : bank.activate});
    if (ready <= row_best_.ready) row_best_ = {ready, -1 - r};
  }
}

}  // namespace lightloom::memory
