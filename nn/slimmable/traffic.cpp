#include "nn/slimmable/traffic.hpp"

#include <algorithm>
#include <numeric>

namespace lightloom::nn {
namespace {

constexpr std::int64_t number_bits = 32;

/// What a network moves of some of its nodes.
struct NodeBits {
  std::int64_t shared = 0, statistics = 0;
};

NodeBits bits_of_nodes(const Network& network, const std::vector<bool>& of) {
  NodeBits bits;
  const std::vector<Node>& nodes = network.graph().nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const int index = network.index_of(static_cast<int>(n));
    if (index < 0 || !of[n]) continue;
    const auto at = static_cast<std::size_t>(index);
    if (is_weight_layer(nodes[n].op)) {
      const WeightLayer& layer = network.weight_layers()[at];
      bits.shared += bits_of(layer.source->streams()) +
                     number_bits * static_cast<std::int64_t>(layer.bias.value.size());
      continue;
    }
    const NormLayer& norm = network.norms()[at];
    bits.shared +=
        number_bits * static_cast<std::int64_t>(norm.scale.value.size() + norm.shift.value.size());
    if (norm.running)
      bits.statistics +=
          number_bits * static_cast<std::int64_t>(norm.mean.size() + norm.variance.size());
  }
  return bits;
}

}  // namespace

std::int64_t SlimTraffic::alone(std::size_t width) const {
  return trunk + gate + slices[width] + statistics[width];
}

std::int64_t SlimTraffic::batch(std::span<const std::size_t> widths) const {
  if (widths.empty()) return 0;
  std::int64_t bits = trunk + gate;
  bits += slices[*std::max_element(widths.begin(), widths.end())];
  for (std::size_t w = 0; w < statistics.size(); ++w)
    if (std::find(widths.begin(), widths.end(), w) != widths.end()) bits += statistics[w];
  return bits;
}

std::int64_t SlimTraffic::stored() const {
  return trunk + gate + slices.back() +
         std::accumulate(statistics.begin(), statistics.end(), std::int64_t{0});
}

SlimTraffic slim_traffic(const SlimmableNetwork& slim, const WidthGate* gate) {
  SlimTraffic traffic;
  const std::vector<bool>& first = slim.trunk().first;
  const NodeBits trunk = bits_of_nodes(slim.whole(), first);
  traffic.trunk = trunk.shared + trunk.statistics;
  if (gate != nullptr) traffic.gate = gate->bits();
  std::vector<bool> rest = first;
  rest.flip();
  for (std::size_t w = 0; w < slim.count(); ++w) {
    const NodeBits bits = bits_of_nodes(slim.network(w), rest);
    traffic.slices.push_back(bits.shared);
    traffic.statistics.push_back(bits.statistics);
  }
  return traffic;
}

double mean_traffic(const SlimTraffic& traffic, std::span<const std::size_t> widths,
                    std::size_t size) {
  std::int64_t bits = 0;
  for (std::size_t first = 0; first < widths.size(); first += size)
    bits += traffic.batch(widths.subspan(first, std::min(size, widths.size() - first)));
  return static_cast<double>(bits) / static_cast<double>(widths.size());
}

std::vector<std::int64_t> histogram(std::span<const std::size_t> widths, std::size_t count) {
  std::vector<std::int64_t> images(count);
  for (const std::size_t width : widths) ++images[width];
  return images;
}

std::int64_t network_bits(const Network& network) {
  const NodeBits bits =
      bits_of_nodes(network, std::vector<bool>(network.graph().nodes.size(), true));
  return bits.shared + bits.statistics;
}

}  // namespace lightloom::nn
