#pragma once

#include "nn/network/network.hpp"
#include "nn/packing/packed_file.hpp"

namespace lightloom::nn {

/// Every stored word of a network: its sources' streams, biases, normalisations, running
/// statistics, activation ranges. The bits with `in_ratio` are those that `ratio_of` reports as
/// memory_bits (for SmartExchange at most those).
PackedFile packed(Network& network);

/// Gives a network whose weights are the regenerated ones: `network` must have the same graph and
/// dense sources. Weights come out equal to the bit to those the packed network materialised.
/// `card` is the card of the packed sources.
void unpack_into(const PackedFile& file, const SourceCard& card, Network& network);

}  // namespace lightloom::nn
