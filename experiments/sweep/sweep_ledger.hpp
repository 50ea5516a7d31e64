#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/files/file_lock.hpp"
#include "core/files/labelled.hpp"
#include "core/progress.hpp"
#include "experiments/sweep/array_order.hpp"
#include "experiments/sweep/point_answer.hpp"
#include "experiments/sweep/sweep.hpp"

namespace lightloom::experiments {

/// The results of a sweep while it is computed, and the file that keeps them. Points come in any
/// order; the file in the end is the same.
class SweepLedger {
 public:
  /// Takes up what the task's file holds and locks it. Throws `Error` when it belongs to another
  /// sweep, or another process works on it.
  SweepLedger(const SweepTask& task, ProgressSink& sink);

  [[nodiscard]] bool wants(std::size_t point) const;
  /// Takes a point's result. Of several that are wrong the first in order of the points is kept.
  /// Writes the file now and then.
  void take(std::size_t point, const PointResult& result);
  /// Points behind this one are not wanted: it was wrong.
  [[nodiscard]] std::optional<std::size_t> first_wrong() const;
  /// Writes what has not been written yet.
  void save();
  /// The same at the end, but of a table without gaps only if asked to.
  void finish(bool writes_whole);
  /// Throws what the first wrong point threw, or a `Failure` where points are missing.
  void require_complete() const;

  [[nodiscard]] std::size_t computed() const { return computed_; }
  [[nodiscard]] std::size_t resumed() const { return resumed_; }
  /// Points that are wanted, the finished ones too.
  [[nodiscard]] std::size_t size() const { return size_; }
  Labelled take_table() { return std::move(table_); }

 private:
  using Clock = std::chrono::steady_clock;
  void put(std::size_t point, const Labelled& values);
  [[nodiscard]] bool is_whole() const;

  const SweepTask& task_;
  std::unique_ptr<FileLock> lock_;
  Labelled table_;
  ArrayOrder order_;
  std::size_t size_, first_, resumed_, computed_ = 0;
  bool unsaved_ = false;
  Clock::time_point next_write_ = Clock::now();
  std::map<std::size_t, Labelled> waiting_;  // with outcomes of images, for the first point
  std::map<std::size_t, std::exception_ptr> wrong_;
  Progress progress_;
};

}  // namespace lightloom::experiments
