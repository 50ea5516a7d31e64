#include <algorithm>

#include "memory/dram_controller.hpp"

// What every bank wants next, and which of these commands goes first.

namespace lightloom::memory {
namespace {

constexpr std::int64_t lanes = DramController::lanes;
constexpr int key_bits = 18;  // banks and ages in a scan's key

void raise(Cycle& earliest, Cycle cycle) { earliest = std::max(earliest, cycle); }

}  // namespace

bool DramController::hazard_cleared(const Entry& entry) const {
  if (entry.hazard == 0) return true;
  for (const List* list : {&banks_[entry.bank].list[0], &banks_[entry.bank].arrived[0]})
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

DramController::Wish DramController::wanted(int number) const {
  const Bank& bank = banks_[number];
  const bool open = bank.open_row >= 0;
  const int first = oldest_allowed(bank);
  const int hit = open && first >= 0 ? oldest_hit(bank, first) : -1;
  const DramCommandKind column = writing_ ? DramCommandKind::write : DramCommandKind::read;
  const auto column_wish = [&] {
    const Entry& entry = entries_[hit];
    return Wish{std::max(writing_ ? bank.write : bank.read, entry.known), entry.age, hit, column};
  };
  if (blocked(bank, number)) {
    if (!open) return {};
    if (hit >= 0 && bank.served == 0) return column_wish();  // the row was opened for it
    return {bank.precharge, 0, -1, DramCommandKind::precharge};
  }
  if (first < 0) {
    if (card_.controller.page == PagePolicy::open || !open) return {};
    return {bank.precharge, std::uint64_t(-1), -1, DramCommandKind::precharge};
  }
  const Entry& oldest = entries_[first];
  if (!open)
    return {std::max(bank.activate, oldest.known), oldest.age, first, DramCommandKind::activate};
  const int age_cap = card_.controller.age_cap_cycles;
  const Cycle now = std::max(row_bus_, column_bus_);
  const bool patient = bank.served < card_.controller.row_hit_cap &&
                       (age_cap == 0 || now - oldest.accepted <= age_cap);
  if (hit >= 0 && (hit == first || patient)) return column_wish();
  return {std::max(bank.precharge, oldest.known), oldest.age, first, DramCommandKind::precharge};
}

/// Works out a bank's wish anew; returns whether it changed.
bool DramController::wish_of(int number) {
  const Wish wish = wanted(number);
  if (wish == wishes_[number]) return false;
  wishes_[number] = wish;
  scan_.ready[number] = wish.ready;
  scan_.kind[number] = static_cast<std::int64_t>(wish.kind);
  return true;
}

void DramController::wish_for_all() {
  for (int b = 0; b < static_cast<int>(banks_.size()); ++b) wish_of(b);
}
/// The command behind a scan's smallest key. In turn, the key itself tells the bank; by age it has
/// to be looked up.
DramController::Best DramController::best_of(Cycle key) const {
  if (key >= never << key_bits) return {};
  std::int64_t bank = (key & ((1 << key_bits) - 1)) + last_bank_ + 1;
  if (bank >= padded_) bank -= padded_;
  if (card_.controller.selection == Selection::oldest)
    bank = std::find(scan_.key.begin(), scan_.key.end(), key) - scan_.key.begin();
  return {key >> key_bits, static_cast<int>(bank)};
}

/// One pass without branches over all banks, in blocks that fit a vector register; `order` breaks
/// ties and is below 2^key_bits.
template <class Order>
void DramController::scan_banks(Order order) {
  constexpr Cycle far = never << key_bits;
  std::array<Cycle, lanes> row_keys, column_keys;
  row_keys.fill(far);
  column_keys.fill(far);
  const Cycle row_bus = row_bus_, column_bus = column_bus_;
  for (std::int64_t first = 0; first < padded_; first += lanes) {
    const Cycle* __restrict ready = scan_.ready.data() + first;
    const std::int64_t* __restrict kinds = scan_.kind.data() + first;
    const Cycle* __restrict activate = limits_.data() + first;
    const Cycle* __restrict precharge = activate + padded_;
    const Cycle* __restrict read = precharge + padded_;
    const Cycle* __restrict write = read + padded_;
    Cycle* __restrict keys = scan_.key.data() + first;
    for (std::int64_t i = 0; i < lanes; ++i) {
      const bool row = kinds[i] < 2;
      const Cycle row_rule = kinds[i] == 0 ? activate[i] : precharge[i];
      const Cycle column_rule = kinds[i] == 2 ? read[i] : write[i];
      const Cycle rule = row ? row_rule : column_rule;
      const Cycle bus = row ? row_bus : column_bus;
      const Cycle legal = ready[i] > rule ? ready[i] : rule;
      const Cycle start = legal > bus ? legal : bus;
      const Cycle key = (start << key_bits) | order(first + i);
      keys[i] = key;
      const Cycle as_row = row ? key : far, as_column = row ? far : key;
      row_keys[i] = as_row < row_keys[i] ? as_row : row_keys[i];
      column_keys[i] = as_column < column_keys[i] ? as_column : column_keys[i];
    }
  }
  row_best_ = best_of(*std::min_element(row_keys.begin(), row_keys.end()));
  column_best_ = best_of(*std::min_element(column_keys.begin(), column_keys.end()));
}

/// Finds the command that can go first, from `not_before` on.
void DramController::scan(Cycle not_before) {
  raise(row_bus_, not_before);
  raise(column_bus_, not_before);
  if (card_.controller.selection == Selection::round_robin) {
    const std::int64_t count = padded_, last = last_bank_;
    scan_banks([=](std::int64_t b) { return b - last - 1 + (b > last ? 0 : count); });
  } else {
    const std::uint64_t newest = age_;
    const Wish* wishes = wishes_.data();
    const auto count = static_cast<std::int64_t>(banks_.size());
    scan_banks([=](std::int64_t b) {
      const std::uint64_t age = b < count ? wishes[b].age : 0;
      const std::uint64_t behind = std::min(newest - age, std::uint64_t{(1 << key_bits) - 1});
      return static_cast<Cycle>((1 << key_bits) - 1 - behind);
    });
  }
  offer_refreshes();
  find_next();
  const bool nothing =
      row_best_.ready >= never && column_best_.ready >= never && next_move_ >= never;
  const bool stuck = writing_ && nothing && waiting_[0] > 0;
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
