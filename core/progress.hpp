#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lightloom {

/// How far one piece of long work is.
struct ProgressReport {
  std::string title;  // "analog chips"
  std::string unit;   // what is counted: "images"
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::string note;    // anything worth a word: "loss 0.31"
  double seconds = 0;  // since the work began
};

/// Where long work says how far it is, and asks whether to go on. Whoever calls a long function
/// hands one down; a library never reads a flag of the process and prints nothing by itself. The
/// two verbs are called on one thread at a time.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// May be called often; the sink decides what to show.
  virtual void report(const ProgressReport& /*report*/) {}
  /// True once the work should end early. Long loops ask between points; what they return or throw
  /// then stands at the function.
  [[nodiscard]] virtual bool cancelled() const { return false; }
};

/// Shows nothing and never cancels: the default of functions that take a sink.
ProgressSink& no_progress();

/// A bar with rate and remaining time on a terminal, a line now and then in a log, nothing for work
/// under a second. Writes to standard error.
class TerminalProgress : public ProgressSink {
 public:
  TerminalProgress();
  ~TerminalProgress() override;
  void report(const ProgressReport& report) override;

 private:
  using Clock = std::chrono::steady_clock;
  void end_line();

  Clock::time_point shown_;
  std::string title_;
  std::int64_t done_ = 0;
  bool terminal_, visible_ = false;
};

/// Counts the steps of one piece of work and reports them to a sink.
class Progress {
 public:
  /// `total` steps named by `unit` ("images").
  Progress(ProgressSink& sink, std::string title, std::int64_t total, std::string unit);
  void advance(std::int64_t steps, const std::string& note = "");

 private:
  ProgressSink& sink_;
  ProgressReport report_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace lightloom
