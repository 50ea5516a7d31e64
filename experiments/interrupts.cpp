#include "experiments/interrupts.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>

namespace lightloom::experiments {
namespace {

// A signal handler may touch nothing else, and threads may read it meanwhile.
std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);

void count_interrupt(int signal_number) {
  if (interrupts.fetch_add(1, std::memory_order_relaxed) > 0) std::_Exit(128 + signal_number);
}

}  // namespace

void watch_for_interrupts() {
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    action.sa_handler = count_interrupt;
    action.sa_flags = SA_RESTART;  // a file being written is no reason to fail
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

ProgramProgress::ProgramProgress(Display display) {
  if (display == Display::terminal) terminal_.emplace();
}

void ProgramProgress::report(const ProgressReport& report) {
  if (terminal_) terminal_->report(report);
}

bool ProgramProgress::cancelled() const { return interrupts.load(std::memory_order_relaxed) > 0; }

}  // namespace lightloom::experiments
