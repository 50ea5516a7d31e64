#include "nn/ops/elementwise.hpp"
#include "nn/steps/step.hpp"

namespace lightloom::nn {

bool only_ours(const std::shared_ptr<Tensor>& tensor) { return tensor.use_count() <= 2; }

Tensor& Flow::make_value(int node) {
  auto& slot = values[static_cast<std::size_t>(node)];
  slot = fresh(node);
  return *slot;
}

std::shared_ptr<Tensor> Flow::in_place_of_gradient(int node) {
  const auto& gradient = gradients[static_cast<std::size_t>(node)];
  return only_ours(gradient) ? gradient : fresh(node);
}

void Flow::give_gradient(int node, std::shared_ptr<Tensor> gradient) {
  auto& slot = gradients[static_cast<std::size_t>(node)];
  if (slot == nullptr) {
    slot = std::move(gradient);
  } else if (only_ours(slot)) {
    add(*slot, *gradient, AddThen::nothing, *slot);
  } else {
    std::shared_ptr<Tensor> sum = only_ours(gradient) ? gradient : fresh(node);
    add(*slot, *gradient, AddThen::nothing, *sum);
    slot = std::move(sum);
  }
}

}  // namespace lightloom::nn
