#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// Two results files that are compared.
struct TwoFiles {
  const Labelled& first;
  const Labelled& second;
};

/// A place in the first and in the second file's array.
using TwoPlaces = std::pair<std::size_t, std::size_t>;

/// An array of both files at the coordinates that both know. Some axes count samples (chips): the
/// other axes give its elements, and an element's samples lie at the element's place plus an
/// offset.
struct AlignedArray {
  std::vector<TwoPlaces> elements;                         // the last axis fastest
  std::vector<std::size_t> first_samples, second_samples;  // offsets of all samples in either file
  std::vector<TwoPlaces> common_samples;                   // of those that both have

  /// "source=dense, layer=fc" of an element; "" where there is one alone.
  [[nodiscard]] std::string at(std::size_t element) const;

  struct NamedAxis {
    std::string name;
    std::vector<std::string> labels;  // of the common positions
  };
  std::vector<NamedAxis> axes;  // of the elements
};

/// Nothing where a file lacks the array, where its axes are others, or no coordinate is common.
std::optional<AlignedArray> align(const TwoFiles& files, const std::string& array,
                                  const std::vector<std::string>& sample_axes);

/// All numbers of an array as doubles; none for texts.
std::vector<double> numbers_of(const Values& values);

}  // namespace lightloom::experiments
