#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory/dram/bank_scan.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"

namespace lightloom::memory {

/// What the commands of one controller have counted.
struct CommandCounts {
  std::int64_t reads = 0, writes = 0;  // column commands
  std::int64_t row_hits = 0;           // column commands that are not the first since their ACT
  std::int64_t activates = 0, precharges = 0, refreshes = 0;
  std::int64_t same_group_pairs = 0;   // column commands that follow one to the same bank group
  std::int64_t same_group_writes = 0;  // of these, writes that follow a write
  Cycle rank_open_cycles = 0;          // summed over ranks: some row is open
  std::vector<std::int64_t> bank_activates;  // (ranks * banks)
  std::vector<std::int64_t> bank_columns;    // (ranks * banks)
  std::vector<std::int64_t> bank_writes;     // (ranks * banks)
};

/// The state of the banks and ranks behind one controller: open rows, the earliest cycles that the
/// rules inside a bank leave, and refreshes. Ranks are numbered over all its pseudo-channels. What
/// a command forbids to other banks goes into the scan that it is handed.
class BankTimers {
 public:
  struct Bank {
    std::int64_t open_row = -1;
    Cycle activate = 0, precharge = 0, read = 0, write = 0;  // earliest, by rules within the bank
    int served = 0;                                          // column commands since ACT
    int rank = 0, group = 0, unit = 0;                       // over all that the controller has
  };
  /// A refresh that waits to be issued.
  struct RefreshOffer {
    Cycle ready = never;
    int rank = -1;
  };

  explicit BankTimers(const DramCard& card);

  [[nodiscard]] int banks() const { return static_cast<int>(banks_.size()); }
  [[nodiscard]] int banks_per_rank() const { return banks_per_rank_; }
  [[nodiscard]] const Bank& bank(int number) const {
    return banks_[static_cast<std::size_t>(number)];
  }
  /// A refresh keeps new work from the bank.
  [[nodiscard]] bool blocked(int number) const {
    if (pending_ == 0) return false;
    const Rank& own = rank(bank(number).rank);
    return own.refresh_pending && number % refresh_turns_ == own.refresh_bank;
  }
  /// Cycles from a read command to the end of its data.
  [[nodiscard]] Cycle read_latency() const { return Cycle{t_.cl} + span_; }

  /// Begins the refreshes that are due; returns whether one began.
  bool start_refreshes(Cycle k);
  /// When the next refresh is due that has not begun.
  [[nodiscard]] Cycle next_refresh() const { return next_refresh_; }
  /// Some refresh has begun and is not issued yet.
  [[nodiscard]] bool refresh_pending() const { return pending_ > 0; }
  /// The refresh that can go first on a bus free from `row_bus` on, the last of equals.
  [[nodiscard]] RefreshOffer offered_refresh(Cycle row_bus) const;
  /// Counts the refreshes of idle ranks until cycle `until` instead of simulating them, all but the
  /// last few.
  void skip_refreshes(Cycle until);
  /// The bank, over all ranks, that a refresh of this rank begins with. It takes every
  /// refresh_turns()-th bank of the rank from this one on.
  [[nodiscard]] int refreshed_bank(int rank) const {
    return rank * banks_per_rank_ + this->rank(rank).refresh_bank;
  }

  // What each command does at cycle k.
  void activate(int number, std::int64_t row, Cycle k, BankScan& rules);
  void precharge(int number, Cycle k, BankScan& rules);
  void read(int number, Cycle k, BankScan& rules);
  void write(int number, Cycle k, BankScan& rules);
  void refresh(int rank, Cycle k, BankScan& rules);

  /// A burst in two halves leaves room for half a burst of another bank group between, at one
  /// cycle; whether that cycle, from cycle `now` on, passes unused when the next column command
  /// goes at `next`.
  [[nodiscard]] bool gap_passes(Cycle now, Cycle next) const {
    return gap_.at < now || (next < never && gap_.at < next);
  }
  /// Forbids what would meet the second half of that burst.
  void close_gap(BankScan& rules);

  /// Counts so far; `now` closes the open-row times.
  [[nodiscard]] CommandCounts counts(Cycle now) const;

 private:
  /// Past ACTs in turn.
  template <std::size_t Count>
  struct Window {
    std::array<Cycle, Count> cycles;
    std::size_t oldest = 0;
    Window() { cycles.fill(-never); }
    /// Notes one and returns the oldest of the last `Count`.
    Cycle note(Cycle k) {
      cycles[oldest] = k;
      oldest = (oldest + 1) % Count;
      return cycles[oldest];
    }
  };
  struct Rank {
    Cycle refresh = 0;
    Window<4> activates;
    Window<32> many_activates;  // where a rule needs them
    int open_banks = 0;
    Cycle opened = 0;
    Cycle refresh_due = 0;
    bool refresh_pending = false;
    int refresh_bank = 0;  // the next one to begin with
  };
  /// Room inside a burst in two halves.
  struct Gap {
    Cycle at = never;  // for a command; never: none
    int bank = 0;
    bool write = false;
  };

  [[nodiscard]] Bank& at(int number) { return banks_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] Rank& rank(int number) { return ranks_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] const Rank& rank(int number) const {
    return ranks_[static_cast<std::size_t>(number)];
  }
  void count_column(int number, bool write);
  void find_next_refresh();
  [[nodiscard]] Cycle next_group_after(int number, Cycle k, bool write);

  DramTiming t_;
  int burst_, span_, banks_per_rank_, ranks_per_unit_;
  int read_to_write_, write_to_precharge_, read_long_, write_long_, column_short_;
  int refresh_turns_;
  bool refreshes_, all_banks_, same_bank_;  // what is refreshed at once
  std::vector<Bank> banks_;
  std::vector<Rank> ranks_;
  int pending_ = 0;  // refreshes that have begun
  Cycle next_refresh_ = never;
  struct LastColumn {
    int group = -1;
    bool write = false;
  };
  std::vector<LastColumn> last_columns_;  // by pseudo-channel
  Gap gap_;
  CommandCounts counts_;
};

}  // namespace lightloom::memory
