#pragma once

#include <span>

#include "cosim/training/layer_time.hpp"
#include "cosim/training/step_card.hpp"

namespace lightloom::cosim {

/// A training step of layers one behind the other, all of them trained. Every layer's input is kept
/// from its forward product until that of its weights' gradient; a gradient of a map from the layer
/// behind it until both products of the layer before are done. Backward each layer forms the
/// gradient of its weights and then, but for the first, that of its input, each of as many
/// multiply-accumulates as forward and in the same time (the core works in both directions).
/// Gradients of weights are added up elsewhere, with the weights.
StepPlan chain_step(const StepCore& on, std::span<const nn::LayerShape> layers,
                    const TrainingStepCard& card);

/// Bytes of a batch of maps of so many numbers an image.
double map_bytes(const TrainingStepCard& card, double numbers);

}  // namespace lightloom::cosim
