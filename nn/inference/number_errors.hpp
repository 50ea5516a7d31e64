#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/data/batch.hpp"
#include "nn/inference/inference.hpp"

namespace lightloom::nn {

/// How far a network's numbers are from the right ones, over images and outputs.
struct NumberErrors {
  std::int64_t images = 0, outputs = 0;
  double squared = 0, absolute = 0;            // sums over all outputs of all images
  std::vector<double> target, target_squared;  // sums over images, by output
  std::vector<double> by_image;                // mean squared error of each

  [[nodiscard]] double mean_squared() const;
  [[nodiscard]] double root_mean_squared() const;
  [[nodiscard]] double mean_absolute() const;
  /// Share of the targets' variance that is explained, 1 - sum (y - t)^2 / sum (t - mean t)^2, the
  /// mean of each output its own: 1 is perfect, 0 what answering the mean gets, below it worse.
  /// Where the targets do not vary: minus the mean squared error.
  [[nodiscard]] double explained() const;
};

/// Adds what `outputs` say of images whose right numbers are `targets`, image by image.
void add_errors(const Tensor& outputs, std::span<const float> targets, NumberErrors& errors);

/// The images of a set in order, `batch` at a time: all of them, or a range. The set's answers are
/// numbers.
NumberErrors evaluate_numbers(Inference& inference, const ImageSet& set, int batch = 250);
NumberErrors evaluate_numbers(Inference& inference, const ImageSet& set, const ImageRange& range,
                              int batch = 250);

}  // namespace lightloom::nn
