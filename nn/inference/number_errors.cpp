#include "nn/inference/number_errors.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::nn {

double NumberErrors::mean_squared() const {
  const std::int64_t numbers = images * outputs;
  return numbers > 0 ? squared / static_cast<double>(numbers) : 0;
}

double NumberErrors::root_mean_squared() const { return std::sqrt(mean_squared()); }

double NumberErrors::mean_absolute() const {
  const std::int64_t numbers = images * outputs;
  return numbers > 0 ? absolute / static_cast<double>(numbers) : 0;
}

double NumberErrors::explained() const {
  double variation = 0;
  for (std::size_t o = 0; o < target.size(); ++o)
    variation += std::max(
        0.0, target_squared[o] -
                 target[o] * target[o] / static_cast<double>(std::max<std::int64_t>(1, images)));
  return variation > 0 ? 1 - squared / variation : -mean_squared();
}

void add_errors(const Tensor& outputs, std::span<const float> targets, NumberErrors& errors) {
  const auto images = static_cast<std::size_t>(outputs.shape().images);
  const std::size_t width = images == 0 ? 0 : targets.size() / images;
  errors.images += outputs.shape().images;
  errors.outputs = static_cast<std::int64_t>(width);
  errors.target.resize(width, 0.0);
  errors.target_squared.resize(width, 0.0);
  for (std::size_t i = 0; i < images; ++i) {
    double squared = 0;
    for (std::size_t o = 0; o < width; ++o) {
      const double target = targets[i * width + o];
      const double error = outputs.values()[i * width + o] - target;
      squared += error * error;
      errors.absolute += std::abs(error);
      errors.target[o] += target;
      errors.target_squared[o] += target * target;
    }
    errors.squared += squared;
    errors.by_image.push_back(squared / static_cast<double>(std::max<std::size_t>(1, width)));
  }
}

NumberErrors evaluate_numbers(Inference& inference, const ImageSet& set, int batch) {
  return evaluate_numbers(inference, set, {0, set.size()}, batch);
}

NumberErrors evaluate_numbers(Inference& inference, const ImageSet& set, const ImageRange& range,
                              int batch) {
  NumberErrors errors;
  for_each_batch(set, range, static_cast<std::size_t>(batch),
                 [&](const Batch& one, std::size_t first) {
                   add_errors(inference.forward(one.images, first), one.targets, errors);
                 });
  return errors;
}

}  // namespace lightloom::nn
