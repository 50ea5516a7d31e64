#pragma once

#include "cosim/layers/digital_work.hpp"
#include "experiments/studies/slimmable/slim_study.hpp"

namespace lightloom::experiments {

/// What a gate takes of the digital unit for one image: the means of the trunk's map over its
/// positions, its two products with their biases, the activation between them and the largest of
/// the results.
cosim::DigitalWork gate_work(const nn::MapShape& map, const nn::GateCard& gate);

/// The cost of one image through a width, its layers made of their slices' words, behind the layer
/// `after` the gate's own work.
ImageCost width_cost(const Experiment& card, nn::SlimmableNetwork& slim, std::size_t width);

/// The width behind the trunk whose network alone, on the card's source, comes closest to so many
/// bits an image, and its channels in the full model.
struct StaticWidth {
  double width = 1;
  nn::ScaledGraph scaled;
};
StaticWidth static_width(const Experiment& card, const nn::Graph& model, const nn::SlimCard& slim,
                         double bits);

}  // namespace lightloom::experiments
