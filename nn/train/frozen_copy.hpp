#pragma once

#include "nn/network/network.hpp"

namespace lightloom::nn {

/// The same function of the input, made for gradients through a network that does not change:
/// weights as single-precision numbers, batch normalisations as a factor and a shift a channel,
/// which a training pass leaves as they are. Layers and normalisations keep their numbers.
Network frozen_copy(Network& network);

}  // namespace lightloom::nn
