#pragma once

#include <cstdint>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/inference.hpp"

namespace lightloom::nn {

struct Evaluation {
  std::int64_t images = 0;
  std::int64_t correct = 0;
  std::vector<int> predictions;  // by image

  [[nodiscard]] double accuracy() const {
    return images > 0 ? static_cast<double>(correct) / static_cast<double>(images) : 0.0;
  }
};

/// Classifies all images of a set in order, `batch` at a time.
Evaluation evaluate(Inference& inference, const ImageSet& set, int batch = 250);

}  // namespace lightloom::nn
