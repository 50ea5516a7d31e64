#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/graph/dataset_shape.hpp"
#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// A built-in network: its name, what it is, and its graph for images and classes of a data set.
struct Model {
  std::string name;
  std::string description;
  Graph (*build)(const DatasetShape&);
};

/// The one table of built-in networks.
const std::vector<Model>& known_models();

/// Whether a model's name is the path of an ONNX file.
bool is_onnx(std::string_view model);

/// The graph of `model` for `dataset`: a built-in network, or that of an ONNX file, whose images
/// and classes must be the data set's. Unknown names are an `Error` with the nearest name.
Graph build_graph(std::string_view model, std::string_view dataset);
Graph build_graph(std::string_view model, const DatasetShape& data);

/// The graph of a network file at `path` for the images of `data`. A network that takes rows of
/// numbers takes images of one channel too, row by row. Throws `Error` when images or classes are
/// not the data set's.
Graph fitted_graph(Graph graph, std::string_view path, const DatasetShape& data);

/// The weight layers of `model` for `dataset`, without allocating any weight.
NetworkShape network_shape(std::string_view model, std::string_view dataset);
NetworkShape network_shape(std::string_view model, const DatasetShape& data);

}  // namespace lightloom::nn
