#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nn/files/large_vector.hpp"
#include "nn/graph/graph.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// The values of some nodes of a graph for a number of images, one after the other, channels last;
/// on disk where they would take too much of the memory (see LargeVector).
class NodeValues {
 public:
  /// Zeros.
  NodeValues(const Graph& graph, std::span<const int> nodes, std::size_t images);

  [[nodiscard]] std::size_t images() const { return images_; }
  /// Those of the node at place `k` of the list, (images, height, width, channels).
  [[nodiscard]] std::span<const float> of(std::size_t k) const { return kept_[k].values; }

  /// Puts in a batch, a tensor for each node in the order of the list, as the images from `first`
  /// on.
  void put(std::size_t first, std::span<const Tensor* const> batch);
  /// A batch of the images `order`, likewise.
  void take(std::span<const std::uint32_t> order, std::vector<Tensor>& batch) const;
  /// A batch of the images first, ..., last - 1.
  void take(std::size_t first, std::size_t last, std::vector<Tensor>& batch) const;

 private:
  struct Kept {
    MapShape shape;
    LargeVector<float> values;
  };
  std::size_t images_;
  std::vector<Kept> kept_;
};

}  // namespace lightloom::nn
