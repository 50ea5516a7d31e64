#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <lightloom/core/progress.hpp>
#include <optional>
#include <utility>

namespace lightloom::python {

namespace py = pybind11;

/// Counts interrupts (Ctrl-C) while it lives, besides what Python does with them. Does nothing off
/// the main thread, where Python handles no signals, or where interrupts are ignored or fatal.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  [[nodiscard]] static bool interrupted();

 private:
  bool watching_ = false;
};

/// Tells a Python function how far long work is, ten times a second at most, and ends the work once
/// an interrupt came or the function threw. `tell(title, unit, done, total, note)`, or None.
class PythonProgress : public ProgressSink {
 public:
  explicit PythonProgress(py::object tell) : tell_(std::move(tell)) {}
  void report(const ProgressReport& report) override;
  [[nodiscard]] bool cancelled() const override;
  /// Throws what `tell` threw, if anything. With the interpreter's lock.
  void rethrow() const;

 private:
  using Clock = std::chrono::steady_clock;
  py::object tell_;
  std::optional<Clock::time_point> told_;
  std::string title_;
  std::atomic<bool> failed_ = false;
  std::exception_ptr error_;
};

/// Throws KeyboardInterrupt (or whatever the user's handler of signals throws) if one came.
void raise_interrupts();

/// work(sink) without the interpreter's lock, for work that may take long.
template <class Work>
auto long_call(const py::object& tell, const Work& work) {
  PythonProgress progress(tell);
  std::optional<decltype(work(progress))> result;
  std::exception_ptr error;
  {
    const InterruptWatch watch;
    const py::gil_scoped_release released;
    try {
      result.emplace(work(progress));
    } catch (...) {
      error = std::current_exception();
    }
  }
  progress.rethrow();
  raise_interrupts();
  if (error) std::rethrow_exception(error);
  return std::move(*result);
}

}  // namespace lightloom::python
