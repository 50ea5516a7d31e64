#include "nn/models.hpp"

#include "core/card.hpp"
#include "core/error.hpp"
#include "nn/models/builders.hpp"

namespace lightloom::nn {

const std::vector<Model>& known_models() {
  static const std::vector<Model> all{
      {"cnn3", "three 5x5 convolutions of 32 channels (Gu et al. 2021)", models::cnn3},
      {"resnet18", "He et al. 2016; 3x3 stem for small images", models::resnet18},
      {"densenet121", "Huang et al. 2017; 3x3 stem for small images", models::densenet121},
      {"mobilenetv2", "Sandler et al. 2018", models::mobilenetv2},
  };
  return all;
}

Graph build_graph(std::string_view model, std::string_view dataset) {
  std::vector<std::string> names;
  for (const Model& known : known_models()) {
    if (known.name == model) {
      Graph graph = known.build(dataset_shape(dataset));
      graph.name = known.name;
      return graph;
    }
    names.push_back(known.name);
  }
  const std::string nearest = nearest_word(model, names);
  throw Error(fmt::format("unknown model '{}' ({})", model,
                          nearest.empty() ? fmt::format("known: {}", fmt::join(names, ", "))
                                          : fmt::format("did you mean '{}'?", nearest)));
}

NetworkShape network_shape(std::string_view model, std::string_view dataset) {
  return network_shape(build_graph(model, dataset));
}

}  // namespace lightloom::nn
