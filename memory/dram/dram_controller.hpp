#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory/dram/address_mapping.hpp"
#include "memory/dram/bank_scan.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"

namespace lightloom::memory {

/// What one controller has counted.
struct DramCounts {
  std::int64_t reads = 0, writes = 0;  // column commands
  std::int64_t row_hits = 0;           // column commands that are not the first since their ACT
  std::int64_t activates = 0, precharges = 0, refreshes = 0;
  std::int64_t forwarded = 0;         // reads answered by a waiting write
  std::int64_t same_group_pairs = 0;  // column commands that follow one to the same bank group
  std::int64_t turnarounds = 0;       // changes between reading and writing
  Cycle rank_open_cycles = 0;         // summed over ranks: some row is open
  std::vector<std::int64_t> bank_activates;  // (ranks * banks)
  std::vector<std::int64_t> bank_columns;    // (ranks * banks)
};

/// Command-level controller of one (pseudo-)channel: FR-FCFS over a read and a write queue, writes
/// drained between watermarks, all-bank or per-bank refresh. Time advances from command to command,
/// not cycle by cycle.
///
/// Cycle k of a system is: `step(k)` issues at most one command (one row and one column command
/// with a dual command bus), then `accept` takes requests that arrived; they may cause commands
/// from k + pipeline_cycles on.
class DramController {
 public:
  explicit DramController(const DramCard& card);

  /// Whether a request can be taken now.
  [[nodiscard]] bool has_room(bool write) const { return free_[write ? 1 : 0] > 0; }
  /// Takes a request. For a read that a waiting write answers, and for every write, returns the
  /// cycle at which it is done (k + 1); else 0: a read will appear in `completions`.
  Cycle accept(const DramAddress& address, bool write, std::uint64_t number, Cycle k);
  /// The next cycle at which `step` can do something. May change after `accept`.
  [[nodiscard]] Cycle next_event() const { return next_; }
  /// Issues what is due at cycle k = next_event().
  void step(Cycle k);

  /// Counts the refreshes of a long pause until cycle `until` instead of simulating them.
  void skip_refreshes(Cycle until);

  struct Completion {
    std::uint64_t number;  // of the request
    Cycle accepted, done;
  };
  /// Reads whose column command was issued since the last clear, in order of their data.
  std::vector<Completion> completions;

  /// Appends every command to `log` from now on.
  void record(std::vector<DramCommand>* log) { log_ = log; }
  /// Nothing but refreshes will happen until a request comes.
  [[nodiscard]] bool idle() const {
    return waiting_[0] == 0 && (waiting_[1] == 0 || (shared_ && !writing_ && staged_ == 0));
  }
  /// Counts so far; `now` closes the open-row times.
  [[nodiscard]] DramCounts counts(Cycle now) const;

 private:
  struct Entry {
    std::int64_t row = 0;
    std::uint64_t number = 0;
    std::uint64_t age = 0;  // order of acceptance
    Cycle accepted = 0;
    Cycle known = 0;           // first cycle at which the scheduler sees it
    std::uint64_t hazard = 0;  // write: age + 1 of an older read of the same burst, 0: none
    int column = 0;
    int bank = 0;   // rank * banks + group * banks_per_group + bank
    int next = -1;  // in its bank's list
    bool write = false;
  };
  struct List {
    int head = -1, tail = -1;
  };
  /// The command a bank wants next.
  struct Wish {
    Cycle ready = never;  // by the bank's own rules
    std::uint64_t age = 0;
    int entry = -1;  // -1: no entry behind it (precharge for a refresh or by policy)
    DramCommandKind kind = DramCommandKind::activate;
    friend bool operator==(const Wish&, const Wish&) = default;
  };
  struct Bank {
    std::int64_t open_row = -1;
    Cycle activate = 0, precharge = 0, read = 0, write = 0;  // earliest, by rules within the bank
    int served = 0;                                          // column commands since ACT
    int rank = 0, group = 0;                                 // group: over all ranks
    std::array<List, 2> list;                                // reads, writes
    std::array<List, 2> arrived;                             // not in the bank's queue yet
    std::array<int, 2> queued{};
    bool movable = false;  // listed in movable_
  };
  struct Rank {
    Cycle refresh = 0;
    std::array<Cycle, 4> last_activates{-never, -never, -never, -never};
    int oldest_activate = 0;
    int open_banks = 0;
    Cycle opened = 0;
    Cycle refresh_due = 0;
    bool refresh_pending = false;
    int refresh_bank = 0;  // per-bank mode: the next one
  };
  /// The best command found by a scan; bank -1 - rank for a refresh.
  using Best = BankScan::First;

