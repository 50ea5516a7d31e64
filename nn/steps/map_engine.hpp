#pragma once

#include "nn/graph/matrix_engine.hpp"
#include "nn/ops/maps/attention.hpp"
#include "nn/steps/step.hpp"

namespace lightloom::nn {

/// Products of maps through an engine that takes them. False, having done nothing, where there is
/// no engine, or one that does not.

/// See `attention` (nn/ops/maps): both of its products, with the digital softmax between them.
bool attend_on_engine(const Flow& flow, int node, const AttentionInputs& maps, Tensor& y);

/// See `matrix_product` (nn/ops/maps).
bool multiply_on_engine(const Flow& flow, int node, Tensor& y);

}  // namespace lightloom::nn
