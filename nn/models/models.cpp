#include "nn/models/models.hpp"

#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "nn/onnx/import/import.hpp"

namespace lightloom::nn {

// The files beside this one: a new network is declared and listed here.
namespace models {

Graph mlp(const DatasetShape& data);
Graph mlp_of(const DatasetShape& data, const std::vector<int>& hidden, Activation activation);
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
Graph densenet_cifar(const DatasetShape& data);
Graph mobilenet(const DatasetShape& data);
Graph mobilenetv2(const DatasetShape& data);
Graph mobilenetv2_cifar(const DatasetShape& data);
Graph mobilenetv3_small(const DatasetShape& data);
Graph mobilenetv3_large(const DatasetShape& data);
Graph efficientnet_b0(const DatasetShape& data);
Graph vit_small_images(const DatasetShape& data);
Graph vit_tiny(const DatasetShape& data);
Graph vit_of(const DatasetShape& data, std::string_view sizes);

}  // namespace models

const std::vector<Model>& known_models() {
  static const std::vector<Model> all{
      {"mlp", "two hidden layers of 256 and 128; mlp-50-60, mlp-tanh-50-60: others", models::mlp},
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
      {"densenet-cifar", "the same with growth 12 (kuangliu/pytorch-cifar)",
       models::densenet_cifar},
      {"mobilenet", "Howard et al. 2017; stem of stride 1 for small images", models::mobilenet},
      {"mobilenetv2", "Sandler et al. 2018", models::mobilenetv2},
      {"mobilenetv2-cifar", "with ReLU and projections (kuangliu/pytorch-cifar)",
       models::mobilenetv2_cifar},
      {"mobilenetv3-small", "Howard et al. 2019", models::mobilenetv3_small},
      {"mobilenetv3-large", "Howard et al. 2019", models::mobilenetv3_large},
      {"efficientnet-b0", "Tan and Le 2019", models::efficientnet_b0},
      {"vit",
       "Dosovitskiy et al. 2021, tokens of 64 numbers, 4 blocks, 2 heads; vit-96-6-3: others",
       models::vit_small_images},
      {"vit-tiny", "the same with 192, 12 and 3 (Touvron et al. 2021)", models::vit_tiny},
  };
  return all;
}

namespace {

constexpr int most_hidden_layers = 16, most_units = 1 << 20;

/// The units of hidden layers that a name says behind `prefix`: 50 and 60 of "mlp-50-60". Nothing
/// for other names.
std::optional<std::vector<int>> hidden_layers(std::string_view model, std::string_view prefix) {
  if (!model.starts_with(prefix)) return std::nullopt;
  std::vector<int> units;
  for (std::string_view rest = model.substr(prefix.size() - 1); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view word = rest.substr(0, rest.find('-'));
    int count = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
    require(error == std::errc{} && end == word.data() + word.size() && count >= 1 &&
                count <= most_units && units.size() < most_hidden_layers,
            "model '{}': '{}' is no number of units (mlp-50-60 has hidden layers of 50 and 60; at "
            "most {} layers of {} units)",
            model, word, most_hidden_layers, most_units);
    units.push_back(count);
    rest.remove_prefix(word.size());
  }
  return units;
}

/// Whether a name is `prefix` and what begins as a number: "vit-64-4-4", but not "vit-tyni".
bool sizes_follow(std::string_view model, std::string_view prefix) {
  return model.starts_with(prefix) &&
         (model.size() == prefix.size() ||
          std::string_view("0123456789-").find(model[prefix.size()]) != std::string_view::npos);
}

std::string shape_text(const MapShape& map) {
  return fmt::format("{}x{}x{}", map.height, map.width, map.channels);
}

/// A network of rows of numbers takes images of one channel row by row: a flatten in front of it.
/// With several channels it would have to be known in which order it wants them.
void flatten_input(const MapShape& image, Graph& graph) {
  Node& input = graph.nodes.front();
  const bool rows = input.shape.height == 1 && input.shape.width == 1;
  if (!rows || image.channels != 1 || input.shape.channels != image.size() || input.shape == image)
    return;
  Node flatten{.op = Op::flatten, .name = {}, .inputs = {0}, .shape = input.shape};
  input.shape = image;
  for (Node& node : graph.nodes)
    for (int& from : node.inputs) ++from;
  graph.nodes.insert(graph.nodes.begin() + 1, std::move(flatten));
}

/// What to do about a network for other images.
std::string other_images(const MapShape& in, const MapShape& image) {
  const std::string own = fmt::format(
      "give the network images of its own size, dataset: {{name: ..., train: ..., height: {}, "
      "width: "
      "{}, channels: {}}}",
      in.height, in.width, in.channels);
  if (in.size() == image.size() && in.height == 1)
    return "it takes rows of numbers: list arrays (count, numbers) in the order that it was "
           "trained "
           "with";
  return own + (in.height > image.height ? ", with dataset.resize for folders of images" : "");
}

}  // namespace

Graph fitted_graph(Graph graph, std::string_view path, const DatasetShape& data) {
  flatten_input(data.image, graph);
  const MapShape &in = graph.nodes.front().shape, &out = graph.nodes.back().shape;
  require(in == data.image, "'{}' takes images of {} but those of {} are {} ({})", path,
          shape_text(in), data.name, shape_text(data.image), other_images(in, data.image));
  require(out.size() == data.classes,
          "'{}' gives {} {} but {} has {} (choose the data set that it "
          "was trained on, or dataset.classes)",
          path, out.size(), data.task == Task::classes ? "classes" : "numbers", data.name,
          data.classes);
  return graph;
}

bool is_onnx(std::string_view model) { return model.ends_with(".onnx"); }

Graph build_graph(std::string_view model, std::string_view dataset) {
  return build_graph(model, dataset_shape(dataset));
}

Graph build_graph(std::string_view model, const DatasetShape& data) {
  if (is_onnx(model))
    return fitted_graph(onnx::import_model(std::string(model)).graph, model, data);
  for (const auto& [prefix, activation] :
       {std::pair{"mlp-tanh-", Activation::tanh}, {"mlp-", Activation::relu}})
    if (const auto hidden = hidden_layers(model, prefix)) {
      Graph graph = models::mlp_of(data, *hidden, activation);
      graph.name = model;
      return graph;
    }
  std::vector<std::string> names;
  for (const Model& known : known_models()) {
    if (known.name == model) {
      Graph graph = known.build(data);
      graph.name = known.name;
      return graph;
    }
    names.push_back(known.name);
  }
  if (constexpr std::string_view prefix = "vit-"; sizes_follow(model, prefix)) {
    Graph graph = models::vit_of(data, model.substr(prefix.size()));
    graph.name = model;
    return graph;
  }
  const std::string nearest = nearest_word(model, names);
  throw Error(fmt::format("unknown model '{}' ({})", model,
                          nearest.empty() ? fmt::format("known: {}", fmt::join(names, ", "))
                                          : fmt::format("did you mean '{}'?", nearest)));
}

NetworkShape network_shape(std::string_view model, std::string_view dataset) {
  return network_shape(build_graph(model, dataset));
}

NetworkShape network_shape(std::string_view model, const DatasetShape& data) {
  return network_shape(build_graph(model, data));
}

}  // namespace lightloom::nn
