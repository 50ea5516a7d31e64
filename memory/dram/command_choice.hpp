#pragma once

#include <cstdint>
#include <vector>

#include "memory/dram/bank_scan.hpp"
#include "memory/dram/bank_timers.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/dram/request_queues.hpp"

namespace lightloom::memory {

/// The banks behind one controller.
BankScan::Layout bank_layout(const DramCard& card);

/// What every bank of a (pseudo-)channel wants next, and which of these commands goes first.
class CommandChoice {
 public:
  /// The command a bank wants next.
  struct Wish {
    Cycle ready = never;  // by the bank's own rules
    std::uint64_t age = 0;
    int entry = -1;  // -1: no entry behind it (precharge for a refresh or by policy)
    DramCommandKind kind = DramCommandKind::activate;
    friend bool operator==(const Wish&, const Wish&) = default;
  };
  /// The best command of a bus; a wish below 0 is -1 - rank of a refresh.
  using First = BankScan::First;

  explicit CommandChoice(const DramCard& card);

  /// Works out a bank's wishes anew; returns whether one changed.
  bool wish_of(int bank, const RequestQueues& queues, const BankTimers& timers);
  void wish_for_all(const RequestQueues& queues, const BankTimers& timers);
  /// Finds the commands that can go first, from `not_before` on.
  void scan(Cycle not_before, const RequestQueues& queues, const BankTimers& timers);
  /// Looks again at the refreshes alone.
  void offer_refreshes(const BankTimers& timers);

  [[nodiscard]] const First& row() const { return row_best_; }
  [[nodiscard]] const First& column() const { return column_best_; }
  /// When the next refresh begins.
  [[nodiscard]] Cycle next_refresh() const { return next_refresh_; }
  /// No bank wants a command that can ever go.
  [[nodiscard]] bool nothing() const {
    return row_best_.ready >= never && column_best_.ready >= never;
  }
  [[nodiscard]] const Wish& wish(int number) const {
    return wishes_[static_cast<std::size_t>(number)];
  }
  [[nodiscard]] int bank_of(int wish) const { return wish % scan_.stride(); }
  /// Of equals, round robin takes the bank that comes first in turn after this one.
  void served(int bank) { last_bank_ = bank; }
  /// What commands forbid to other banks.
  [[nodiscard]] BankScan& rules() { return scan_; }

 private:
  /// What a bank wants beside a hit: a write, with shared queues, and a precharge.
  struct Beside {
    Wish write, precharge;
  };
  [[nodiscard]] Wish wanted(int number, const RequestQueues& queues, const BankTimers& timers,
                            Beside& beside) const;
  [[nodiscard]] bool hits_end(const BankTimers::Bank& bank,
                              const RequestQueues::Entry& first) const;
  bool set_wish(int number, const Wish& wish);

  ControllerCard card_;
  bool shared_;
  BankScan scan_;
  std::vector<Wish> wishes_;  // of all banks, their precharges beside, their writes beside
  std::vector<char> more_;    // by bank: something beside is wanted
  Cycle row_bus_ = 0, column_bus_ = 0;  // first free cycle
  Cycle next_refresh_ = never;
  First row_best_, column_best_;
  int last_bank_ = -1;
};

}  // namespace lightloom::memory
