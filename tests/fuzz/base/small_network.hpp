#pragma once

#include "nn/network/network.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::fuzz {

/// A convolution, a batch normalisation and a linear layer, of 100 weights together: images of
/// 4 x 4 with one channel.
nn::Network small_network(const nn::SourceCard& card);

}  // namespace lightloom::fuzz
