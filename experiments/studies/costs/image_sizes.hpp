#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// Who multiplies with whom: weights that are stored or made on chip, or activations.
struct ProductCounts {
  std::int64_t of_weights = 0;      // multiply-adds of an image
  std::int64_t of_activations = 0;  // of maps with maps (attention)
  /// The share of those that a weight source and programmed cores serve; 1 where there are none.
  [[nodiscard]] double static_share() const;
};
ProductCounts product_counts(const std::vector<cosim::CostLayer>& layers);

/// The card's network on square images of so many pixels a side.
struct ImageSize {
  int pixels = 0;
  std::int64_t tokens = 0;  // of the longest attention; 0: it has none
  ProductCounts products;
  double time_s = 0, energy_J = 0;  // of a batch, with the card's own source
};

/// "16,32,64" as sizes. Throws `Error`.
std::vector<int> image_sizes(const std::string& text);
/// Each of them with the full cost simulation of the card's own source.
std::vector<ImageSize> study_image_sizes(const Experiment& card, const std::vector<int>& sizes,
                                         ProgressSink& progress);

Json image_sizes_json(const std::vector<ImageSize>& sizes);
std::string image_sizes_text(const std::vector<ImageSize>& sizes);

}  // namespace lightloom::experiments
