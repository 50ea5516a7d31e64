#pragma once

#include <optional>
#include <vector>

#include "cosim/generator/generation_cost.hpp"
#include "cosim/generator/generator_card.hpp"
#include "cosim/layers/cost_cards.hpp"
#include "cosim/layers/digital_work.hpp"
#include "cosim/mapping.hpp"
#include "memory/memory_card.hpp"
#include "nn/graph/layer_shape.hpp"
#include "nn/weights/source/weight_source.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// How a layer is run.
enum class WeightDelivery {
  reload,      // its weights are stored in full in DRAM
  regenerate,  // its weights are stored compressed and rebuilt on chip tile by tile
  factored,  // y = V (Wb * (U x)): the factors are run one after the other, the weights never exist
  automatic,  // chosen by the cost of the whole schedule (choose_ways)
};
const char* way_name(WeightDelivery way);

/// A product of maps with maps behind a layer, as one of a 1 x 1 kernel whose weights are
/// activations, new for every image: what cores that modulate both operands take.
struct LayerProduct {
  nn::LayerShape shape;
  bool signed_inputs = false;
  DigitalWork digital;  // done to its results
  friend bool operator==(const LayerProduct&, const LayerProduct&) = default;
};

/// Words that layers of a network have between them: each reads them, one has to fetch them.
struct SharedWords {
  int group = 0;          // of layers; 0: none
  std::int64_t bits = 0;  // of the layer's streams
  friend bool operator==(const SharedWords&, const SharedWords&) = default;
};

/// One layer of a cost simulation.
struct CostLayer {
  nn::LayerShape shape;
  WeightDelivery way = WeightDelivery::reload;
  std::vector<nn::StoredStream> streams;  // what it is made of
  SharedWords shared;                     // of these
  nn::RegenerationWork work;  // to rebuild the weights once; none: the streams are the weights
  std::optional<FactorShape> factors;  // for two-level sources
  std::vector<double> value_shares;    // see nn::StoredWeight; empty: no lists of values
  int row_repeats = 1;         // the outputs are so many runs of one product, each up to a factor
  int reload_bits = 8;         // per weight, when a source that takes work is reloaded instead
  DigitalWork digital;         // done to the results, per image
  bool signed_inputs = false;  // cores with intensity inputs then take two passes
  bool normalised = false;     // what follows multiplies each output by a factor of its channel
  bool product = false;        // of maps: the weights are activations, new for every image
  std::vector<LayerProduct> products;  // that cores may take: then the layer's own work is
  DigitalWork before_products;         // this, not `digital`, which holds all
  [[nodiscard]] bool takes_work() const;
  /// `row_repeats` of the weights as they come: none of a source that takes work and is reloaded.
  [[nodiscard]] int repeats() const;
  friend bool operator==(const CostLayer&, const CostLayer&) = default;
};

/// A layer whose plain weights of `bits` each are in DRAM.
CostLayer reload_layer(const nn::LayerShape& shape, int bits);
/// A layer run from a weight source: regenerated if that takes work, else its streams are reloaded.
CostLayer source_layer(const nn::LayerShape& shape, nn::StoredWeight& source);

/// Everything a cost simulation depends on.
struct CostInput {
  std::vector<CostLayer> layers;
  photonic::CoreDescription core;
  memory::MemoryCard memory;
  GeneratorCard generator;
  ProgrammingCard programming;
  DigitalUnitCard digital;
  ScheduleCard schedule;
  int batch = 1;
  int activation_bits = 8;
  GroupPacking packing = GroupPacking::block_diagonal;
};

}  // namespace lightloom::cosim
