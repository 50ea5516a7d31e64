#include "cosim/cost_ways.hpp"

#include <limits>

#include "core/error.hpp"

namespace lightloom::cosim {
namespace {

const nn::StoredStream& stream_named(const CostLayer& layer, const std::string& name) {
  for (const nn::StoredStream& stream : layer.streams)
    if (stream.name == name) return stream;
  throw Error(
      fmt::format("layer '{}' cannot run in factored form (its source stores no stream '{}')",
                  layer.shape.name, name));
}

CostLayer pointwise(const CostLayer& of, const char* suffix, int in, int out, bool at_input) {
  nn::LayerShape shape{.name = of.shape.name + suffix,
                       .kind = of.shape.kind,
                       .in_channels = in,
                       .out_channels = out};
  shape.in_height = shape.out_height = at_input ? of.shape.in_height : of.shape.out_height;
  shape.in_width = shape.out_width = at_input ? of.shape.in_width : of.shape.out_width;
  return {.shape = shape, .signed_inputs = at_input ? of.signed_inputs : true};
}

void expand(const CostLayer& layer, std::size_t origin, std::vector<ExpandedLayer>& into) {
  require(layer.factors.has_value(),
          "layer '{}' cannot run in factored form (its source has no factors)", layer.shape.name);
  const FactorShape& f = *layer.factors;
  require(layer.shape.groups == 1, "layer '{}' cannot run in factored form (it has groups)",
          layer.shape.name);
  if (f.intra_level) {
    CostLayer u = pointwise(layer, "/U", f.in, f.cross * f.intra, true);
    u.streams = {stream_named(layer, "intra")};
    into.push_back({u, origin});
  }
  CostLayer basis{.shape = layer.shape, .signed_inputs = f.intra_level || layer.signed_inputs};
  basis.shape.name += "/basis";
  basis.shape.out_channels = f.cross;
  if (f.intra_level) {
    basis.shape.in_channels = f.cross * f.intra;
    basis.shape.groups = f.cross;
  }
  basis.streams = {stream_named(layer, "basis")};
  into.push_back({basis, origin});
  if (f.cross_level) {
    CostLayer v = pointwise(layer, "/V", f.cross, f.out, false);
    v.streams = {stream_named(layer, "cross")};
    into.push_back({v, origin});
  }
}

double cost_of(const CostReport& report, Objective objective) {
  switch (objective) {
    case Objective::time:
      return report.time_ns;
    case Objective::energy:
      return report.energy_J();
    case Objective::energy_delay:
      return report.energy_J() * report.time_ns;
  }
  return report.time_ns;
}

bool possible(const CostInput& input, const CostLayer& layer, Way way) {
  if (way == Way::reload) return true;
  if (!layer.takes_work()) return false;
  if (way == Way::factored) return layer.factors.has_value() && layer.shape.groups == 1;
  const bool analog_mesh = input.generator.kind == GeneratorKind::photonic &&
                           input.generator.handover == Handover::analog &&
                           input.core.cost.decompose_operations > 0;
  return input.generator.kind != GeneratorKind::none && !analog_mesh;
}

}  // namespace

bool CostLayer::takes_work() const {
  return work.intra_macs + work.cross_macs + work.shifts + work.adds + work.lookups > 0;
}

std::vector<ExpandedLayer> expand_layers(const std::vector<CostLayer>& layers) {
  std::vector<ExpandedLayer> expanded;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].way == Way::factored)
      expand(layers[i], i, expanded);
    else
      expanded.push_back({layers[i], i});
  }
  return expanded;
}

std::vector<CostLayer> choose_ways(const CostInput& input) {
  std::vector<CostLayer> layers = input.layers;
  CostInput alone = input;
  for (CostLayer& layer : layers) {
    if (layer.way != Way::automatic) continue;
    double best = std::numeric_limits<double>::infinity();
    Way chosen = Way::reload;
    for (const Way way : {Way::reload, Way::regenerate, Way::factored}) {
      if (!possible(input, layer, way)) continue;
      alone.layers = {layer};
      alone.layers[0].way = way;
      const double cost = cost_of(simulate_cost(alone), input.schedule.objective);
      if (cost < best) {
        best = cost;
        chosen = way;
      }
    }
    layer.way = chosen;
  }
  return layers;
}

}  // namespace lightloom::cosim
