#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "nn/graph/graph_cut.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// The values at a cut's frontier, in its order, of a batch: of its images, or of the numbers that
/// these have among those whose values are known.
using ValuesOfBatch = std::function<void(
    const Tensor& images, std::span<const std::uint32_t> numbers, std::vector<Tensor>& values)>;

/// Where a pass through the rest of a network begins. Refers to the cut.
struct GivenPart {
  const GraphCut* cut = nullptr;
  ValuesOfBatch values = {};
};

}  // namespace lightloom::nn
