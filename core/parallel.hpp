#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace lightloom {

/// Keeps the first exception that leaves a body run inside a parallel region, where an exception
/// may not leave, and throws it again behind the region. `run` is thread-safe; once something was
/// thrown it skips what has not begun.
class FirstException {
 public:
  template <class Body>
  void run(Body&& body) noexcept {
    if (thrown_.load(std::memory_order_relaxed)) return;
    try {
      std::forward<Body>(body)();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!first_) first_ = std::current_exception();
      thrown_.store(true, std::memory_order_relaxed);
    }
  }
  /// Throws what `run` kept, if anything. Call it on one thread, behind the region.
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> thrown_{false};
  std::exception_ptr first_;
};

/// Runs body(i) for every i in [0, count) on the threads of OpenMP, each thread with an equal run
/// of neighbours. An exception of a body is thrown again behind the loop; what had not begun by
/// then is skipped. Every region whose body can allocate or throw goes through here or through
/// `FirstException`.
template <class Body>
void parallel_for(std::ptrdiff_t count, Body&& body) {
  FirstException first;
#pragma omp parallel for schedule(static)
  for (std::ptrdiff_t i = 0; i < count; ++i) first.run([&] { body(i); });
  first.rethrow();
}

/// The same for work of unequal length: a thread takes the next `chunk` when it is free.
template <class Body>
void parallel_for_dynamic(std::ptrdiff_t count, Body&& body, int chunk = 1) {
  FirstException first;
#pragma omp parallel for schedule(dynamic, chunk)
  for (std::ptrdiff_t i = 0; i < count; ++i) first.run([&] { body(i); });
  first.rethrow();
}

/// body(i, workspace) for every i in [0, count), with one `make_workspace()` a thread.
template <class Make, class Body>
void parallel_for_with(std::ptrdiff_t count, Make&& make_workspace, Body&& body) {
  FirstException first;
#pragma omp parallel
  {
    std::optional<std::invoke_result_t<Make&>> workspace;  // every thread reaches the loop
    first.run([&] { workspace.emplace(make_workspace()); });
#pragma omp for schedule(static) nowait
    for (std::ptrdiff_t i = 0; i < count; ++i)
      if (workspace) first.run([&] { body(i, *workspace); });
  }
  first.rethrow();
}

}  // namespace lightloom
