#pragma once

#include <limits>
#include <span>
#include <vector>

#include "experiments/statistics/interval.hpp"
#include "experiments/statistics/outcomes.hpp"

namespace lightloom::experiments {

/// Where an accuracy measured on some chips of some trainings on some images comes from, and what
/// it says of others. x = mu + s(training) + a(chip in training) + b(image) + e, all drawn at
/// random; trainings and chips see the same images. 95 % intervals of the mean accuracy, each for
/// one statement; not a number where there are too few of what it speaks of, or where those do not
/// differ (docs/models/statistics.md).
struct AccuracyIntervals {
  double mean = 0;
  int trainings = 1, chips = 1;  // chips of each training
  std::size_t images = 0;

  // Standard deviations of the model's parts; not a number where they cannot be told apart.
  double between_trainings = std::numeric_limits<double>::quiet_NaN();
  double between_chips = std::numeric_limits<double>::quiet_NaN();
  double between_images = std::numeric_limits<double>::quiet_NaN();
  double rest = std::numeric_limits<double>::quiet_NaN();

  Interval other_images = {};     // these trainings and chips
  Interval other_chips = {};      // of these trainings, on these images
  Interval other_trainings = {};  // each with chips of its own, on these images
  Interval together = {};         // of everything that there are several of, and other images

  Interval next_chip = {};         // one chip more (of another training if there are several): its
                                   // accuracy on these images
  Interval next_chip_images = {};  // the same, its accuracy on other images
};

/// Of outcomes by training and chip. A digital network is one "chip" a training. Throws `Error` for
/// none, or where trainings have other numbers of chips or images. A pure function of the outcomes.
AccuracyIntervals accuracy_intervals(std::span<const std::vector<Outcomes>> trainings);

/// Of one network on other images: Wilson's interval.
Interval other_images(const Outcomes& outcomes);

}  // namespace lightloom::experiments
