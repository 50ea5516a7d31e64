#pragma once

#include "experiments/studies/slimmable/slim_study.hpp"

namespace lightloom::experiments {

/// The cost of one image through a width, its layers made of their slices' words. The gate's own
/// few products are left out.
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
