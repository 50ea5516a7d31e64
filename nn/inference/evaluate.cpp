#include "nn/inference/evaluate.hpp"

namespace lightloom::nn {

Evaluation evaluate(Inference& inference, const ImageSet& set, int batch) {
  return evaluate(inference, set, {0, set.size()}, batch);
}

Evaluation evaluate(Inference& inference, const ImageSet& set, const ImageRange& range, int batch) {
  Evaluation result;
  for_each_batch(
      set, range, static_cast<std::size_t>(batch), [&](const Batch& one, std::size_t first) {
        const std::vector<int> guesses = predictions(inference.forward(one.images, first));
        for (std::size_t i = 0; i < guesses.size(); ++i)
          result.correct += guesses[i] == one.labels[i] ? 1 : 0;
        result.predictions.insert(result.predictions.end(), guesses.begin(), guesses.end());
      });
  result.images = static_cast<std::int64_t>(range.last - range.first);
  return result;
}

}  // namespace lightloom::nn
