#include "nn/slimmable/slim_file.hpp"

#include <functional>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "nn/network/weights_file.hpp"

namespace lightloom::nn {
namespace {

using Visit = std::function<void(const std::string&, std::vector<float>&)>;

/// Calls visit(name, values) for all that a narrower width has of its own.
void visit_width(SlimmableNetwork& slim, std::size_t w, const Visit& visit) {
  Network& network = slim.network(w);
  const std::string prefix = fmt::format("width.{}.", slim.width(w));
  const std::vector<Node>& nodes = network.graph().nodes;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const int index = network.index_of(static_cast<int>(n));
    if (index < 0 || slim.trunk().first[n]) continue;
    const auto at = static_cast<std::size_t>(index);
    if (is_weight_layer(nodes[n].op)) {
      WeightLayer& layer = network.weight_layers()[at];
      if (layer.activation_bits == 0) continue;
      std::vector<float> range{layer.range.low, layer.range.high, layer.range.seen ? 1.0f : 0.0f};
      visit(prefix + layer.shape.name + ".range", range);
      layer.range = {range[0], range[1], range[2] != 0.0f};
    } else if (nodes[n].op == Op::batch_norm) {
      visit(prefix + network.norms()[at].name + ".mean", network.norms()[at].mean);
      visit(prefix + network.norms()[at].name + ".variance", network.norms()[at].variance);
    }
  }
}

void visit_extra(SlimmableNetwork& slim, WidthGate* gate, const Visit& visit) {
  for (std::size_t w = 0; w < slim.widest(); ++w) visit_width(slim, w, visit);
  if (gate == nullptr) return;
  for (Parameter* parameter : gate->parameters()) visit(parameter->name, parameter->value);
}

}  // namespace

void save_slim(const std::string& path, SlimmableNetwork& slim, WidthGate* gate) {
  Labelled file;
  file.attributes["kind"] = std::string("weights");
  file.attributes["model"] = slim.whole().graph().name;
  file.attributes["source"] = slim.whole().source_card().source;
  for (NamedValues& one : weights_of(slim.whole()))
    add_vector(file, one.name, std::move(one.values));
  visit_extra(slim, gate, [&](const std::string& name, std::vector<float>& values) {
    add_vector(file, name, values);
  });
  write_labelled(path, file);
}

void load_slim(const std::string& path, SlimmableNetwork& slim, WidthGate* gate) {
  load_weights(path, slim.whole());
  const Labelled file = read_labelled(path);
  visit_extra(slim, gate, [&](const std::string& name, std::vector<float>& values) {
    for (const Variable& variable : file.variables) {
      if (variable.name != name) continue;
      const auto* found = weights_in(path, variable);
      require(found != nullptr && found->size() == values.size(),
              "'{}' does not fit the network: '{}' has another size than the {} that are needed "
              "(other widths, or another gate?)",
              path, name, values.size());
      values = *found;
      return;
    }
    throw Error(fmt::format(
        "'{}' does not fit the network: it lacks '{}' (another list of widths, or no gate?)", path,
        name));
  });
  slim.refresh();
  slim.share_trunk();
}

}  // namespace lightloom::nn