  [[nodiscard]] int mode_index() const { return writing_ ? 1 : 0; }
  /// The list of a bank's queue in which an entry waits.
  [[nodiscard]] int list_of(bool write) const { return write && !shared_ ? 1 : 0; }
  [[nodiscard]] int buffered_writes() const { return card_.controller.write_queue - free_[1]; }
  bool choose_mode(Cycle k);
  bool choose_feed(Cycle k);
  [[nodiscard]] bool waits(const List& list, std::uint64_t age) const;
  void change_mode(Cycle k);
  bool wish_of(int bank);
  bool set_wish(int number, const Wish& wish);
  [[nodiscard]] Wish column_wish(const Bank& bank, int entry) const;
  [[nodiscard]] Wish wanted_write(int bank) const;
  [[nodiscard]] bool serves_hits(const Bank& bank, int first, int hit) const;
  void wish_for_all();
  [[nodiscard]] bool blocked(const Bank& bank, int number) const;
  [[nodiscard]] Wish wanted(int bank) const;
  [[nodiscard]] bool hazard_cleared(const Entry& entry) const;
  enum class Of { any, reads, writes };
  [[nodiscard]] int oldest_hit(const Bank& bank, int first, Of kind) const;
  [[nodiscard]] int oldest_allowed(const Bank& bank) const;
  void scan(Cycle not_before);
  void offer_refreshes();
  void find_next();
  void start_refreshes(Cycle k);
  [[nodiscard]] int keep(const Entry& entry);
  void enqueue(int slot, bool write, Cycle k);
  [[nodiscard]] int same_burst(const List& list, const Entry& wanted, bool write) const;
  void append(List& list, int entry);
  void note_movable(int bank);
  void collect_movable(Cycle not_before);
  void find_move(Cycle not_before);
  bool move_one(Cycle k);
  void issue(const Best& best, Cycle k);
  void issue_activate(int number, const Wish& wish, Cycle k);
  void issue_precharge(int number, Cycle k);
  void issue_read(int number, const Wish& wish, Cycle k);
  void issue_write(int number, Cycle k);
  void finish_column(int bank, int entry, Cycle k);
  void issue_refresh(int rank, Cycle k);
  void unlink(List& list, int entry);
  void log(DramCommandKind kind, int bank, int entry, Cycle k);

  DramCard card_;
  DramTiming t_;
  int burst_, banks_per_rank_, groups_per_rank_, read_to_write_, write_to_precharge_;
  int column_long_, column_short_;
  bool dual_command_;
  bool shared_;  // reads and writes share the queues of the banks
  std::vector<Bank> banks_;
  std::vector<Wish> wishes_;
  BankScan scan_;
  std::vector<Rank> ranks_;
  std::vector<Entry> entries_;
  std::vector<int> unused_;
  std::array<int, 2> free_{}, waiting_{};
  std::vector<int>
      movable_;  // banks with an arrived request of the current mode and a place for it
  Cycle next_move_ = never, last_move_ = -1;
  int drain_start_, drain_stop_;
  bool writing_ = false;  // shared: the banks' queues are filled with writes
  // Only when shared:
  int draining_ = 0;    // writes still to be moved
  int staged_ = 0;      // requests in the banks' queues
  int held_bank_ = -1;  // no drain before this bank's read of this age has moved
  std::uint64_t held_age_ = 0;
  bool last_write_ = false;  // kind of the last column command
  std::uint64_t age_ = 0;
  Cycle next_ = never, next_refresh_ = never;
  Cycle row_bus_ = 0, column_bus_ = 0;  // first free cycle
  Best row_best_, column_best_;
  int last_group_ = -1, last_bank_ = -1;
  DramCounts counts_;
  std::vector<DramCommand>* log_ = nullptr;
};

}  // namespace lightloom::memory
