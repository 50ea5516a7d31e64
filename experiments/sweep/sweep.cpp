#include "experiments/sweep/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/cards/input_files.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

using Clock = std::chrono::steady_clock;
constexpr const char* inputs_key = "input_files";
// Cheap points do not wait for the disk: a table is written so often, and so often that writing
// takes a tenth of the time at most, however large it has grown.
constexpr std::chrono::milliseconds least_between_writes{300};
constexpr int time_of_writes = 10;

/// The finished points of an earlier call, or an empty table.
Labelled earlier_or_empty(const SweepTask& task) {
  if (!std::filesystem::exists(task.output)) return empty_table(task.grid);
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

}  // namespace

SweepOutcome run_sweep(const SweepTask& task, ProgressSink& sink) {
  require_writable(task.output);
  SweepOutcome outcome{.table = earlier_or_empty(task)};
  Labelled& table = outcome.table;
  table.attributes.erase(
      "schema_version");  // of the file: what is shown must not tell a resumed sweep
  add_origin(table, task.origin);
  table.attributes[inputs_key] = input_files_text(task.origin.card);
  table.attributes["sweep_axes"] = join_names(task.grid);
  outcome.resumed = count_done(table);
  const std::size_t points = task.grid.points();
  Progress progress(sink, "sweep", static_cast<std::int64_t>(points - outcome.resumed), "points");
  auto next_write = Clock::now();
  const auto save = [&] {
    const auto start = Clock::now();
    write_labelled(task.output, table);
    const auto end = Clock::now();
    next_write =
        end + std::max<Clock::duration>(least_between_writes, time_of_writes * (end - start));
  };
  for (std::size_t point = 0; point < points; ++point) {
    if (is_done(table, point)) continue;
    if (sink.cancelled()) break;
    try {
      put_point(table, task.grid, point, compute(task, point));
    } catch (...) {
      if (sink.cancelled()) break;  // the point in hand is lost
      if (outcome.computed > 0) save();
      throw;
    }
    ++outcome.computed;
    if (Clock::now() >= next_write) save();
    progress.advance(1, task.grid.describe(point));
  }
  if (outcome.computed > 0) save();
  if (const std::size_t done = count_done(table); done < points)
    throw Failure(fmt::format(
        "interrupted with {} of {} points finished; they are in '{}', and the same command again "
        "computes the rest",
        done, points, task.output));
  return outcome;
}

}  // namespace lightloom::experiments
