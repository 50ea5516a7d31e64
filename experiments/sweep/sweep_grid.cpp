#include "experiments/sweep/sweep_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>

#include "core/error.hpp"
#include "experiments/cards/units_of_keys.hpp"

namespace lightloom::experiments {
namespace {

// Axes and variables of a run; a swept key of the same name gets its section in front.
constexpr std::array reserved{"chip", "layer",  "component", "source",        "stage",
                              "part", "state",  "epoch",     "teacher_epoch", "done",
                              "time", "energy", "speedup",   "training",      "image_word"};

/// "ddr4" of "data/memory/ddr4.yaml:1", where a value was read.
std::string file_of(const std::string& origin) { return origin.substr(0, origin.rfind(':')); }

/// The file of a card that a list names by its path; "" for values that are written out.
std::string card_file(const Tree& value, const Tree& list) {
  const std::string file = file_of(value.origin);
  const bool other = value.kind == Tree::Kind::mapping && file != file_of(list.origin);
  // Keys from elsewhere make it another card than the file's.
  const bool whole = std::all_of(value.pairs.begin(), value.pairs.end(), [&](const TreeEntry& one) {
    return one.value.kind != Tree::Kind::scalar || file_of(one.value.origin) == file;
  });
  return other && whole && file.ends_with(".yaml") ? file : "";
}

/// What a mapping calls itself; nullptr when it does not.
const Tree* name_of(const Tree& value) {
  for (const char* key : {"name", "label"})
    if (const Tree* found = value.kind == Tree::Kind::mapping ? value.find(key) : nullptr;
        found != nullptr && found->kind == Tree::Kind::scalar)
      return found;
  return nullptr;
}

/// Cards go by what they call themselves, else by the names of their files, with folders where
/// these are not enough, other values by their text.
void label_values(const Tree& list, SweepAxis& axis) {
  std::set<std::string> stems;
  std::vector<std::string> files;
  bool unique = true;
  for (const Tree& value : list.items) {
    files.push_back(card_file(value, list));
    const std::string& file = files.back();
    if (!file.empty())
      unique = stems.insert(std::filesystem::path(file).stem().string()).second && unique;
  }
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const std::string& file = files[i];
    const std::string stem = std::filesystem::path(file).stem().string();
    const bool own = file.empty() || name_of(list.items[i]) != nullptr;
    axis.labels.push_back(own ? label_of(list.items[i]) : unique ? stem : file);
  }
}

void collect(const Tree& tree, const std::string& path, std::vector<SweepAxis>& axes) {
  for (const auto& [key, value] : tree.pairs) {
    const std::string full = path.empty() ? key : fmt::format("{}.{}", path, key);
    if (value.kind == Tree::Kind::mapping) {
      collect(value, full, axes);
      continue;
    }
    require(value.kind == Tree::Kind::list && !value.items.empty(),
            "{}: 'sweep.{}' must be a list of values (for example [1, 2, 4])", value.origin, full);
    axes.push_back({.key = full, .name = {}, .unit = {}, .values = value.items, .labels = {}});
    label_values(value, axes.back());
  }
}

/// The words of a key path; a word below `bits` becomes "<word>_bits".
std::vector<std::string> parts_of(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', start)) {
    parts.push_back(key.substr(start, dot - start));
    start = dot + 1;
  }
  std::string last = key.substr(start);
  if (!parts.empty() && parts.back() == "bits") {
    parts.pop_back();
    last += "_bits";
  }
  parts.push_back(last);
  return parts;
}

std::string join_last(const std::vector<std::string>& parts, std::size_t count) {
  std::string name;
  for (std::size_t i = parts.size() - count; i < parts.size(); ++i)
    name += (name.empty() ? "" : "_") + parts[i];
  return name;
}

bool taken(const std::string& name, const std::vector<SweepAxis>& axes) {
  return std::find(reserved.begin(), reserved.end(), name) != reserved.end() ||
         std::any_of(axes.begin(), axes.end(),
                     [&](const SweepAxis& axis) { return axis.name == name; });
}

void name_axes(std::vector<SweepAxis>& axes) {
  for (SweepAxis& axis : axes) {
    const std::vector<std::string> parts = parts_of(axis.key);
    std::string name;
    for (std::size_t count = 1; count <= parts.size() && (name.empty() || taken(name, axes));
         ++count)
      name = join_last(parts, count);
    while (taken(name, axes)) name.insert(0, "swept_");
    axis.name = name;
    axis.unit = unit_of_key(parts.back());
  }
}

