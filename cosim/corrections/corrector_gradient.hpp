#pragma once

#include <span>
#include <vector>

#include "cosim/corrections/correcting_engine.hpp"
#include "nn/optim/parameter.hpp"

namespace lightloom::cosim {

/// What a layer's correction saw of some images: its operands, and the gradient of a loss in what
/// it gave.
struct CorrectionSeen {
  CorrectedLayer layer;
  const nn::InputMaps& inputs;
  std::span<const float> measured;   // (images, positions, outputs)
  std::span<const float> d_outputs;  // the same
};

/// Adds to `gradient`, of the form of `corrector`, what the loss changes with its numbers. The same
/// bits on any number of threads.
void add_gradient(const LayerCorrector& corrector, const CorrectionSeen& seen,
                  LayerCorrector& gradient);
/// Zeros in the form of a corrector.
LayerCorrector zeros_like(const LayerCorrector& corrector);

/// The numbers of a network's corrector, each once, as parameters of an optimiser; where one mixing
/// is shared, it is one of them.
std::vector<nn::Parameter> parameters_of(const NetworkCorrector& corrector);
/// Puts them back.
void set_parameters(std::span<const nn::Parameter> parameters, NetworkCorrector& corrector);
/// Adds the gradients (by layer) to those of the parameters.
void give_gradients(const NetworkCorrector& gradients, std::span<nn::Parameter> parameters);

}  // namespace lightloom::cosim
