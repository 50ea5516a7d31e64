#include "nn/network/weights_file.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/error.hpp"
#include "core/files/labelled_bytes.hpp"

namespace lightloom::nn {
namespace {

/// Calls visit(name, values) for every vector that belongs to the network's state.
void visit_state(Network& network,
                 const std::function<void(const std::string&, std::vector<float>&)>& visit) {
  for (WeightLayer& layer : network.weight_layers()) {
    for (Parameter* own : layer.source->parameters()) {
      visit(layer.shape.name + ".weight." + own->name, own->value);
    }
    // Not trained, but part of what the source materialises (the generator's gain, clipping
    // bounds).
    for (Parameter* fixed : layer.source->constants()) {
      visit(layer.shape.name + ".constant." + fixed->name, fixed->value);
    }
    if (!layer.bias.value.empty()) visit(layer.shape.name + ".bias", layer.bias.value);
    if (layer.activation_bits > 0) {
      std::vector<float> range{layer.range.low, layer.range.high, layer.range.seen ? 1.0f : 0.0f};
      visit(layer.shape.name + ".range", range);
      layer.range = {range[0], range[1], range[2] != 0.0f};
    }
  }
  for (NormLayer& norm : network.norms()) {
    visit(norm.name + ".shift", norm.shift.value);
    if (norm.scale.value.empty()) continue;  // a constant
    visit(norm.name + ".scale", norm.scale.value);
    visit(norm.name + ".mean", norm.mean);
    visit(norm.name + ".variance", norm.variance);
  }
}

}  // namespace

void add_vector(Labelled& file, const std::string& name, std::vector<float> values) {
  const std::string axis = "elements_" + std::to_string(values.size());
  if (file.axis(axis) == nullptr) {
    std::vector<std::int64_t> index(values.size());
    std::iota(index.begin(), index.end(), 0);
    file.add_axis({.name = axis, .values = std::move(index)});
  }
  file.add({.name = name, .axes = {axis}, .values = std::move(values)});
}

Weights weights_of(Network& network) {
  Weights all;
  visit_state(network, [&](const std::string& name, std::vector<float>& values) {
    all.push_back({name, values});
  });
  return all;
}

void set_weights(Network& network, const Weights& weights) {
  for (std::size_t n = 0; n < network.weight_layers().size(); ++n) {
    const std::string bias = network.weight_layers()[n].shape.name + ".bias";
    const auto named = [&](const NamedValues& one) { return one.name == bias; };
    if (std::any_of(weights.begin(), weights.end(), named)) network.give_bias(n);
  }
  visit_state(network, [&](const std::string& name, std::vector<float>& values) {
    const auto found = std::find_if(weights.begin(), weights.end(),
                                    [&](const NamedValues& one) { return one.name == name; });
    require(found != weights.end(), "the weights lack '{}' (another model or weight source?)",
            name);
    require(found->values.size() == values.size(),
            "'{}' has {} values where the network needs {} (another model or weight source?)", name,
            found->values.size(), values.size());
    values = found->values;
  });
}

namespace {

Labelled file_of(Network& network, const std::map<std::string, std::string>& about) {
  Labelled file;
  for (const auto& [key, value] : about) file.attributes[key] = value;
  file.attributes["kind"] = std::string("weights");
  file.attributes["model"] = network.graph().name;
  file.attributes["source"] = network.source_card().source;
  for (NamedValues& one : weights_of(network)) add_vector(file, one.name, std::move(one.values));
  return file;
}

}  // namespace

void save_weights(const std::string& path, Network& network,
                  const std::map<std::string, std::string>& about) {
  write_labelled(path, file_of(network, about));
}

void save_rounded_weights(const std::string& path, Network& network,
                          const std::map<std::string, std::string>& about) {
  for (WeightLayer& layer : network.weight_layers()) layer.source->round_to_words();
  lightloom::write_packed(path, file_of(network, about), Deflate::small);
}

const std::vector<float>* weights_in(const std::string& path, const Variable& variable) {
  const auto* values = std::get_if<std::vector<float>>(&variable.values);
  if (values == nullptr) return nullptr;
  const bool positive = variable.name.ends_with(".variance");
  for (std::size_t i = 0; i < values->size(); ++i)
    require(std::isfinite((*values)[i]) && !(positive && (*values)[i] < 0),
            "'{}': '{}' holds {} at element {} (a training that diverged, or a damaged file: take "
            "other weights)",
            path, variable.name, (*values)[i], i);
  return values;
}

void load_weights(const std::string& path, Network& network) {
  const Labelled file = read_labelled(path);
  Weights weights;
  for (const Variable& variable : file.variables)
    if (const auto* values = weights_in(path, variable))
      weights.push_back({variable.name, *values});
  try {
    set_weights(network, weights);
  } catch (const Error& problem) {
    throw Error(fmt::format("'{}' does not fit the network: {}", path, problem.what()));
  }
}

}  // namespace lightloom::nn
