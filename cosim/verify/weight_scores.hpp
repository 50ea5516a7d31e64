#pragma once

#include <cstdint>
#include <vector>

#include "core/cards/card.hpp"
#include "cosim/verify/verified_core.hpp"
#include "nn/data/image_set.hpp"
#include "nn/network/network.hpp"

namespace lightloom::cosim {

/// What the weights are ranked by that are written with verification:
///     second_derivative  h E[d^2], h the second derivative of the loss, E[d^2] the mean squared
///                        error of the layer's weights on chips (SWIM, Yan et al., DAC 2022)
///     per_device         h E[d^2] with the squared error of each weight's own device (U-SWIM)
///     magnitude          |w|
///     random             nothing: the control
enum class WeightScore { second_derivative, per_device, magnitude, random };

/// Selective write-verify.
struct VerifyCard {
  std::vector<double> shares{0.01, 0.1};  // of all weights, each tried
  WeightScore score = WeightScore::second_derivative;
  double tolerance = 0.01;  // error that is left, as a share of a tile's full scale
  int pulses = 10;          // writes of one verified device, each read back
  int pilots = 4;     // chips, none of those that are evaluated, that tell the errors to expect
  int images = 1024;  // training images that tell the second derivatives
};
void describe(Section& section, VerifyCard& card);

/// Scores by layer number, (tiles, rows, columns) of the core; below zero where no weight is.
using WeightScores = std::vector<std::vector<float>>;

/// Scores all weights of a network on a core. Second derivatives are the diagonal of the
/// Gauss-Newton matrix of the cross-entropy: mean squared gradients of batches whose labels are
/// drawn from what the network itself says (an unbiased estimate, since gradients of independent
/// images with such labels have mean zero; Liu et al., Sophia, 2023, section 2.3). The network
/// stays as it is.
struct ScoredImages {
  const nn::ImageSet& set;  // the first `VerifyCard::images` of it
  std::uint64_t seed = 0;
};
WeightScores score_weights(nn::Network& network, const photonic::TensorCore& core,
                           const VerifyCard& card, const ScoredImages& images);

/// Mean squared gradients by layer, [out, in / groups, height, width] each; a common factor is
/// free.
std::vector<std::vector<float>> second_derivatives(nn::Network& network, const ScoredImages& images,
                                                   int count);

/// The share of the weights with the highest scores; of meshes whole tiles (verifies_tiles), by the
/// sum of their scores, as many as fit into the share.
VerifiedWeights choose_weights(const WeightScores& scores, const photonic::CoreDescription& core,
                               double share);

}  // namespace lightloom::cosim
