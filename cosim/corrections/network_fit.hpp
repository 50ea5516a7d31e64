#pragma once

#include <cstdint>
#include <vector>

#include "cosim/corrections/correcting_engine.hpp"
#include "cosim/corrections/corrector_choice.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::cosim {

/// What is measured to fit correctors.
struct FitImages {
  const nn::Tensor& images;        // all go through the network at once
  std::uint64_t first_number = 0;  // of them, by which noise is drawn
  int calibration = 64;            // of them, the first: ranges of each layer's converters
  int vectors = 8192;              // of every layer that are fitted and judged by, at most
  double held_out = 0.25;          // share of them that judges, the last
};

struct NetworkFit {
  NetworkCorrector corrector;
  std::vector<HeldOutError> errors;  // by layer
  std::vector<double> frozen;        // by layer, see `frozen_share`; of the raw outputs
};

/// Fits a corrector of every layer in the order of the network: the chip measures a layer's outputs
/// of the inputs that the layers before it, corrected, give it; wanted is what exact weights make
/// of the same inputs. Where one mixing serves all layers it is fitted in `shared_rounds` rounds,
/// each on what the one before gives. `network` is the one that the chip was made with.
NetworkFit fit_network(FrozenChip& chip, nn::Network& network, const FitImages& images,
                       const CorrectorChoice& choice);
inline constexpr int shared_rounds = 3;

}  // namespace lightloom::cosim
