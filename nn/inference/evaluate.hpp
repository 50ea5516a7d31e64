#pragma once

#include <cstdint>
#include <vector>

#include "nn/data/batch.hpp"
#include "nn/inference/inference.hpp"

namespace lightloom::nn {

struct Evaluation {
  std::int64_t images = 0;
  std::int64_t correct = 0;
  std::vector<int> predictions;  // by image

  [[nodiscard]] double accuracy() const {
    return images > 0 ? static_cast<double>(correct) / static_cast<double>(images) : 0.0;
  }
};

/// Classifies images of a set in order, `batch` at a time: all of them, or a range.
Evaluation evaluate(Inference& inference, const ImageSet& set, int batch = 250);
Evaluation evaluate(Inference& inference, const ImageSet& set, const ImageRange& range,
                    int batch = 250);

}  // namespace lightloom::nn
