#pragma once

#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn::onnx {

/// Whether a node's value has four axes in an exported file: everything before the first flatten or
/// linear layer, and maps that a rearrangement makes.
bool is_map(const Graph& graph, int node);

/// For every element of a node in memory (channels last) its place in an image of the file: maps
/// are channels first there, and rows keep the order in which they were flattened and joined.
std::vector<int> file_order(const Graph& graph, int node);

/// Rows of numbers, each as long as `order`, from memory to the places that it says.
std::vector<float> to_file_order(const std::vector<float>& rows, const std::vector<int>& order);

}  // namespace lightloom::nn::onnx
