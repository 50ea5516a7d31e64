#include "core/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace lightloom {
namespace {

std::atomic<bool> enabled{true};
volatile std::sig_atomic_t interrupt_count = 0;

extern "C" void note_interrupt(int signal_number) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1) std::_Exit(128 + signal_number);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

}  // namespace

Progress::Progress(std::string title, std::int64_t total, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      start_(Clock::now()),
      shown_(start_),
      terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (visible_ && terminal_) std::fputs("\n", stderr);
}

void Progress::advance(std::int64_t steps, const std::string& note) {
  done_ += steps;
  note_ = note;
  const auto now = Clock::now();
  const double pause = terminal_ ? 0.2 : 15.0;
  const double first = terminal_ ? 1.0 : 5.0;
  const bool due = std::chrono::duration<double>(now - shown_).count() > (visible_ ? pause : first);
  const bool last = done_ >= total_;
  if (enabled && (due || (last && visible_))) {
    shown_ = now;
    show(last);
  }
}

void Progress::show(bool last) {
  visible_ = true;
  const double seconds = std::chrono::duration<double>(shown_ - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  const double share = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
  const std::string left =
      last ? duration_text(seconds) + " in all"
           : duration_text((1 - share) * seconds / (share > 0 ? share : 1)) + " left";
  const std::string text = fmt::format("{} {:3.0f} %  {:.3g} {}/s  {}{}{}", title_, share * 100,
                                       rate, unit_, left, note_.empty() ? "" : "  ", note_);
  if (terminal_)
    std::fputs(fmt::format("\r\x1b[K{}", text).c_str(), stderr);
  else
    std::fputs((text + "\n").c_str(), stderr);
  std::fflush(stderr);
}

void Progress::set_enabled(bool value) { enabled = value; }

bool interrupted() { return interrupt_count > 0; }
void set_interrupted(bool value) { interrupt_count = value ? 1 : 0; }

void watch_for_interrupts() {
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
}

}  // namespace lightloom
