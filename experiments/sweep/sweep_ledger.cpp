#include "experiments/sweep/sweep_ledger.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/cards/input_files.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* inputs_key = "input_files";
constexpr const char* part_key = "part";
// Cheap points do not wait for the disk: a table is written so often, and so often that writing
// takes a twenty-fifth of the time at most, however large it has grown.
constexpr std::chrono::milliseconds least_between_writes{300};
constexpr int time_of_writes = 25;

/// In the file; a whole sweep's says nothing of parts.
std::string part_text(const SweepPart& part) { return part.whole() ? "" : part.text(); }

std::unique_ptr<FileLock> lock_of(const SweepTask& task) {
  return task.output.empty() ? nullptr : std::make_unique<FileLock>(task.output);
}

std::string join_names(const SweepGrid& grid) {
  std::string names;
  for (const Axis& axis : grid.front_axes()) names += (names.empty() ? "" : ",") + axis.name;
  return names;
}

/// Separated by blanks, as the CF conventions have it and xarray reads it.
std::string join_coordinates(const SweepGrid& grid) {
  std::string names;
  for (const SweepAxis& axis : grid.axes) names += (names.empty() ? "" : " ") + axis.name;
  return names;
}

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

/// The earlier table with what it says of itself brought up to date.
Labelled begun_table(const SweepTask& task) {
  Labelled table = earlier_or_empty(task);
  table.attributes.erase(
      "schema_version");  // of the file: what is shown must not tell a resumed sweep
  add_origin(table, task.origin);
  table.attributes[given_card_key] = to_yaml(task.card);
  table.attributes[inputs_key] = input_files_text(task.origin.card);
  table.attributes["sweep_axes"] = join_names(task.grid);
  if (task.grid.list) table.attributes[coordinates_key] = join_coordinates(task.grid);
  if (!task.part.whole()) table.attributes[part_key] = task.part.text();
  return table;
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

SweepLedger::SweepLedger(const SweepTask& task, ProgressSink& sink)
    : task_(task),
      lock_(lock_of(task)),
      table_(begun_table(task)),
      order_(table_, task.grid),
      size_(size_of_part(task)),
      first_(task.part.number - 1),
      resumed_(count_done(table_)),
      progress_(sink, "sweep", static_cast<std::int64_t>(size_ - resumed_), "points") {}

bool SweepLedger::wants(std::size_t point) const {
  return task_.part.has(point) && !is_done(table_, point);
}

void SweepLedger::put(std::size_t point, const Labelled& values) {
  order_.put(table_, task_.grid, point, values);
  unsaved_ = true;
}

/// Outcomes of images are kept along the images of the first point, so points that have some wait
/// for it.
void SweepLedger::take(std::size_t point, const PointResult& result) {
  if (result.error) {
    wrong_.emplace(point, result.error);
    return;
  }
  if (point != first_ && !is_done(table_, first_) && result.values.axis(image_axis) != nullptr) {
    waiting_.emplace(point, result.values);
  } else {
    put(point, result.values);
    if (point == first_)
      for (const auto& [other, values] : std::exchange(waiting_, {})) put(other, values);
  }
  ++computed_;
  progress_.advance(1, task_.grid.describe(point));
  if (Clock::now() >= next_write_) save();
}

std::optional<std::size_t> SweepLedger::first_wrong() const {
  return wrong_.empty() ? std::nullopt : std::optional(wrong_.begin()->first);
}

bool SweepLedger::is_whole() const { return count_done(table_) == task_.grid.points(); }

void SweepLedger::finish(bool writes_whole) {
  if (writes_whole || !is_whole()) return save();
  if (unsaved_) order_.apply(table_, true);
}

void SweepLedger::save() {
  if (task_.output.empty() || !unsaved_) return;
  const auto start = Clock::now();
  order_.apply(table_, is_whole());
  write_labelled(task_.output, table_);
  unsaved_ = false;
  const auto end = Clock::now();
  next_write_ =
      end + std::max<Clock::duration>(least_between_writes, time_of_writes * (end - start));
}

void SweepLedger::require_complete() const {
  if (!wrong_.empty()) std::rethrow_exception(wrong_.begin()->second);
  const std::size_t done = count_done(table_);
  if (done < size_)
    throw Failure(fmt::format("interrupted with {} of {} points finished", done, size_) +
                  what_is_kept(task_));
}

}  // namespace lightloom::experiments
