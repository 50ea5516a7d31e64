#include "base/progress.hpp"

#include <csignal>

namespace lightloom::python {
namespace {

std::atomic<int> interrupts{0};
struct sigaction python_action {};  // what was done with interrupts before
int watches = 0;  // that live; the main thread's alone, under the interpreter's lock

void count_interrupt(int number) {
  interrupts.fetch_add(1, std::memory_order_relaxed);
  python_action.sa_handler(number);
}

bool on_main_thread() {
  const py::module_ threading = py::module_::import("threading");
  return threading.attr("current_thread")().is(threading.attr("main_thread")());
}

/// Whether Python handles interrupts by a handler that ours can call.
bool python_listens(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler != SIG_DFL &&
         action.sa_handler != SIG_IGN;
}

}  // namespace

InterruptWatch::InterruptWatch() {
  if (!on_main_thread()) return;
  watching_ = true;
  if (watches++ > 0) return;
  interrupts.store(0, std::memory_order_relaxed);
  struct sigaction before {};
  sigaction(SIGINT, nullptr, &before);
  if (!python_listens(before)) return;
  python_action = before;
  struct sigaction ours = before;
  ours.sa_handler = count_interrupt;
  sigaction(SIGINT, &ours, nullptr);
}

InterruptWatch::~InterruptWatch() {
  if (!watching_ || --watches > 0) return;
  struct sigaction now {};
  sigaction(SIGINT, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == count_interrupt)
    sigaction(SIGINT, &python_action, nullptr);
}

bool InterruptWatch::interrupted() { return interrupts.load(std::memory_order_relaxed) > 0; }

void PythonProgress::report(const ProgressReport& report) {
  if (tell_.is_none() || failed_.load(std::memory_order_relaxed)) return;
  const auto now = Clock::now();
  const bool last = report.done >= report.total;
  if (told_ && !last && title_ == report.title && now - *told_ < std::chrono::milliseconds(100))
    return;
  told_ = now;
  title_ = report.title;
  const py::gil_scoped_acquire acquired;
  try {
    tell_(report.title, report.unit, report.done, report.total, report.note);
  } catch (py::error_already_set&) {
    error_ = std::current_exception();
    failed_.store(true, std::memory_order_relaxed);
  }
}

bool PythonProgress::cancelled() const {
  return failed_.load(std::memory_order_relaxed) || InterruptWatch::interrupted();
}

void PythonProgress::rethrow() const {
  if (error_) std::rethrow_exception(error_);
}

void raise_interrupts() {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

}  // namespace lightloom::python
