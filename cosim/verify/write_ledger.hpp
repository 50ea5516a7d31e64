#pragma once

#include <cstdint>

#include "cosim/layers/cost_cards.hpp"
#include "cosim/verify/verified_core.hpp"
#include "cosim/verify/weight_scores.hpp"
#include "nn/graph/layer_shape.hpp"

namespace lightloom::cosim {

/// What programming a network onto one chip takes. Every device is written once, without looking;
/// a verified one `pulses` times more, each time read back: a vector for every column of the tile
/// that holds one, with its light and converters.
struct WriteLedger {
  std::int64_t devices = 0;           // written once
  std::int64_t verified_weights = 0;  // of the network
  std::int64_t verified_devices = 0;
  std::int64_t writes = 0;    // of devices, all together
  double time_us = 0;         // by the lanes of the programming card, tile after tile
  std::int64_t readings = 0;  // vectors
  double energy_nJ = 0;       // of writes and readings
};

/// The hardware that writes.
struct Writer {
  const photonic::CoreDescription& core;
  const ProgrammingCard& programming;
};
WriteLedger count_writes(const Writer& writer, const nn::NetworkShape& network,
                         const VerifiedWeights& verified, const VerifyCard& card);

}  // namespace lightloom::cosim
