#include "nn/accounting/ratio.hpp"

#include <algorithm>

namespace lightloom::nn {
namespace {

/// Published ratios hold everything but the generated factors at 32 bits.
constexpr std::int64_t word = 32;

std::int64_t whole_bytes(std::int64_t bits) { return (bits + 7) / 8 * 8; }

bool has_stream(const std::vector<StoredStream>& streams, const char* name) {
  return std::any_of(streams.begin(), streams.end(),
                     [&](const StoredStream& stream) { return stream.name == name; });
}

LayerRatio layer_ratio(const LayerShape& shape, const SourceCard& card, NetworkSources& sources) {
  LayerRatio layer{.name = shape.name, .streams = sources.streams(shape)};
  const std::int64_t bias = shape.bias ? shape.out_channels : 0;
  for (const StoredStream& stream : layer.streams) {
    const std::int64_t bits = stream.count * stream.bits;
    layer.complete_bits += whole_bytes(bits);
    if (!stream.in_ratio) continue;
    layer.parameters += stream.values();
    layer.memory_bits += bits;
  }
  layer.saves_parameters = layer.parameters < shape.weights();
  layer.saves_bits = layer.memory_bits < word * shape.weights();
  layer.intra_enabled = has_stream(layer.streams, "intra");
  layer.cross_enabled = has_stream(layer.streams, "cross");
  layer.precision_bits = precision_bits(card_for(card, shape.name), shape);

  layer.parameters += bias;
  layer.memory_bits += word * bias;
  layer.complete_bits += word * bias;
  layer.dense_parameters = shape.weights() + bias;
  layer.dense_memory_bits = word * layer.dense_parameters;
  if (card_for(card, shape.name).activations > 0) layer.complete_bits += 2 * word;  // low and high
  return layer;
}

double quotient(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Ratio ratio_of(const NetworkShape& network, const SourceCard& card) {
  Ratio total{.norm_parameters = network.norm_parameters,
              .parameters = network.norm_parameters,
              .dense_parameters = network.norm_parameters,
              .memory_bits = word * network.norm_parameters,
              .dense_memory_bits = word * network.norm_parameters};
  total.complete_bits = total.complete_dense_bits =
      word * (network.norm_parameters + network.norm_statistics);
  NetworkSources sources(card);
  for (const LayerShape& shape : network.layers) {
    LayerRatio layer = layer_ratio(shape, card, sources);
    total.parameters += layer.parameters;
    total.dense_parameters += layer.dense_parameters;
    total.memory_bits += layer.memory_bits;
    total.dense_memory_bits += layer.dense_memory_bits;
    total.complete_bits += layer.complete_bits;
    total.complete_dense_bits += layer.dense_memory_bits;
    total.layers.push_back(std::move(layer));
  }
  total.parameter_ratio = quotient(total.parameters, total.dense_parameters);
  total.memory_ratio = quotient(total.memory_bits, total.dense_memory_bits);
  total.complete_ratio = quotient(total.complete_bits, total.complete_dense_bits);
  return total;
}

}  // namespace lightloom::nn
