#include "experiments/sweep/sweep_part.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::size_t most_parts = 1'000'000;

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::size_t> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  const auto number = whole_number(value);
  require(number.has_value(), "--part auto: {} is '{}', which is no number of a task", name, value);
  return number;
}

/// The task's place among those of its array job, from 1.
std::optional<std::size_t> slurm_number() {
  const auto id = environment("SLURM_ARRAY_TASK_ID");
  if (!id) return std::nullopt;
  const std::size_t first = environment("SLURM_ARRAY_TASK_MIN").value_or(1),
                    step = environment("SLURM_ARRAY_TASK_STEP").value_or(1);
  require(step >= 1 && *id >= first && (*id - first) % step == 0,
          "--part auto: SLURM_ARRAY_TASK_ID is {}, which no array from {} in steps of {} holds",
          *id, first, step);
  return (*id - first) / step + 1;
}

std::size_t task_number() {
  if (const auto number = slurm_number()) return *number;
  for (const char* name : {"HQ_TASK_ID", "PBS_ARRAY_INDEX", "SGE_TASK_ID", "LSB_JOBINDEX"})
    if (const auto number = environment(name)) {
      require(*number >= 1, "--part auto: {} is 0 (number the tasks from 1)", name);
      return *number;
    }
  throw Error(
      "--part auto: none of SLURM_ARRAY_TASK_ID, HQ_TASK_ID, PBS_ARRAY_INDEX, SGE_TASK_ID and "
      "LSB_JOBINDEX is set (give a part like 2/5)");
}

/// An array with tasks left out has a task for none of their parts.
std::size_t slurm_count() {
  const auto last = environment("SLURM_ARRAY_TASK_MAX"),
             count = environment("SLURM_ARRAY_TASK_COUNT");
  require(last.has_value() && slurm_number().has_value(),
          "--part auto: the number of parts is known in array jobs of Slurm alone "
          "(SLURM_ARRAY_TASK_MAX; elsewhere give it: auto/5)");
  const std::size_t first = environment("SLURM_ARRAY_TASK_MIN").value_or(1),
                    step = environment("SLURM_ARRAY_TASK_STEP").value_or(1),
                    all = *last >= first ? (*last - first) / step + 1 : 0;
  require(!count || *count == all,
          "--part auto: the array job has {} tasks of {} (array it from first to last, or give "
          "auto/N)",
          *count, all);
  return all;
}

}  // namespace

std::string SweepPart::text() const { return fmt::format("{}/{}", number, of); }

SweepPart read_part(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string first = text.substr(0, slash),
                    second = slash == std::string::npos ? "" : text.substr(slash + 1);
  const bool automatic = first == "auto";
  const auto number = automatic ? std::optional(task_number()) : whole_number(first);
  const auto of =
      automatic && slash == std::string::npos ? std::optional(slurm_count()) : whole_number(second);
  require(number && of && *number >= 1 && *number <= *of && *of <= most_parts,
          "--part {}: must be a part of several, like 2/5, auto or auto/5{}", text,
          number && of ? fmt::format(", and is {} of {}", *number, *of) : "");
  return {*number, *of};
}

std::string part_path(const std::string& path, const SweepPart& part) {
  const std::filesystem::path whole(path);
  const std::string name = fmt::format("{}-{}-of-{}{}", whole.stem().string(), part.number, part.of,
                                       whole.extension().string());
  return (whole.parent_path() / name).string();
}

}  // namespace lightloom::experiments
