#include "memory/dram/command_choice.hpp"

#include <algorithm>

namespace lightloom::memory {
namespace {

using Of = RequestQueues::Of;
using Wish = CommandChoice::Wish;

void delay(Cycle& earliest, Cycle cycle) { earliest = std::max(earliest, cycle); }

Wish column_wish(const BankTimers::Bank& bank, const RequestQueues& queues, int number) {
  const RequestQueues::Entry& entry = queues.entry(number);
  return {std::max(entry.write ? bank.write : bank.read, entry.known), entry.age, number,
          entry.write ? DramCommandKind::write : DramCommandKind::read};
}

}  // namespace

CommandChoice::CommandChoice(const DramCard& card)
    : card_(card.controller),
      shared_(card.controller.write_drain == WriteDrain::bank_queues),
      scan_(card.organization.ranks * card.organization.banks(), card.organization.banks_per_group,
            card.organization.banks(), shared_ ? 2 : 1),
      wishes_(static_cast<std::size_t>(scan_.stride()) * (shared_ ? 2 : 1)) {}

/// Whether the open row's oldest request may go although `first` is older.
bool CommandChoice::serves_hits(const BankTimers::Bank& bank, const RequestQueues::Entry& first,
                                bool first_is_hit) const {
  if (first_is_hit) return true;
  const Cycle now = std::max(row_bus_, column_bus_);
  return bank.served < card_.row_hit_cap &&
         (card_.age_cap_cycles == 0 || now - first.accepted <= card_.age_cap_cycles);
}

/// Beside wanted(), with shared queues: a write to the open row.
Wish CommandChoice::wanted_write(int number, const RequestQueues& queues,
                                 const BankTimers& timers) const {
  const BankTimers::Bank& bank = timers.bank(number);
  if (bank.open_row < 0 || timers.blocked(number)) return {};
  const int first = queues.oldest_allowed(number);
  if (first < 0) return {};
  const int hit = queues.oldest_hit(first, bank.open_row, Of::any);
  if (hit < 0 || !serves_hits(bank, queues.entry(first), hit == first)) return {};
  const int write = queues.oldest_hit(first, bank.open_row, Of::writes);
  return write < 0 ? Wish{} : column_wish(bank, queues, write);
}

Wish CommandChoice::wanted(int number, const RequestQueues& queues,
                           const BankTimers& timers) const {
  const BankTimers::Bank& bank = timers.bank(number);
  const bool open = bank.open_row >= 0;
  const int first = queues.oldest_allowed(number);
  const int hit = open && first >= 0 ? queues.oldest_hit(first, bank.open_row, Of::any) : -1;
  if (timers.blocked(number)) {
    if (!open) return {};
    if (hit >= 0 && bank.served == 0) return column_wish(bank, queues, hit);  // opened for it
    return {bank.precharge, 0, -1, DramCommandKind::precharge};
  }
  if (first < 0) {
    if (card_.page == PagePolicy::open || !open) return {};
    return {bank.precharge, std::uint64_t(-1), -1, DramCommandKind::precharge};
  }
  const RequestQueues::Entry& oldest = queues.entry(first);
  if (!open)
    return {std::max(bank.activate, oldest.known), oldest.age, first, DramCommandKind::activate};
  if (hit >= 0 && serves_hits(bank, oldest, hit == first)) {
    const int chosen = shared_ ? queues.oldest_hit(first, bank.open_row, Of::reads) : hit;
    return chosen < 0 ? Wish{} : column_wish(bank, queues, chosen);
  }
  return {std::max(bank.precharge, oldest.known), oldest.age, first, DramCommandKind::precharge};
}

bool CommandChoice::wish_of(int bank, const RequestQueues& queues, const BankTimers& timers) {
  bool changed = set_wish(bank, wanted(bank, queues, timers));
  if (shared_) changed |= set_wish(bank + scan_.stride(), wanted_write(bank, queues, timers));
  return changed;
}

bool CommandChoice::set_wish(int number, const Wish& wish) {
  Wish& own = wishes_[static_cast<std::size_t>(number)];
  if (wish == own) return false;
  own = wish;
  scan_.want(number, wish.kind, wish.ready, wish.age);
  return true;
}

void CommandChoice::wish_for_all(const RequestQueues& queues, const BankTimers& timers) {
  for (int b = 0; b < timers.banks(); ++b) wish_of(b, queues, timers);
}

void CommandChoice::scan(Cycle not_before, const RequestQueues& queues, const BankTimers& timers) {
  delay(row_bus_, not_before);
  delay(column_bus_, not_before);
  const BankScan::Firsts firsts =
      card_.selection == Selection::round_robin
          ? scan_.first_in_turn(row_bus_, column_bus_, last_bank_)
          : scan_.first_by_age(row_bus_, column_bus_, queues.newest_age());
  row_best_ = firsts.row;
  column_best_ = firsts.column;
  offer_refreshes(timers);
}

void CommandChoice::offer_refreshes(const BankTimers& timers) {
  next_refresh_ = timers.next_refresh();
  if (!timers.refresh_pending()) return;
  const BankTimers::RefreshOffer offer = timers.offered_refresh(row_bus_);
  if (offer.rank >= 0 && offer.ready <= row_best_.ready) row_best_ = {offer.ready, -1 - offer.rank};
}

}  // namespace lightloom::memory
