#pragma once

#include <cstdint>
#include <vector>

#include "nn/data/image_set.hpp"
#include "nn/graph/graph_cut.hpp"
#include "nn/inference/node_values.hpp"
#include "nn/network/network.hpp"
#include "nn/train/given_part.hpp"

namespace lightloom::nn {

/// What is known of a network's first part, such as what a chip that it stands on measured: a
/// training of the rest begins there. Nothing in the first part is trained. Refers to all of it.
struct MeasuredPart {
  const GraphCut& cut;
  const NodeValues& train;       // of cut.frontier: those of the training images, view by view
  const NodeValues& validation;  // of the validation images
  int views = 1;                 // of every training image; epoch e takes view e mod views
  std::uint64_t seed = 0;        // view v was augmented as in epoch v of a training with this seed
};

/// What a training pass begins with; refers to the measured part.
GivenPart given_part(const MeasuredPart& measured);

/// The optimiser's parameters in the order of `Network::parameters`: whether each is trained when
/// the first part of a cut is not. Without one, all are.
std::vector<bool> trained_parameters(Network& network, const GraphCut* cut);
/// The same of weight layers.
std::vector<bool> trained_layers(const Network& network, const GraphCut* cut);

/// What the rest of the network, digitally, makes of the validation images: the share of right
/// classes, or of the targets' variance that it explains (NumberErrors::explained).
double validation_accuracy(Network& network, const ImageSet& validation, const MeasuredPart& part);

}  // namespace lightloom::nn
