#include "nn/io/torch_names.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <set>

#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "nn/graph/graph_cut.hpp"
#include "nn/io/torch_dialects.hpp"

namespace lightloom::nn {
namespace {

/// Column numbers of channels-last order in channel-major order.
std::vector<std::size_t> channel_major_columns(const MapShape& map) {
  std::vector<std::size_t> from;
  const std::int64_t area = std::int64_t{map.height} * map.width;
  for (std::int64_t p = 0; p < area; ++p) {
    for (int c = 0; c < map.channels; ++c) {
      from.push_back(static_cast<std::size_t>(c * area + p));
    }
  }
  return from;
}

using Shape = std::vector<std::int64_t>;

/// Without the sides of 1, which order no numbers: a 1x1 convolution is a linear layer.
Shape without_ones(const Shape& shape) {
  Shape sides;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(sides),
               [](std::int64_t side) { return side != 1; });
  return sides;
}

std::string shape_text(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

/// What to do about a matrix of the right size that lies the other way, and about a network for
/// another size of image.
std::string shape_advice(const Shape& given, const Shape& wanted) {
  Shape turned = wanted;
  std::reverse(turned.begin(), turned.end());
  if (given.size() == 2 && given == turned)
    return "transposed: PyTorch keeps (outputs, inputs); save the transposed array";
  if (given.size() == 4 && wanted.size() == 4 && given[0] == wanted[0] && given[1] == wanted[1])
    return "another size of kernel: weights for larger images need a card whose data set has them, "
           "as imagenet";
  if (!given.empty() && !wanted.empty() && given[0] != wanted[0] && given.size() == wanted.size())
    return "another number of classes or channels: choose the card's data set and model for it";
  return "another model or layout";
}

/// The name that a slip, or the longest common start and end, is nearest to; "" when there is none.
std::string nearest_name(const std::string& name, const std::vector<std::string>& names) {
  std::string nearest = nearest_word(name, names);
  if (!nearest.empty()) return nearest;
  std::size_t most = 0;
  for (const std::string& other : names) {
    const auto start = static_cast<std::size_t>(
        std::mismatch(name.begin(), name.end(), other.begin(), other.end()).first - name.begin());
    const auto end = static_cast<std::size_t>(
        std::mismatch(name.rbegin(), name.rend(), other.rbegin(), other.rend()).first -
        name.rbegin());
    if (start + end > most) {
      most = start + end;
      nearest = other;
    }
  }
  return nearest;
}

/// The arrays of a file under the names that the network has for them.
class Arrays {
 public:
  Arrays(const std::vector<NamedArray>& arrays, const Network& network)
      : arrays_(arrays), network_(network.graph().name) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      if (is_counter(arrays[i])) continue;
      names.push_back(arrays[i].name);
      place_[arrays[i].name] = i;
    }
    wanted_ = names_of(network);
    own_ = match_names(wanted_, names).names;
  }

  [[nodiscard]] bool has(const std::string& name) const { return own_.contains(name); }
  const std::vector<float>& get(const std::string& name, const Shape& shape) {
    const auto own = own_.find(name);
    if (own == own_.end()) throw Error(missing(name));
    const NamedArray& found = arrays_[place_.at(own->second)];
    const auto count = static_cast<std::size_t>(
        std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
    require(!found.values.empty() || count == 0,
            "'{}' holds elements of the type {} (floats of 16, 32 or 64 bits are read: save the "
            "model as floats, model.float())",
            found.name, found.type);
    require(without_ones(found.shape) == without_ones(shape) && found.values.size() == count,
            "'{}' has the shape {} where {} needs {} ({})", found.name, shape_text(found.shape),
            network_, shape_text(shape), shape_advice(found.shape, shape));
    for (std::size_t i = 0; i < found.values.size(); ++i)
      require(std::isfinite(found.values[i]),
              "'{}' holds {} at element {} (a training that diverged, or a damaged file: take "
              "another checkpoint)",
              found.name, found.values[i], i);
    used_.insert(own->second);
    return found.values;
  }
  void require_all_used() const {
    for (const auto& [own, name] : own_)
      require(used_.contains(name),
              "{} has no place for '{}' of shape {} (another model, or one with further parts: "
              "docs/models/nn/networks.md lists the layers' names)",
              network_, name, shape_text(arrays_[place_.at(name)].shape));
  }

 private:
  /// What PyTorch counts its batches with.
  static bool is_counter(const NamedArray& array) {
    return array.name.ends_with("num_batches_tracked") ||
           (array.values.empty() && array.shape.size() <= 1 && array.type != "F8_E4M3" &&
            without_ones(array.shape).size() <= 1 && !array.name.ends_with(".weight") &&
            !array.name.ends_with(".bias") && array.name.find("running_") == std::string::npos);
  }
  [[nodiscard]] static std::set<std::string> names_of(const Network& network) {
    std::set<std::string> names;
    for (const WeightLayer& layer : network.weight_layers()) {
      names.insert(layer.shape.name + ".weight");
      if (layer.shape.bias) names.insert(layer.shape.name + ".bias");
    }
    for (const NormLayer& norm : network.norms()) {
      names.insert(norm.name + ".weight");
      names.insert(norm.name + ".bias");
      if (norm.running) names.insert({norm.name + ".running_mean", norm.name + ".running_var"});
    }
    return names;
  }
  [[nodiscard]] std::string missing(const std::string& name) const {
    std::vector<std::string> names;  // that are not the network's
    for (const auto& [own, in_file] : own_)
      if (!wanted_.contains(own)) names.push_back(own);
    const std::string nearest = nearest_name(name, names);
    std::string there = fmt::format("none of the {} tensors there is another", own_.size());
    if (!nearest.empty())
      there = fmt::format("nearest of the others there: '{}'", own_.at(nearest));
    return fmt::format(
        "the file lacks '{}' of {} ({}; another model, or names that are not known: rename them as "
        "docs/models/nn/networks.md lists them)",
        name, network_, there);
  }

  const std::vector<NamedArray>& arrays_;
  std::string network_;
  std::set<std::string> wanted_;              // the network's names
  std::map<std::string, std::size_t> place_;  // of a file's name
  NamesInFile own_;                           // the file's names by ours
  std::set<std::string> used_;
};

std::vector<std::int64_t> shape_of(const LayerShape& s) {
  if (s.kind == LayerShape::Kind::linear) return {s.out_channels, s.in_channels};
  return {s.out_channels, s.in_channels / s.groups, s.kernel_height, s.kernel_width};
}

/// timm's normalisations add 1e-5 to the variance in all its MobileNets, where torchvision's and
/// ours of MobileNetV3 add 1e-3: the difference goes into the variance. 0: as the network's own.
double foreign_epsilon(const std::vector<NamedArray>& arrays) {
  std::vector<std::string> names;
  for (const NamedArray& one : arrays) names.push_back(one.name);
  return is_timm(names) ? 1e-5 : 0;
}

}  // namespace

