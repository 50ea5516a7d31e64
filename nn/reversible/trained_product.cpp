#include "nn/reversible/trained_product.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/random/random.hpp"
#include "nn/ops/elementwise.hpp"

namespace lightloom::nn {

TrainedProduct::TrainedProduct(const LayerShape& shape, Begins begins, BranchDraw& draw)
    : shape_(shape), product_(shape, draw.workspace) {
  const std::uint32_t number = draw.number++;
  const auto outputs = static_cast<std::size_t>(shape.out_channels),
             count = static_cast<std::size_t>(shape.weights());
  weights_ = {.name = fmt::format("branch_{}_weights", number),
              .value = std::vector<float>(count),
              .gradient = std::vector<float>(count)};
  bias_ = {.name = fmt::format("branch_{}_bias", number),
           .value = std::vector<float>(outputs),
           .gradient = std::vector<float>(outputs),
           .decay = false};
  d_weights_.resize(count);
  d_bias_.resize(outputs);
  if (begins == Begins::zero) return;
  StreamAddress address = address_of(family::branch_weights, draw.seed);
  address.layer += number;
  const Stream stream(address);
  const double spread = std::sqrt(2.0 / shape.matrix_columns());
  for (std::size_t i = 0; i < count; ++i)
    weights_.value[i] = static_cast<float>(spread * stream.normal(i));
}

void TrainedProduct::forward(const Tensor& x, Tensor& y, const Finish& finish) {
  product_.set_weights(weights_.value);
  product_.forward(x, bias_.value, y, finish);
}

void TrainedProduct::add_gradients(const Tensor& x, const Tensor& dy) {
  product_.backward_weights(x, dy, d_weights_, d_bias_);
  accumulate(d_weights_, weights_.gradient);
  accumulate(d_bias_, bias_.gradient);
}

void TrainedProduct::backward(const Tensor& dy, Tensor& dx) {
  product_.set_weights(weights_.value);
  product_.backward_input(dy, dx);
}

}  // namespace lightloom::nn
