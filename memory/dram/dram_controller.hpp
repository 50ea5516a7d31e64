#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "memory/dram/address_mapping.hpp"
#include "memory/dram/bank_timers.hpp"
#include "memory/dram/command_choice.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"
#include "memory/dram/request_queues.hpp"

namespace lightloom::memory {

/// What one controller has counted.
struct DramCounts : CommandCounts {
  std::int64_t forwarded = 0;    // reads answered by a waiting write
  std::int64_t turnarounds = 0;  // changes between reading and writing
};

/// Command-level controller of one channel, or of a pseudo-channel that shares nothing: FR-FCFS
/// over a read and a write queue, writes drained in batches, refresh of all banks or of some. Time
/// advances from command to command, not cycle by cycle. The queues keep the requests, the timers
/// the state of the banks, and the choice says which command goes first; the controller lets one
/// act on the others.
///
/// Cycle k of a system is: `step(k)` issues at most one command (one row and one column command
/// with a dual command bus), then `accept` takes requests that arrived; they may cause commands
/// from k + pipeline_cycles on.
class DramController {
 public:
  explicit DramController(const DramCard& card);

  /// Whether a request can be taken now.
  [[nodiscard]] bool has_room(bool write) const { return queues_.has_room(write); }
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
  [[nodiscard]] std::span<const Completion> completions() const { return completions_; }
  void clear_completions() { completions_.clear(); }

  /// Appends every command to `log` from now on.
  void record(std::vector<DramCommand>* log) { log_ = log; }
  /// Nothing but refreshes will happen until a request comes.
  [[nodiscard]] bool idle() const { return queues_.idle(); }
  /// Counts so far; `now` closes the open-row times.
  [[nodiscard]] DramCounts counts(Cycle now) const;

 private:
  bool choose_mode(Cycle k);
  void scan(Cycle not_before);
  void find_next();
  void start_refreshes(Cycle k);
  void issue(const BankScan::First& best, Cycle k);
  void finish_column(int number, Cycle k);
  void issue_refresh(int rank, Cycle k);
  void log(DramCommandKind kind, int bank, int entry, Cycle k);

  DramOrganization organization_;
  int pipeline_cycles_;
  DramCommandKind refresh_kind_;
  RequestQueues queues_;
  BankTimers timers_;
  CommandChoice choice_;
  Cycle next_ = never;
  std::int64_t forwarded_ = 0, turnarounds_ = 0;
  std::vector<char> last_writes_;  // by pseudo-channel: the last column command, with shared queues
  std::vector<Completion> completions_;
  std::vector<DramCommand>* log_ = nullptr;
};

}  // namespace lightloom::memory
