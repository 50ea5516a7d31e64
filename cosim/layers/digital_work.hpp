#pragma once

#include <cstdint>

#include "nn/graph/graph.hpp"

namespace lightloom::cosim {

/// What the digital unit does with the results of a layer, per image: normalisation, activation
/// functions, pooling, sums of branches, attention.
struct DigitalWork {
  std::int64_t adds = 0;  // additions, subtractions and comparisons
  std::int64_t multiplies = 0;
  std::int64_t lookups = 0;          // of a function table
  std::int64_t activation_macs = 0;  // of the sums and products above: maps times maps, attention
  // Elements of feature maps that pass the activation buffer once more for it (what is done to
  // results on their way to the buffer needs none).
  std::int64_t reads = 0, writes = 0;

  [[nodiscard]] std::int64_t operations() const { return adds + multiplies + lookups; }
  DigitalWork& operator+=(const DigitalWork& other);
  friend bool operator==(const DigitalWork&, const DigitalWork&) = default;
};

/// What is left of a product of maps or an attention for the digital unit where cores take the
/// products: the softmax between the two of an attention, whose scores pass the activation buffer.
DigitalWork work_beside_products(const nn::Graph& graph, int node);

/// The digital work of one node of a network; none for weight layers and for what only renames.
DigitalWork digital_work(const nn::Graph& graph, int node);

}  // namespace lightloom::cosim
