#pragma once

#include <string>
#include <vector>

#include "core/cards/tree.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/from_cards/ratio_card.hpp"
#include "nn/accounting/ratio.hpp"

namespace lightloom::experiments {

/// The part of a card that the accounting needs; everything else an experiment card holds is let
/// through.
struct RatioStudy {
  std::string model, dataset;
  nn::DatasetShape shape;
  nn::SourceCard weights;
  std::vector<Baseline> baselines;  // counted beside `weights`
};

/// Throws `Error` for a card that names no network or no data set, and for what is wrong with its
/// sections `weights` and `baselines`.
RatioStudy read_ratio(const Tree& card, const RatioNames& names);

/// The sources' labels and ratios, the card's own first.
struct RatiosFound {
  std::vector<std::string> labels;
  std::vector<nn::Ratio> ratios;
};
RatiosFound ratios_of(const RatioStudy& study);

}  // namespace lightloom::experiments
