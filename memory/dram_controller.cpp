#include "memory/dram_controller.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lightloom::memory {
namespace {

constexpr std::int64_t lanes = 8;
constexpr int key_bits = 18;  // banks and ages in a scan's key

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
      groups_per_rank_(card.organization.bank_groups),
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
  wishes_.resize(banks_.size());
  padded_ = (static_cast<std::int64_t>(banks_.size()) + lanes - 1) / lanes * lanes;
  scan_.ready.assign(padded_, never);
  scan_.kind.assign(padded_, 0);
  scan_.key.assign(padded_, 0);
  limits_.assign(4 * padded_, 0);
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

/// Raises the limits of one kind for a command to `bank`: its own group, the others of its rank,
/// other ranks.
void DramController::limit_groups(DramCommandKind kind, const Bank& bank, Cycle own,
                                  Cycle same_rank, Cycle other_rank) {
  const std::int64_t in_group = card_.organization.banks_per_group, in_rank = banks_per_rank_;
  const std::int64_t group = bank.group * in_group, rank = bank.rank * in_rank;
  for (std::int64_t first = 0; first < padded_; first += lanes) {
    Cycle* limits = limits_.data() + static_cast<std::int64_t>(kind) * padded_ + first;
    for (std::int64_t i = 0; i < lanes; ++i) {
      const std::int64_t b = first + i;
      const bool inside_rank = b >= rank && b < rank + in_rank,
                 inside_group = b >= group && b < group + in_group;
      const Cycle elsewhere = inside_rank ? same_rank : other_rank,
                  earliest = inside_group ? own : elsewhere;
      limits[i] = limits[i] > earliest ? limits[i] : earliest;
    }
  }
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
      dual_command_ && was_writing == writing_;  // a change of mode changes every wish
  if (row_due && (still_wanted || !column_due)) issue(row, k);
  const bool moved = next_move_ <= k && move_one(k);
  if (row_due || column_due || moved)
    scan(k + 1);
  else
    find_next();
}

void DramController::issue(const Best& best, Cycle k) {
  if (best.bank < 0) {
    issue_refresh(-1 - best.bank, k);
    return;
  }
  Bank& bank = banks_[best.bank];
  const Wish wish = wishes_[best.bank];
  last_bank_ = best.bank;
  if (log_ != nullptr) log(wish.kind, best.bank, k);
  switch (wish.kind) {
    case DramCommandKind::activate:
      issue_activate(bank, wish, k);
      break;
    case DramCommandKind::precharge:
      issue_precharge(bank, k);
      break;
    case DramCommandKind::read:
      issue_read(bank, wish, k);
      finish_column(best.bank, k);
      break;
    case DramCommandKind::write:
      issue_write(bank, k);
      finish_column(best.bank, k);
      break;
    case DramCommandKind::refresh:
    case DramCommandKind::refresh_bank:
      break;
  }
  wish_of(best.bank);
}

void DramController::issue_activate(Bank& bank, const Wish& wish, Cycle k) {
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
  limit_groups(DramCommandKind::activate, bank, std::max(k + t_.rrd_l, window),
               std::max(k + t_.rrd_s, window), 0);
  if (rank.open_banks++ == 0) rank.opened = k;
  ++counts_.activates;
  ++counts_.bank_activates[&bank - banks_.data()];
}

void DramController::issue_precharge(Bank& bank, Cycle k) {
  bank.open_row = -1;
  raise(bank.activate, k + t_.rp);
  Rank& rank = ranks_[bank.rank];
  raise(rank.refresh, k + t_.rp);
  if (t_.ppd > 0) limit_groups(DramCommandKind::precharge, bank, k + t_.ppd, k + t_.ppd, 0);
  if (--rank.open_banks == 0) counts_.rank_open_cycles += k - rank.opened;
  ++counts_.precharges;
}

void DramController::issue_read(Bank& bank, const Wish& wish, Cycle k) {
  raise(bank.precharge, k + t_.rtp);
  limit_groups(DramCommandKind::read, bank, k + column_long_, k + column_short_,
               k + burst_ + t_.rtrs);
  limit_groups(DramCommandKind::write, bank, k + read_to_write_, k + read_to_write_,
               k + read_to_write_);
  const Entry& entry = entries_[wish.entry];
  completions.push_back({entry.number, entry.accepted, k + t_.cl + burst_});
  ++counts_.reads;
}

void DramController::issue_write(Bank& bank, Cycle k) {
  raise(bank.precharge, k + write_to_precharge_);
  const Cycle end = k + t_.cwl + burst_;
  limit_groups(DramCommandKind::write, bank, k + column_long_, k + column_short_, k + burst_);
  limit_groups(DramCommandKind::read, bank, end + t_.wtr_l, end + t_.wtr_s, end + t_.rtrs - t_.cl);
  ++counts_.writes;
}

/// Books of every column command; its request leaves.
void DramController::finish_column(int number, Cycle k) {
  Bank& bank = banks_[number];
  const int queue = mode_index();
  const int entry = wishes_[number].entry;
  if (bank.served++ > 0) ++counts_.row_hits;
  ++counts_.bank_columns[number];
  if (bank.group == last_group_) ++counts_.same_group_pairs;
  last_group_ = bank.group;
  unlink(bank.list[queue], entry);
  unused_.push_back(entry);
  --waiting_[queue];
  --bank.queued[queue];
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
    if (log_ != nullptr) log(DramCommandKind::refresh, first, k);
    raise(rank.refresh, k + t_.rfc);
    for (int b = 0; b < banks_per_rank_; ++b) raise(banks_[first + b].activate, k + t_.rfc);
  } else {
    const int bank = first + rank.refresh_bank;
    if (log_ != nullptr) log(DramCommandKind::refresh_bank, bank, k);
    raise(banks_[bank].activate, k + t_.rfc_bank);
    limit_groups(DramCommandKind::activate, banks_[bank], k + t_.rrefd, k + t_.rrefd, 0);
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
                   .row = has_row ? entries_[wishes_[number].entry].row : 0});
}

DramCounts DramController::counts(Cycle now) const {
  DramCounts counts = counts_;
  for (const Rank& rank : ranks_)
    if (rank.open_banks > 0) counts.rank_open_cycles += std::max<Cycle>(0, now - rank.opened);
  return counts;
}

}  // namespace lightloom::memory
