#pragma once

#include <span>
#include <vector>

#include "cosim/visits/layer_setup.hpp"

namespace lightloom::cosim {

/// Words in the weight buffer that layers find there since an earlier one of the same batch.
struct HereWords {
  std::vector<double> bits;        // by layer; empty: none
  std::vector<std::size_t> since;  // by layer: the one that left them there; itself: none
  double most_bytes = 0;           // that stay for it at once
  [[nodiscard]] double of(std::size_t layer) const { return bits.empty() ? 0 : bits[layer]; }
};

/// Which layers find the words that they share with an earlier one (CostLayer::shared) in the
/// weight buffer, in a batch that finds it empty. Between two layers of a group they stay as far as
/// there is room beside what stays for others and what fetching needs: `weight_slots` tiles for
/// every core, and what a layer relies on finding while it runs. Others fetch them again. Device
/// settings are each layer's own.
HereWords words_here(std::span<const LayerSetup> setups);

}  // namespace lightloom::cosim
