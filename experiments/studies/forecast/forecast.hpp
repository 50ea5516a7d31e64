#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/studies/forecast/probe.hpp"

namespace lightloom::experiments {

/// The experiments of a call: one, or the points of a sweep.
struct ForecastTask {
  std::size_t points = 1;
  std::function<Experiment(std::size_t point)> at;
  int at_once = 1;  // points that are computed side by side
};

/// What a call will do and take, on this machine with the threads there are.
struct Forecast {
  Work work{};        // of all points
  UnitTimes times{};  // of a unit, mean over the probes
  double seconds = 0;
  Sizes sizes;  // of the first point
  std::size_t probes = 0;
  double probes_took_s = 0;
  std::int64_t memory_bytes = 0, result_bytes = 0, page_bytes = 0;
  std::vector<std::string> trainings;  // see `unexpected_trainings`, of the first point

  /// Seconds of one kind of work, all of it.
  [[nodiscard]] double seconds_of(Unit unit) const { return work[unit] * times[unit]; }
};

/// Probes up to four points, evenly spread, and counts the work of all. What points share (data,
/// float network, trained weights) is counted once.
Forecast forecast(const ForecastTask& task, const ProbeOptions& options = {});

}  // namespace lightloom::experiments
