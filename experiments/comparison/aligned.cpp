#include "experiments/comparison/aligned.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/results/files/tidy_tables.hpp"

namespace lightloom::experiments {
namespace {

/// Coordinates as text: 2 of whole numbers is 2 of others.
std::vector<std::string> labels_of(const Axis& axis) {
  return std::visit(
      [](const auto& list) {
        std::vector<std::string> labels;
        for (const auto& value : list) labels.push_back(fmt::format("{}", value));
        return labels;
      },
      axis.values);
}

/// Points of a list are called by where they are, not by their number in the list.
std::vector<std::string> labels_of(const Labelled& file, const Axis& axis) {
  std::vector<std::string> labels;
  for (const std::string& name : coordinate_names(file)) {
    const Variable* place = file.variable(name);
    if (place == nullptr || place->axes != std::vector<std::string>{axis.name}) continue;
    labels.resize(size_of(axis.values));
    const Axis along{.name = name, .values = place->values, .unit = {}, .long_name = {}};
    const std::vector<std::string> there = labels_of(along);
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (!there[i].empty() && there[i] != "nan")
        labels[i] += fmt::format("{}{}={}", labels[i].empty() ? "" : ", ", name, there[i]);
  }
  return labels.empty() ? labels_of(axis) : labels;
}

/// An axis of an array in both files, and how far apart neighbours along it lie.
struct SharedAxis {
  std::string name;
  std::size_t first_size = 0, second_size = 0;
  std::size_t first_stride = 1, second_stride = 1;
  std::vector<std::string> labels;  // of the common positions
  std::vector<TwoPlaces> common;
};

SharedAxis shared_axis(const TwoFiles& files, const std::string& name) {
  const std::vector<std::string> first = labels_of(files.first, *files.first.axis(name)),
                                 second = labels_of(files.second, *files.second.axis(name));
  SharedAxis axis{.name = name, .first_size = first.size(), .second_size = second.size()};
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < second.size(); ++i) known.emplace(second[i], i);
  for (std::size_t i = 0; i < first.size(); ++i)
    if (const auto found = known.find(first[i]); found != known.end()) {
      axis.common.emplace_back(i, found->second);
      axis.labels.push_back(first[i]);
    }
  return axis;
}

std::vector<SharedAxis> shared_axes(const TwoFiles& files, const std::vector<std::string>& names) {
  std::vector<SharedAxis> axes;
  for (const std::string& name : names) axes.push_back(shared_axis(files, name));
  for (std::size_t i = axes.size(); i-- > 1;) {
    axes[i - 1].first_stride = axes[i].first_stride * axes[i].first_size;
    axes[i - 1].second_stride = axes[i].second_stride * axes[i].second_size;
  }
  return axes;
}

/// All places that one more axis adds to `places`.
void spread(const SharedAxis& axis, std::vector<TwoPlaces>& places) {
  std::vector<TwoPlaces> more;
  for (const auto& [first, second] : places)
    for (const auto& [i, j] : axis.common)
      more.emplace_back(first + i * axis.first_stride, second + j * axis.second_stride);
  places = std::move(more);
}

void spread(std::size_t size, std::size_t stride, std::vector<std::size_t>& places) {
  std::vector<std::size_t> more;
  for (const std::size_t place : places)
    for (std::size_t i = 0; i < size; ++i) more.push_back(place + i * stride);
  places = std::move(more);
}

bool holds_numbers(const Variable* array) {
  return array != nullptr && !std::holds_alternative<std::vector<std::string>>(array->values);
}

}  // namespace

std::string AlignedArray::at(std::size_t element) const {
  std::string text;
  for (std::size_t i = axes.size(); i-- > 0;) {
    const std::size_t size = axes[i].labels.size();
    const std::string one = fmt::format("{}={}", axes[i].name, axes[i].labels[element % size]);
    text = text.empty() ? one : fmt::format("{}, {}", one, text);
    element /= size;
  }
  return text;
}

std::optional<AlignedArray> align(const TwoFiles& files, const std::string& array,
                                  const std::vector<std::string>& sample_axes) {
  const Variable* first = files.first.variable(array);
  const Variable* second = files.second.variable(array);
  if (!holds_numbers(first) || !holds_numbers(second) || first->axes != second->axes)
    return std::nullopt;
  AlignedArray result{.elements = {{0, 0}},
                      .first_samples = {0},
                      .second_samples = {0},
                      .common_samples = {{0, 0}},
                      .axes = {}};
  for (const SharedAxis& axis : shared_axes(files, first->axes)) {
    if (axis.common.empty()) return std::nullopt;
    if (std::find(sample_axes.begin(), sample_axes.end(), axis.name) == sample_axes.end()) {
      spread(axis, result.elements);
      result.axes.push_back({axis.name, axis.labels});
    } else {
      spread(axis.first_size, axis.first_stride, result.first_samples);
      spread(axis.second_size, axis.second_stride, result.second_samples);
      spread(axis, result.common_samples);
    }
  }
  return result;
}

std::vector<double> numbers_of(const Values& values) {
  return std::visit(
      []<class T>(const std::vector<T>& list) -> std::vector<double> {
        if constexpr (std::is_same_v<T, std::string>) {
          return {};
        } else {
          std::vector<double> numbers;
          for (const T value : list) numbers.push_back(static_cast<double>(value));
          return numbers;
        }
      },
      values);
}

}  // namespace lightloom::experiments
