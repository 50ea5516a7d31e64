#include "nn/inference/evaluate.hpp"

#include <algorithm>
#include <numeric>

namespace lightloom::nn {

Evaluation evaluate(Inference& inference, const ImageSet& set, int batch) {
  return evaluate(inference, set, {0, set.size()}, batch);
}

Evaluation evaluate(Inference& inference, const ImageSet& set, const ImageRange& range, int batch) {
  Evaluation result;
  Tensor images;
  std::vector<int> labels;
  std::vector<std::uint32_t> order(set.size());
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t first = range.first; first < range.last;
       first += static_cast<std::size_t>(batch)) {
    const std::size_t count = std::min(static_cast<std::size_t>(batch), range.last - first);
    fill_batch(set, std::span(order).subspan(first, count), images, labels);
    const std::vector<int> guesses = predictions(inference.forward(images, first));
    for (std::size_t i = 0; i < count; ++i) result.correct += guesses[i] == labels[i] ? 1 : 0;
    result.predictions.insert(result.predictions.end(), guesses.begin(), guesses.end());
  }
  result.images = static_cast<std::int64_t>(range.last - range.first);
  return result;
}

}  // namespace lightloom::nn
