#include "cosim/network/factored_layers.hpp"

#include <string_view>

#include "core/error.hpp"

namespace lightloom::cosim {
namespace {

const nn::StoredStream& stream_named(const CostLayer& layer, std::string_view name) {
  for (const nn::StoredStream& stream : layer.streams)
    if (stream.name == name) return stream;
  throw Error(
      fmt::format("layer '{}' cannot run in factored form (its source stores no stream '{}')",
                  layer.shape.name, name));
}

/// Where a factor multiplies: on the layer's input, or on its output.
enum class Side { input, output };
struct Channels {
  int in, out;
};

CostLayer pointwise(const CostLayer& of, const char* suffix, const Channels& channels, Side side) {
  const bool at_input = side == Side::input;
  nn::LayerShape shape{.name = of.shape.name + suffix,
                       .kind = of.shape.kind,
                       .in_channels = channels.in,
                       .out_channels = channels.out};
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
    CostLayer u = pointwise(layer, "/U", {f.in, f.cross * f.intra}, Side::input);
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
    CostLayer v = pointwise(layer, "/V", {f.cross, f.out}, Side::output);
    v.streams = {stream_named(layer, "cross")};
    into.push_back({v, origin});
  }
  into.back().layer.digital = layer.digital;
  into.back().layer.normalised = layer.normalised;
}

}  // namespace

std::vector<ExpandedLayer> expand_layers(const std::vector<CostLayer>& layers) {
  std::vector<ExpandedLayer> expanded;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    CostLayer layer = layers[i];
    if (!layer.products.empty()) layer.digital = layer.before_products;
    layer.products.clear();
    layer.before_products = {};
    if (layer.way == WeightDelivery::factored)
      expand(layer, i, expanded);
    else
      expanded.push_back({layer, i});
    for (const LayerProduct& product : layers[i].products)
      expanded.push_back({{.shape = product.shape,
                           .digital = product.digital,
                           .signed_inputs = product.signed_inputs,
                           .product = true},
                          i});
  }
  return expanded;
}

}  // namespace lightloom::cosim
