#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lightloom {

/// Shows how far long work is: a bar with rate and remaining time on a terminal, a line now and
/// then in a log, nothing for work under a second. Writes to standard error. Only `report` prints,
/// and never from a destructor during an error.
class Progress {
 public:
  /// `total` steps named by `unit` ("images").
  Progress(std::string title, std::int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t steps, const std::string& note = "");

  /// Turns all progress output on or off (tests, --quiet).
  static void set_enabled(bool enabled);

 private:
  using Clock = std::chrono::steady_clock;
  void show(bool last);

  std::string title_, unit_, note_;
  std::int64_t total_, done_ = 0;
  Clock::time_point start_, shown_;
  bool terminal_, visible_ = false;
};

/// True once the user pressed Ctrl-C or the process was asked to end. Long loops check it between
/// points.
bool interrupted();
/// Makes SIGINT and SIGTERM set `interrupted()`; a second one ends the process.
void watch_for_interrupts();
/// For tests: sets or clears the flag.
void set_interrupted(bool value);

}  // namespace lightloom
