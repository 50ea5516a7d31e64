#include "memory/dram/command_choice.hpp"

#include <algorithm>

namespace lightloom::memory {
namespace {

constexpr int firm_cap = 4;  // row_hit_cap: hits stop after so many times it

using Of = RequestQueues::Of;
using Wish = CommandChoice::Wish;

void delay(Cycle& earliest, Cycle cycle) { earliest = std::max(earliest, cycle); }

Wish column_wish(const BankTimers::Bank& bank, const RequestQueues& queues, int number) {
  const RequestQueues::Entry& entry = queues.entry(number);
  return {std::max(entry.write ? bank.write : bank.read, entry.known), entry.age, number,
          entry.write ? DramCommandKind::write : DramCommandKind::read};
}

}  // namespace

BankScan::Layout bank_layout(const DramCard& card) {
  const DramOrganization& o = card.organization;
  const int per_unit = o.ranks * o.banks();
  return {per_unit * o.units_together(), o.banks_per_group, o.banks(), per_unit};
}

CommandChoice::CommandChoice(const DramCard& card)
    : card_(card.controller),
      shared_(card.controller.write_drain == WriteDrain::bank_queues),
      scan_(bank_layout(card), shared_ ? 3 : 2),
      wishes_(static_cast<std::size_t>(scan_.stride()) * (shared_ ? 3 : 2)),
      more_(static_cast<std::size_t>(scan_.stride())) {}

/// No row hit passes the oldest request any more: it has waited too long, or hits that follow each
/// other faster than a bank can close would go on for ever.
bool CommandChoice::hits_end(const BankTimers::Bank& bank,
                             const RequestQueues::Entry& first) const {
  const bool old = card_.age_cap_cycles > 0 &&
                   std::max(row_bus_, column_bus_) - first.accepted > card_.age_cap_cycles;
  return old || bank.served >= std::int64_t{firm_cap} * card_.row_hit_cap;
}

/// What a bank wants: one command, or, where its queue holds both hits and an older request of
/// another row, the hits and the precharge, whichever can go first.
Wish CommandChoice::wanted(int number, const RequestQueues& queues, const BankTimers& timers,
                           Beside& beside) const {
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
  const bool passes = hit >= 0 && hit != first;
  if (hit < 0 || (passes && hits_end(bank, oldest)))
    return {std::max(bank.precharge, oldest.known), oldest.age, first, DramCommandKind::precharge};
  if (passes && bank.served >= card_.row_hit_cap)
    beside.precharge = {std::max(bank.precharge, oldest.known), oldest.age, first,
                        DramCommandKind::precharge};
  if (!shared_ || !queues.writes_wait()) return column_wish(bank, queues, hit);
  const bool writes = queues.entry(hit).write;
  const int other = queues.oldest_hit(hit, bank.open_row, writes ? Of::reads : Of::writes);
  const int read = writes ? other : hit, write = writes ? hit : other;
  if (write >= 0) beside.write = column_wish(bank, queues, write);
  return read < 0 ? Wish{} : column_wish(bank, queues, read);
}

bool CommandChoice::wish_of(int bank, const RequestQueues& queues, const BankTimers& timers) {
  Beside beside;
  const Wish wish = wanted(bank, queues, timers, beside);
  bool changed = set_wish(bank, wish);
  const bool more = beside.write.ready < never || beside.precharge.ready < never;
  char& had_more = more_[static_cast<std::size_t>(bank)];
  if (!more && had_more == 0) return changed;
  had_more = more ? 1 : 0;
  changed |= set_wish(bank + scan_.stride(), beside.precharge);
  if (shared_) changed |= set_wish(bank + 2 * scan_.stride(), beside.write);
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
