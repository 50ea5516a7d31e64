#include "nn/inference/inference.hpp"

#include <algorithm>

#include "nn/inference/part_inference.hpp"

namespace lightloom::nn {

Inference::Inference(Network& network, MatrixEngine* engine, std::uint32_t write)
    : all_(std::make_unique<PartInference>(network, cut_at_input(network.graph()),
                                           cut_at_output(network.graph()),
                                           Through{engine, write})) {}

Inference::~Inference() = default;

const Tensor& Inference::forward(const Tensor& images, std::uint64_t first_image) {
  const Tensor* const given[] = {&images};
  return *all_->forward(given, first_image).front();
}

std::vector<int> predictions(const Tensor& logits) {
  const int classes = static_cast<int>(logits.shape().size() / logits.shape().images);
  std::vector<int> best;
  for (int image = 0; image < logits.shape().images; ++image) {
    const float* row = logits.data() + std::int64_t{image} * classes;
    best.push_back(static_cast<int>(std::max_element(row, row + classes) - row));
  }
  return best;
}

}  // namespace lightloom::nn
