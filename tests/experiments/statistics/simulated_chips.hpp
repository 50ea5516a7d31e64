#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random/random.hpp"
#include "experiments/statistics/outcomes.hpp"

namespace lightloom::experiments {

/// Chips whose accuracy is known: an image is right where its own normal number, the chip's, the
/// training's and one of the pair add up to more than `threshold`.
struct SimulatedChips {
  double threshold = -1.3, training = 0, chip = 0.2,
         pair = 0.7;  // standard deviations; an image's is 1

  /// Probability of being right for what stands fixed, all else drawn with variance `variance`.
  [[nodiscard]] double share(double fixed, double variance) const {
    return 0.5 * std::erfc((threshold - fixed) / std::sqrt(2 * variance));
  }
};

/// One experiment drawn: its numbers are functions of (experiment, what, index).
class Drawn {
 public:
  Drawn(const SimulatedChips& chips, std::uint64_t experiment)
      : chips_(chips), stream_({.seed = experiment, .purpose = Purpose::test}) {}

  [[nodiscard]] double image(std::size_t i) const { return stream_.normal(i, 0); }
  [[nodiscard]] double chip(std::size_t training, std::size_t c) const {
    return chips_.training * stream_.normal(training, 1) +
           chips_.chip * stream_.normal(1000 * training + c, 2);
  }
  [[nodiscard]] Outcomes outcomes(std::size_t training, std::size_t c, std::size_t images) const {
    std::vector<int> right(images);
    for (std::size_t i = 0; i < images; ++i)
      right[i] =
          image(i) + chip(training, c) + chips_.pair * stream_.normal(i, 10 + 1000 * training + c) >
                  chips_.threshold
              ? 1
              : 0;
    return outcomes_of(right, std::vector<std::uint16_t>(images, 1));
  }
  [[nodiscard]] std::vector<Outcomes> row(std::size_t training, std::size_t chips,
                                          std::size_t images) const {
    std::vector<Outcomes> all;
    for (std::size_t c = 0; c < chips; ++c) all.push_back(outcomes(training, c, images));
    return all;
  }

 private:
  SimulatedChips chips_;
  Stream stream_;
};

/// Counts how often intervals hold what they should, and says whether that is their level within
/// four standard errors.
class Coverage {
 public:
  void see(double low, double truth, double high) {
    ++seen_;
    held_ += low <= truth && truth <= high ? 1 : 0;
  }
  [[nodiscard]] double share() const { return static_cast<double>(held_) / seen_; }
  [[nodiscard]] double four_errors() const { return 4 * std::sqrt(0.95 * 0.05 / seen_); }

 private:
  int seen_ = 0, held_ = 0;
};

}  // namespace lightloom::experiments
