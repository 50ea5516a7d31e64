#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lightloom::experiments {

/// Whether a network classified each image of a set rightly: one bit an image, in the set's order.
/// A word holds `images_per_word` of them, the first in its lowest bit, so that it fits a double
/// exactly (sweeps keep numbers as doubles).
struct Outcomes {
  static constexpr std::size_t images_per_word = 48;

  std::size_t images = 0;
  std::vector<std::uint64_t> words;

  bool operator==(const Outcomes&) const = default;
};

/// Right where a prediction is the label. Throws `Error` when there are not as many of both.
Outcomes outcomes_of(std::span<const int> predictions, std::span<const std::uint16_t> labels);
/// From the words of a file. Throws `Error` for words that do not belong to `images` images.
Outcomes outcomes_of_words(std::span<const double> words, std::size_t images);

bool is_right(const Outcomes& outcomes, std::size_t image);
std::size_t count_right(const Outcomes& outcomes);
/// Share of images that are right; 0 for none.
double accuracy_of(const Outcomes& outcomes);
std::vector<double> accuracies_of(std::span<const Outcomes> networks);

}  // namespace lightloom::experiments
