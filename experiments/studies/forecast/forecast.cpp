#include "experiments/studies/forecast/forecast.hpp"

#include <algorithm>

#include "experiments/results/page_data.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::size_t most_probes = 4;

/// Evenly spread, the first and the last among them.
std::vector<std::size_t> probed_points(std::size_t points) {
  const std::size_t count = std::min(points, most_probes);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i)
    chosen.push_back(count == 1 ? 0 : i * (points - 1) / (count - 1));
  return chosen;
}

/// Mean over those probes that met the unit at all.
double mean_time(const std::vector<Probe>& probes, Unit unit) {
  double sum = 0, met = 0;
  for (const Probe& one : probes)
    if (one.times[unit] > 0) {
      sum += one.times[unit];
      met += 1;
    }
  return met > 0 ? sum / met : 0;
}

/// A table has a row of numbers a point, in memory and, while it is written, in the file's bytes.
void add_tables(std::int64_t points, const Probe& first, Forecast& result) {
  constexpr std::int64_t page_digits = 11;
  const std::int64_t more = (points - 1) * first.numbers;
  result.result_bytes = first.result_bytes + 8 * more;
  const auto most = static_cast<std::int64_t>(most_page_bytes);
  result.page_bytes = first.page_bytes + std::min(page_digits * more, most);
  result.memory_bytes += 3 * 8 * more;
}

}  // namespace

Forecast forecast(const ForecastTask& task, const ProbeOptions& options) {
  Forecast result;
  std::vector<Probe> probes;
  for (const std::size_t point : probed_points(task.points)) {
    probes.push_back(probe(task.at(point), options));
    result.probes_took_s += probes.back().took_s;
    result.memory_bytes = std::max(result.memory_bytes, probes.back().memory_bytes);
  }
  const Experiment first = task.at(0);
  result.probes = probes.size();
  result.sizes = probes.front().sizes;
  result.trainings = unexpected_trainings(first);
  DoneWork done;
  const auto add = [&](const Experiment& card) {
    const Work more = work_of(card, result.sizes, done);
    for (const Unit unit : all_of_enum<Unit>()) result.work[unit] += more[unit];
  };
  for (std::size_t point = 0; point < task.points; ++point)
    add(point == 0 ? first : task.at(point));
  for (const Unit unit : all_of_enum<Unit>()) {
    result.times[unit] = mean_time(probes, unit);
    result.seconds += result.seconds_of(unit) / task.at_once;
  }
  add_tables(static_cast<std::int64_t>(task.points), probes.front(), result);
  return result;
}

}  // namespace lightloom::experiments
