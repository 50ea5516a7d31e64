#include "core/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "core/letters.hpp"

namespace lightloom {
namespace {

std::string duration_text(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::string line_of(const ProgressReport& report, bool last) {
  const auto done = static_cast<double>(report.done), total = static_cast<double>(report.total);
  const double rate = report.seconds > 0 ? done / report.seconds : 0;
  const double share = report.total > 0 ? done / total : 1;
  const std::string left =
      last ? duration_text(report.seconds) + " in all"
           : duration_text((1 - share) * report.seconds / (share > 0 ? share : 1)) + " left";
  return fmt::format("{} {:3.0f} %  {:.3g} {}/s  {}{}{}", report.title, share * 100, rate,
                     report.unit, left, report.note.empty() ? "" : "  ", report.note);
}

}  // namespace

ProgressSink& no_progress() {
  static ProgressSink sink;  // holds nothing
  return sink;
}

TerminalProgress::TerminalProgress()
    : shown_(Clock::now()), terminal_(isatty(STDERR_FILENO) == 1) {}

TerminalProgress::~TerminalProgress() { end_line(); }

void TerminalProgress::end_line() {
  if (visible_ && terminal_) std::fputs("\n", stderr);
  visible_ = false;
}

void TerminalProgress::report(const ProgressReport& report) {
  const auto now = Clock::now();
  if (report.title != title_ || report.done < done_) {  // another piece of work begins
    end_line();
    title_ = report.title;
    shown_ = now - std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(report.seconds));
  }
  done_ = report.done;
  const double pause = terminal_ ? 0.2 : 15.0;
  const double first = terminal_ ? 1.0 : 5.0;
  const double since = std::chrono::duration<double>(now - shown_).count();
  const bool last = report.done >= report.total;
  if (since <= (visible_ ? pause : first) && !(last && visible_)) return;
  shown_ = now;
  visible_ = true;
  const std::string text = visible_text(line_of(report, last));
  std::fputs(terminal_ ? fmt::format("\r\x1b[K{}", text).c_str() : (text + "\n").c_str(), stderr);
  std::fflush(stderr);
  if (last) end_line();
}

Progress::Progress(ProgressSink& sink, std::string title, std::int64_t total, std::string unit)
    : sink_(sink),
      report_{.title = std::move(title), .unit = std::move(unit), .total = total, .note = {}},
      start_(std::chrono::steady_clock::now()) {}

void Progress::advance(std::int64_t steps, const std::string& note) {
  report_.done += steps;
  report_.note = note;
  report_.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  sink_.report(report_);
}

}  // namespace lightloom