namespace {

/// Whether the elements of the output stand where those of the (first) input do.
bool keeps_places(Op op) {
  return op == Op::dropout || op == Op::activation || op == Op::batch_norm || op == Op::affine ||
         op == Op::quantise || op == Op::softmax || op == Op::add || op == Op::multiply;
}

}  // namespace

MapShape flattened_map(const Graph& graph, int reader) {
  const Node* node = &graph.nodes[static_cast<std::size_t>(reader)];
  do {
    node = &graph.nodes[static_cast<std::size_t>(node->inputs.front())];
  } while (keeps_places(node->op));
  if (node->op != Op::flatten) return {1, 1, node->shape.channels};
  return graph.nodes[static_cast<std::size_t>(node->inputs.front())].shape;
}

std::vector<float> columns_to_channels_last(const std::vector<float>& weight, const MapShape& map) {
  const std::vector<std::size_t> from = channel_major_columns(map);
  std::vector<float> to(weight.size());
  for (std::size_t row = 0; row < weight.size(); row += from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) to[row + i] = weight[row + from[i]];
  }
  return to;
}

std::vector<float> columns_to_channels_first(const std::vector<float>& weight,
                                             const MapShape& map) {
  const std::vector<std::size_t> from = channel_major_columns(map);
  std::vector<float> to(weight.size());
  for (std::size_t row = 0; row < weight.size(); row += from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) to[row + from[i]] = weight[row + i];
  }
  return to;
}

void import_torch(const std::vector<NamedArray>& arrays, Network& network) {
  Arrays given(arrays, network);
  const std::vector<int> nodes = weight_nodes(network.graph());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const LayerShape shape = network.weight_layers()[n].shape;
    std::vector<float> weight = given.get(shape.name + ".weight", shape_of(shape));
    if (shape.kind == LayerShape::Kind::linear)
      weight = columns_to_channels_last(weight, flattened_map(network.graph(), nodes[n]));
    if (given.has(shape.name + ".bias")) network.give_bias(n);
    WeightLayer& layer = network.weight_layers()[n];
    layer.source->encode(weight);
    if (layer.shape.bias) layer.bias.value = given.get(shape.name + ".bias", {shape.out_channels});
  }
  const double foreign = foreign_epsilon(arrays);
  for (NormLayer& norm : network.norms()) {
    const auto channels = static_cast<std::int64_t>(norm.mean.size());
    if (norm.scale.value.empty()) {  // a constant
      norm.shift.value = given.get(norm.name, {static_cast<std::int64_t>(norm.shift.value.size())});
      continue;
    }
    norm.scale.value = given.get(norm.name + ".weight", {channels});
    norm.shift.value = given.get(norm.name + ".bias", {channels});
    if (!norm.running) continue;
    norm.mean = given.get(norm.name + ".running_mean", {channels});
    norm.variance = given.get(norm.name + ".running_var", {channels});
    if (foreign > 0)
      for (float& variance : norm.variance)
        variance = static_cast<float>(variance + foreign - norm.epsilon);
  }
  given.require_all_used();
}

std::vector<NamedArray> export_torch(Network& network) {
  std::vector<NamedArray> arrays;
  const std::vector<int> nodes = weight_nodes(network.graph());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    WeightLayer& layer = network.weight_layers()[n];
    std::vector<float> weight = dense_weight(layer);
    if (layer.shape.kind == LayerShape::Kind::linear) {
      weight = columns_to_channels_first(weight, flattened_map(network.graph(), nodes[n]));
    }
    arrays.push_back({layer.shape.name + ".weight", shape_of(layer.shape), std::move(weight)});
    if (layer.shape.bias) {
      arrays.push_back({layer.shape.name + ".bias", {layer.shape.out_channels}, layer.bias.value});
    }
  }
  for (const NormLayer& norm : network.norms()) {
    const auto channels = static_cast<std::int64_t>(norm.mean.size());
    if (norm.scale.value.empty()) {  // a constant
      const auto size = static_cast<std::int64_t>(norm.shift.value.size());
      arrays.push_back({norm.name, {size}, norm.shift.value});
      continue;
    }
    arrays.push_back({norm.name + ".weight", {channels}, norm.scale.value});
    arrays.push_back({norm.name + ".bias", {channels}, norm.shift.value});
    if (!norm.running) continue;
    arrays.push_back({norm.name + ".running_mean", {channels}, norm.mean});
    arrays.push_back({norm.name + ".running_var", {channels}, norm.variance});
  }
  return arrays;
}

}  // namespace lightloom::nn
