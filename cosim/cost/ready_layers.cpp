#include "cosim/cost/ready_layers.hpp"

#include <fmt/ranges.h>

#include "core/error.hpp"
#include "cosim/cost/way_choice.hpp"
#include "cosim/generator/generator_table.hpp"

namespace lightloom::cosim {
namespace {

void check(const CostInput& input) {
  require(!input.layers.empty(), "cost simulation has no layers");
  require(input.batch > 0, "batch is {} (must be at least 1)", input.batch);
  require(input.activation_bits > 0 && input.activation_bits <= 32,
          "activation_bits is {} (must lie between 1 and 32)", input.activation_bits);
  for (const CostLayer& layer : input.layers) {
    if (layer.way != WeightDelivery::regenerate) continue;
    require(input.generator.present(),
            "layer '{}' regenerates its weights but the generator is none (choose {})",
            layer.shape.name, fmt::join(generator_kinds(), " or "));
    require(!hands_over_light(input.generator) || input.core.cost.decompose_operations == 0,
            "generator hands over analog weights but the core '{}' needs settings computed from "
            "them (use digital)",
            input.core.kind);
  }
}

/// Outputs with a scale each are multiplied with it, where no normalisation does that anyhow.
void scale_outputs(std::vector<ExpandedLayer>& layers) {
  for (ExpandedLayer& part : layers) {
    CostLayer& layer = part.layer;
    if (layer.normalised || layer.product) continue;
    layer.digital.multiplies += layer.shape.positions() * layer.shape.out_channels;
  }
}

}  // namespace

ReadyLayers ready_layers(const CostInput& input) {
  check(input);
  ReadyLayers ready{.input = choose_ways(input)};
  if (!input.core.operands
           .present())  // its weights are stored: the digital unit's, as in `digital`
    for (CostLayer& layer : ready.input.layers) layer.products.clear();
  ready.expanded = expand_layers(ready.input.layers);
  if (input.core.weight_scales == photonic::WeightScales::output) scale_outputs(ready.expanded);
  for (const CostLayer& layer : ready.input.layers)
    ready.entries.push_back({.name = layer.shape.name, .way = layer.way});
  ready.input.layers.clear();
  for (const ExpandedLayer& part : ready.expanded) ready.input.layers.push_back(part.layer);
  return ready;
}

}  // namespace lightloom::cosim
