#include "experiments/statistics/outcomes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::size_t per_word = Outcomes::images_per_word;

Outcomes none_right(std::size_t images) {
  return {.images = images,
          .words = std::vector<std::uint64_t>((images + per_word - 1) / per_word, 0)};
}

}  // namespace

Outcomes outcomes_of(std::span<const int> predictions, std::span<const std::uint16_t> labels) {
  require(predictions.size() == labels.size(), "{} predictions do not belong to {} labels",
          predictions.size(), labels.size());
  Outcomes outcomes = none_right(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (predictions[i] == labels[i])
      outcomes.words[i / per_word] |= std::uint64_t{1} << (i % per_word);
  return outcomes;
}

Outcomes outcomes_of_words(std::span<const double> words, std::size_t images) {
  Outcomes outcomes = none_right(images);
  require(words.size() == outcomes.words.size(),
          "outcomes of {} images take {} words (the file has {}: it is damaged)", images,
          outcomes.words.size(), words.size());
  for (std::size_t w = 0; w < words.size(); ++w) {
    const std::size_t bits = std::min(per_word, images - w * per_word);
    const double end = std::exp2(static_cast<double>(bits));
    require(words[w] >= 0 && words[w] < end && words[w] == std::trunc(words[w]),
            "outcomes of images: word {} is {:g}, not {} bits (the file is damaged)", w, words[w],
            bits);
    outcomes.words[w] = static_cast<std::uint64_t>(words[w]);
  }
  return outcomes;
}

bool is_right(const Outcomes& outcomes, std::size_t image) {
  return (outcomes.words[image / per_word] >> (image % per_word) & 1U) != 0;
}

std::size_t count_right(const Outcomes& outcomes) {
  std::size_t right = 0;
  for (const std::uint64_t word : outcomes.words)
    right += static_cast<std::size_t>(std::popcount(word));
  return right;
}

double accuracy_of(const Outcomes& outcomes) {
  return outcomes.images == 0
             ? 0
             : static_cast<double>(count_right(outcomes)) / static_cast<double>(outcomes.images);
}

std::vector<double> accuracies_of(std::span<const Outcomes> networks) {
  std::vector<double> values;
  for (const Outcomes& one : networks) values.push_back(accuracy_of(one));
  return values;
}

}  // namespace lightloom::experiments