std::optional<double> number_of(const Tree& value) {
  if (value.kind != Tree::Kind::scalar) return std::nullopt;
  double number = 0;
  const char* end = value.scalar.data() + value.scalar.size();
  const auto [stop, problem] = std::from_chars(value.scalar.data(), end, number);
  if (value.scalar.empty() || problem != std::errc{} || stop != end) return std::nullopt;
  return number;
}

bool whole(double number) { return std::abs(number) < 0x1p53 && number == std::trunc(number); }

void check_values(const SweepAxis& axis) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < axis.values.size(); ++i)
    require(seen.insert(axis.labels[i]).second, "{}: 'sweep.{}' holds {} twice (keep one)",
            axis.values[i].origin, axis.key, axis.labels[i]);
}

}  // namespace

std::string flow_text(const Tree& value) {
  switch (value.kind) {
    case Tree::Kind::null:
      return "null";
    case Tree::Kind::scalar:
      return value.scalar;
    case Tree::Kind::list: {
      std::string text;
      for (const Tree& item : value.items) text += (text.empty() ? "" : ", ") + flow_text(item);
      return "[" + text + "]";
    }
    case Tree::Kind::mapping: {
      std::string text;
      for (const auto& [key, item] : value.pairs)
        if (key != "source" || item.kind == Tree::Kind::scalar)
          text += (text.empty() ? "" : ", ") + key + ": " + flow_text(item);
      return "{" + text + "}";
    }
  }
  return "";
}

std::string label_of(const Tree& value) {
  const Tree* name = name_of(value);
  return name != nullptr ? name->scalar : flow_text(value);
}

SweepGrid read_grid(const Tree& card) {
  const Tree* sweep = card.find("sweep");
  require(sweep != nullptr && sweep->kind == Tree::Kind::mapping && !sweep->pairs.empty(),
          "the card has no 'sweep' section (add one, for example --set "
          "'sweep={{weights.bits.basis: [2, 4, 8]}}')");
  SweepGrid grid;
  collect(*sweep, "", grid.axes);
  std::set<std::string> keys;
  std::size_t points = 1;
  for (const SweepAxis& axis : grid.axes) {
    require(keys.insert(axis.key).second, "'sweep.{}' is named twice (keep one)", axis.key);
    check_values(axis);
    require(points <= 1'000'000 / axis.values.size(),
            "the sweep has more than 10^6 points (split it)");
    points *= axis.values.size();
  }
  name_axes(grid.axes);
  return grid;
}

std::size_t SweepGrid::points() const {
  std::size_t count = 1;
  for (const SweepAxis& axis : axes) count *= axis.values.size();
  return count;
}

std::vector<std::size_t> SweepGrid::position(std::size_t point) const {
  std::vector<std::size_t> indices(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    indices[i] = point % axes[i].values.size();
    point /= axes[i].values.size();
  }
  return indices;
}

std::string SweepGrid::describe(std::size_t point) const {
  std::string text;
  const std::vector<std::size_t> at = position(point);
  for (std::size_t i = 0; i < axes.size(); ++i)
    text += (text.empty() ? "" : ", ") + axes[i].name + "=" + axes[i].labels[at[i]];
  return text;
}

std::string SweepGrid::settings(std::size_t point) const {
  std::string text;
  const std::vector<std::size_t> at = position(point);
  for (std::size_t i = 0; i < axes.size(); ++i)
    text += fmt::format("{}--set '{}={}'", text.empty() ? "" : " ", axes[i].key,
                        flow_text(axes[i].values[at[i]]));
  return text;
}

Tree SweepGrid::card_at(const Tree& card, std::size_t point) const {
  // Without its lists of values, which would cost every point as much as all points.
  Tree changed;
  changed.kind = card.kind;
  changed.origin = card.origin;
  changed.file = card.file;
  for (const TreeEntry& entry : card.pairs)
    if (entry.key != "sweep") changed.pairs.push_back(entry);
  const std::vector<std::size_t> at = position(point);
  for (std::size_t i = 0; i < axes.size(); ++i)
    set_at(changed, axes[i].key, axes[i].values[at[i]], card.origin);
  return changed;
}

Axis coordinate(const SweepAxis& axis) {
  std::vector<double> numbers;
  const std::vector<std::string>& labels = axis.labels;
  for (const Tree& value : axis.values) {
    if (const auto number = number_of(value)) numbers.push_back(*number);
  }
  Axis result{.name = axis.name, .unit = axis.unit, .long_name = axis.key};
  if (numbers.size() < labels.size())
    result.values = labels;
  else if (std::all_of(numbers.begin(), numbers.end(), whole))
    result.values = std::vector<std::int64_t>(numbers.begin(), numbers.end());
  else
    result.values = numbers;
  return result;
}

}  // namespace lightloom::experiments
