#include "experiments/designs/sweep_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>

#include "core/error.hpp"
#include "experiments/cards/units_of_keys.hpp"

namespace lightloom::experiments {
namespace {

// Axes and variables of a run; a swept key of the same name gets its section in front.
constexpr std::array reserved{"chip",    "layer",    "component",     "source", "stage", "part",
                              "state",   "epoch",    "teacher_epoch", "done",   "time",  "energy",
                              "speedup", "training", "image_word",    "point"};

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

}  // namespace

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

void require_different(const std::vector<SweepAxis>& axes) {
  std::set<std::string> keys;
  for (const SweepAxis& axis : axes) {
    require(keys.insert(axis.key).second, "'sweep.{}' is named twice (keep one)", axis.key);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < axis.values.size(); ++i)
      require(seen.insert(axis.labels[i]).second, "{}: 'sweep.{}' holds {} twice (keep one)",
              axis.values[i].origin, axis.key, axis.labels[i]);
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

}  // namespace lightloom::experiments
