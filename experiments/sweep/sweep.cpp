#include "experiments/sweep/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <vector>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/parallel.hpp"
#include "experiments/cards/input_files.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

using Clock = std::chrono::steady_clock;
constexpr const char* inputs_key = "input_files";
constexpr const char* part_key = "part";
// Cheap points do not wait for the disk: a table is written so often, and so often that writing
// takes a twenty-fifth of the time at most, however large it has grown.
constexpr std::chrono::milliseconds least_between_writes{300};
constexpr int time_of_writes = 25;

/// In the file; a whole sweep's says nothing of parts.
std::string part_text(const SweepPart& part) { return part.whole() ? "" : part.text(); }

/// The finished points of an earlier call, or an empty table.
Labelled earlier_or_empty(const SweepTask& task) {
  if (task.output.empty() || !std::filesystem::exists(task.output)) return empty_table(task.grid);
  Labelled table = read_labelled(task.output);
  require(text_attribute(table, "kind") == "sweep",
          "'{}' exists and is no sweep result (name another --output, or remove it)", task.output);
  require(text_attribute(table, "card_hash") == card_hash(task.origin.card),
          "'{}' holds another sweep: its card hash is {}, this card's is {} (name another "
          "--output, or remove it)",
          task.output, text_attribute(table, "card_hash"), card_hash(task.origin.card));
  require(
      text_attribute(table, inputs_key) == input_files_text(task.origin.card),
      "'{}' was computed with other contents of files that the card names; points of two inputs "
      "do not belong in one file (name another --output, or remove it)",
      task.output);
  const std::string part = text_attribute(table, part_key);
  require(part == part_text(task.part),
          "'{}' holds {} of the sweep and this call computes {} (name another --output, or join "
          "files with `lightloom merge`)",
          task.output, part.empty() ? "all" : "part " + part,
          task.part.whole() ? "all" : "part " + task.part.text());
  const Variable* done = table.variable("done");
  require(done != nullptr && size_of(done->values) == task.grid.points() &&
              std::holds_alternative<std::vector<std::int64_t>>(done->values),
          "'{}': the mask of finished points is damaged (remove the file)", task.output);
  return table;
}

std::string join_names(const SweepGrid& grid) {
  std::string names;
  for (const SweepAxis& axis : grid.axes) names += (names.empty() ? "" : ",") + axis.name;
  return names;
}

/// A user's mistake that shows only at one point names it and the call that repeats it.
Labelled compute(const SweepTask& task, std::size_t point) {
  try {
    return task.point(task.grid.card_at(task.card, point));
  } catch (const Error& error) {
    throw Error(fmt::format("{} (at the sweep's point {}: {})", error.what(), point + 1,
                            task.grid.settings(point)));
  }
}

struct PointResult {
  Labelled values;
  std::exception_ptr error;
};

/// Of several points the first that is wrong speaks, whichever thread was quicker.
std::vector<PointResult> compute(const SweepTask& task, const std::vector<std::size_t>& points) {
  std::vector<PointResult> results(points.size());
  const auto work = [&](std::ptrdiff_t k) {
    const auto i = static_cast<std::size_t>(k);
    try {
      results[i].values = compute(task, points[i]);
    } catch (...) {
      results[i].error = std::current_exception();
    }
  };
  if (points.size() == 1)
    work(0);
  else
    parallel_for_dynamic(static_cast<std::ptrdiff_t>(points.size()), work);
  return results;
}

/// The next points that are not done, a few for every thread; moves `next` behind them.
std::vector<std::size_t> next_points(const SweepTask& task, const Labelled& table,
                                     std::size_t& next) {
  const std::size_t most = task.at_once == 1 ? 1 : 8 * static_cast<std::size_t>(task.at_once);
  std::vector<std::size_t> points;
  for (; next < task.grid.points() && points.size() < most; ++next)
    if (task.part.has(next) && !is_done(table, next)) points.push_back(next);
  return points;
}

/// Points of the part.
std::size_t size_of_part(const SweepTask& task) {
  std::size_t size = 0;
  for (std::size_t point = 0; point < task.grid.points(); ++point)
    size += task.part.has(point) ? 1U : 0U;
  return size;
}

/// Of an interrupted sweep, for people.
std::string what_is_kept(const SweepTask& task) {
  if (task.output.empty()) return " (none are kept: no file was named for them)";
  return fmt::format("; they are in '{}', and the same command again computes the rest",
                     task.output);
}

}  // namespace

SweepOutcome run_sweep(const SweepTask& task, ProgressSink& sink) {
  if (!task.output.empty()) require_writable(task.output);
  SweepOutcome outcome{.table = earlier_or_empty(task)};
  Labelled& table = outcome.table;
  table.attributes.erase(
      "schema_version");  // of the file: what is shown must not tell a resumed sweep
  add_origin(table, task.origin);
  table.attributes[given_card_key] = to_yaml(task.card);
  table.attributes[inputs_key] = input_files_text(task.origin.card);
  table.attributes["sweep_axes"] = join_names(task.grid);
  if (!task.part.whole()) table.attributes[part_key] = task.part.text();
  outcome.resumed = count_done(table);
  const std::size_t points = size_of_part(task);
  Progress progress(sink, "sweep", static_cast<std::int64_t>(points - outcome.resumed), "points");
  auto next_write = Clock::now();
  const auto save = [&] {
    if (task.output.empty()) return;
    const auto start = Clock::now();
    write_labelled(task.output, table);
    const auto end = Clock::now();
    next_write =
        end + std::max<Clock::duration>(least_between_writes, time_of_writes * (end - start));
  };
  for (std::size_t next = 0; next < task.grid.points() && !sink.cancelled();) {
    const std::vector<std::size_t> block = next_points(task, table, next);
    if (block.empty()) break;
    const std::vector<PointResult> results = compute(task, block);
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (results[i].error) {
        if (sink.cancelled()) break;  // the points in hand are lost
        if (outcome.computed > 0) save();
        std::rethrow_exception(results[i].error);
      }
      put_point(table, task.grid, block[i], results[i].values);
      ++outcome.computed;
      progress.advance(1, task.grid.describe(block[i]));
    }
    if (Clock::now() >= next_write) save();
  }
  if (outcome.computed > 0) save();
  if (const std::size_t done = count_done(table); done < points)
    throw Failure(fmt::format("interrupted with {} of {} points finished", done, points) +
                  what_is_kept(task));
  return outcome;
}

}  // namespace lightloom::experiments
