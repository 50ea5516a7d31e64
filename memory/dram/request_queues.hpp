#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"

namespace lightloom::memory {

/// The requests that one controller has taken and not served, and whether it reads or writes.
///
/// Each bank has a queue of reads and one of writes, or one of both (WriteDrain::bank_queues). With
/// queues of limited length a request first waits where it arrived and moves on, one a cycle (and
/// pseudo-channel), when its bank's queue has a place. Writes are drained between watermarks; a
/// write never passes an older read of its burst.
class RequestQueues {
 public:
  struct Entry {
    std::int64_t row = 0;
    std::uint64_t number = 0;
    std::uint64_t age = 0;  // order of acceptance
    Cycle accepted = 0;
    Cycle known = 0;           // first cycle at which the scheduler sees it
    std::uint64_t hazard = 0;  // write: age of an older read of the same burst, 0: none
    int column = 0;
    int bank = 0;   // (pseudo-channel, rank, group, bank) of the controller's, the last fastest
    int next = -1;  // in its bank's list
    bool write = false;
  };

  explicit RequestQueues(const DramCard& card);

  [[nodiscard]] const Entry& entry(int number) const {
    return entries_[static_cast<std::size_t>(number)];
  }
  [[nodiscard]] bool has_room(bool write) const { return free_[write ? 1 : 0] > 0; }
  [[nodiscard]] bool reads_wait() const { return waiting_[0] > 0; }
  [[nodiscard]] bool writes_wait() const { return waiting_[1] > 0; }
  /// Nothing will be served until another request comes.
  [[nodiscard]] bool idle() const {
    return waiting_[0] == 0 && (waiting_[1] == 0 || (shared_ && !writing_ && staged_ == 0));
  }
  /// No age is larger.
  [[nodiscard]] std::uint64_t newest_age() const { return age_; }
  /// Reads and writes share the queues of the banks.
  [[nodiscard]] bool shared() const { return shared_; }
  /// Requests first wait where they arrived: the queues of the banks have an end.
  [[nodiscard]] bool staged() const { return bank_queue_ > 0; }
  /// Writes are served, or, with shared queues, moved on.
  [[nodiscard]] bool writing() const { return writing_; }

  /// Whether a waiting write holds the burst of this read.
  [[nodiscard]] bool write_answers(const Entry& read) const;
  /// Takes a request (row, column, bank, number, cycles) with room for it; returns its number here.
  int take(Entry request, bool write);

  /// Decides between reading and writing; returns whether that changed.
  bool choose_mode(Cycle k);
  /// Every waiting write has to let an older read of its burst go first.
  void read_first(Cycle k);

  /// The cycle at which a request can move into its bank's queue; `never` where queues have no end.
  [[nodiscard]] Cycle next_move() const { return next_move_; }
  /// After a request of this bank arrived, or left, at the cycle before `not_before`.
  void look_for_move(int bank, Cycle not_before);
  /// Moves the oldest request whose bank's queue has a place; returns the bank, or -1.
  int move_one(Cycle k);

  /// The oldest request of a bank's queue that may be served, or -1.
  [[nodiscard]] int oldest_allowed(int number) const {
    for (int e = bank(number).list[list_of(writing_)].head; e >= 0; e = entry(e).next)
      if (!entry(e).write || hazard_cleared(entry(e))) return e;
    return -1;
  }
  enum class Of { any, reads, writes };
  /// The first request from `first` on in its queue that wants `row` and may be served, or -1.
  [[nodiscard]] int oldest_hit(int first, std::int64_t row, Of kind) const {
    for (int e = first; e >= 0; e = entry(e).next)
      if (entry(e).row == row && (kind == Of::any || entry(e).write == (kind == Of::writes)) &&
          (!entry(e).write || hazard_cleared(entry(e))))
        return e;
    return -1;
  }

  /// The request was served at cycle k.
  void remove(int number, Cycle k);

 private:
  struct List {
    int head = -1, tail = -1;
  };
  struct Bank {
    std::array<List, 2> list;     // reads, writes
    std::array<List, 2> arrived;  // not in the bank's queue yet
    std::array<int, 2> queued{};
    bool movable = false;  // listed in movable_
  };

  [[nodiscard]] Entry& at(int number) { return entries_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] Bank& bank(int number) { return banks_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] const Bank& bank(int number) const {
    return banks_[static_cast<std::size_t>(number)];
  }
  [[nodiscard]] std::size_t mode_index() const { return writing_ ? 1 : 0; }
  /// The list of a bank's queue in which an entry waits.
  [[nodiscard]] std::size_t list_of(bool write) const { return write && !shared_ ? 1 : 0; }
  [[nodiscard]] int buffered_writes() const { return write_queue_ - free_[1]; }

  [[nodiscard]] int same_burst(const List& list, const Entry& wanted, bool write) const;
  [[nodiscard]] bool waits(const List& list, std::uint64_t age) const;
  [[nodiscard]] bool hazard_cleared(const Entry& entry) const;
  int keep(const Entry& entry);
  void append(List& list, int number);
  void unlink(List& list, int number);
  bool choose_feed(Cycle k);
  void note_movable(int number);
  void collect_movable(Cycle not_before);
  void find_move(Cycle not_before);

  bool shared_;
  int write_queue_, bank_queue_, drain_start_, drain_stop_, moves_per_cycle_;
  std::vector<Bank> banks_;
  std::vector<Entry> entries_;
  std::vector<int> unused_;
  std::array<int, 2> free_{}, waiting_{};
  std::vector<int>
      movable_;  // banks with an arrived request of the current mode and a place for it
  Cycle next_move_ = never, last_move_ = -1;
  int moves_ = 0;         // at cycle last_move_
  bool writing_ = false;  // shared: the banks' queues are filled with writes
  // Only when shared:
  int draining_ = 0;    // writes still to be moved
  int staged_ = 0;      // requests in the banks' queues
  int held_bank_ = -1;  // no drain before this bank's read of this age has moved
  std::uint64_t held_age_ = 0;
  std::uint64_t age_ = 0;
};

}  // namespace lightloom::memory
