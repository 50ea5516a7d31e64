#pragma once

#include <string>

#include "core/cards/tree.hpp"
#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// Network and data set by name, in the place of those of a card; "": the card's.
struct RatioNames {
  std::string model, dataset;
};

/// Parameters and stored bits by source and layer: the storage variables of
/// docs/use/results-files.md, with the attributes model and dataset. The card may be an
/// experiment's or hold `weights` alone. Throws `Error` for a card that names no network or no data
/// set, and `CardError` for what is wrong with its sections `weights` and `baselines`.
Labelled ratio_card(const Tree& card, const RatioNames& names = {});

}  // namespace lightloom::experiments
