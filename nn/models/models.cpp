#include "nn/models/models.hpp"

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "nn/onnx/import/import.hpp"

namespace lightloom::nn {

// The files beside this one: a new network is declared and listed here.
namespace models {

Graph mlp(const DatasetShape& data);
Graph lenet5(const DatasetShape& data);
Graph cnn3(const DatasetShape& data);
Graph vgg8(const DatasetShape& data);
Graph vgg11(const DatasetShape& data);
Graph resnet18(const DatasetShape& data);
Graph resnet34(const DatasetShape& data);
Graph resnet50(const DatasetShape& data);
Graph resnet20(const DatasetShape& data);
Graph resnet32(const DatasetShape& data);
Graph resnet44(const DatasetShape& data);
Graph resnet56(const DatasetShape& data);
Graph densenet121(const DatasetShape& data);
Graph mobilenetv2(const DatasetShape& data);
Graph mobilenetv3_small(const DatasetShape& data);
Graph mobilenetv3_large(const DatasetShape& data);
Graph efficientnet_b0(const DatasetShape& data);

}  // namespace models

const std::vector<Model>& known_models() {
  static const std::vector<Model> all{
      {"mlp", "two hidden layers of 256 and 128", models::mlp},
      {"lenet5", "LeCun et al. 1998, fully connected maps, ReLU", models::lenet5},
      {"cnn3", "three 5x5 convolutions of 32 channels (Gu et al. 2021)", models::cnn3},
      {"vgg8", "six convolutions of 128 to 512 channels, two linear layers", models::vgg8},
      {"vgg11", "Simonyan and Zisserman 2015, configuration A with BatchNorm", models::vgg11},
      {"resnet18", "He et al. 2016; 3x3 stem for small images", models::resnet18},
      {"resnet34", "He et al. 2016; 3x3 stem for small images", models::resnet34},
      {"resnet50", "He et al. 2016; 3x3 stem for small images", models::resnet50},
      {"resnet20", "He et al. 2016 for CIFAR, shortcut A", models::resnet20},
      {"resnet32", "He et al. 2016 for CIFAR, shortcut A", models::resnet32},
      {"resnet44", "He et al. 2016 for CIFAR, shortcut A", models::resnet44},
      {"resnet56", "He et al. 2016 for CIFAR, shortcut A", models::resnet56},
      {"densenet121", "Huang et al. 2017; 3x3 stem for small images", models::densenet121},
      {"mobilenetv2", "Sandler et al. 2018", models::mobilenetv2},
      {"mobilenetv3-small", "Howard et al. 2019", models::mobilenetv3_small},
      {"mobilenetv3-large", "Howard et al. 2019", models::mobilenetv3_large},
      {"efficientnet-b0", "Tan and Le 2019", models::efficientnet_b0},
  };
  return all;
}

namespace {

std::string shape_text(const MapShape& map) {
  return fmt::format("{}x{}x{}", map.height, map.width, map.channels);
}

/// A network for larger images takes smaller ones in a border of zeros, where that is the padding
/// of its first convolutions: LeNet-5 for 32x32 takes the 28x28 digits.
void pad_input(const MapShape& image, Graph& graph) {
  MapShape& in = graph.nodes.front().shape;
  const int border = (in.height - image.height) / 2;
  const bool even = in.height == image.height + 2 * border &&
                    in.width == image.width + 2 * border && in.channels == image.channels;
  if (!even || border <= 0) return;
  const auto reads_input = [](const Node& node) {
    return !node.inputs.empty() && node.inputs[0] == 0;
  };
  for (const Node& node : graph.nodes) {
    if (reads_input(node) && node.op != Op::convolution) return;
  }
  for (Node& node : graph.nodes) {
    if (reads_input(node)) node.window.padding += border;
  }
  in = image;
}

}  // namespace

Graph fitted_graph(Graph graph, std::string_view path, std::string_view dataset) {
  const DatasetShape data = dataset_shape(dataset);
  pad_input(data.image, graph);
  const MapShape &in = graph.nodes.front().shape, &out = graph.nodes.back().shape;
  require(in == data.image && out.size() == data.classes,
          "'{}' takes {} images into {} classes (those of {} are {} in {})", path, shape_text(in),
          out.size(), data.name, shape_text(data.image), data.classes);
  return graph;
}

bool is_onnx(std::string_view model) { return model.ends_with(".onnx"); }

Graph build_graph(std::string_view model, std::string_view dataset) {
  if (is_onnx(model))
    return fitted_graph(onnx::import_model(std::string(model)).graph, model, dataset);
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
