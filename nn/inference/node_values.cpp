#include "nn/inference/node_values.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace lightloom::nn {

NodeValues::NodeValues(const Graph& graph, std::span<const int> nodes, std::size_t images)
    : images_(images) {
  for (const int node : nodes) {
    const MapShape& shape = graph.nodes[static_cast<std::size_t>(node)].shape;
    kept_.push_back({shape, LargeVector<float>(images * static_cast<std::size_t>(shape.size()))});
  }
}

void NodeValues::put(std::size_t first, std::span<const Tensor* const> batch) {
  assert(batch.size() == kept_.size());
  for (std::size_t k = 0; k < kept_.size(); ++k) {
    const std::span<const float> from = batch[k]->values();
    const auto size = static_cast<std::size_t>(kept_[k].shape.size());
    assert(first * size + from.size() <= kept_[k].values.size());
    std::copy(from.begin(), from.end(),
              kept_[k].values.begin() + static_cast<std::ptrdiff_t>(first * size));
  }
}

void NodeValues::take(std::span<const std::uint32_t> order, std::vector<Tensor>& batch) const {
  batch.resize(kept_.size());
  for (std::size_t k = 0; k < kept_.size(); ++k) {
    batch[k].resize({static_cast<int>(order.size()), kept_[k].shape});
    const auto size = static_cast<std::size_t>(kept_[k].shape.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      std::copy_n(kept_[k].values.data() + order[i] * size, size, batch[k].data() + i * size);
  }
}

void NodeValues::take(std::size_t first, std::size_t last, std::vector<Tensor>& batch) const {
  std::vector<std::uint32_t> order(last - first);
  std::iota(order.begin(), order.end(), static_cast<std::uint32_t>(first));
  take(order, batch);
}

}  // namespace lightloom::nn
