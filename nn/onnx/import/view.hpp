#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "nn/graph/graph.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// For every element of one image, row by row as ONNX counts them, its place in the memory of its
/// node (channels last). Null is the usual order: that of maps for four axes (images, channels,
/// height, width), else the elements as they are stored.
using Order = std::shared_ptr<const std::vector<int>>;

/// How integers stand for numbers, as `QuantizeLinear` writes them: (integer - zero) scale.
struct Coding {
  float scale = 1;
  std::int64_t zero = 0;
  bool operator==(const Coding&) const = default;
};

/// A value that changes with the input: a graph node and what ONNX thinks its dimensions are. The
/// first axis counts images.
struct Changing {
  int node = 0;
  std::vector<std::int64_t> dims;
  Order order = nullptr;
  std::optional<Coding> coded = std::nullopt;  // ONNX sees integers; the node holds their numbers
};

/// The elements of one image.
std::int64_t image_size(const std::vector<std::int64_t>& dims);

/// The shape of a node that holds a value of these dimensions in the usual order: maps as maps,
/// rows as 1x1 maps, (images, tokens, channels) as one line of positions.
MapShape usual_shape(const std::vector<std::int64_t>& dims);

/// The places of all elements on a node of shape `stored`.
std::vector<int> places_of(const Changing& value, const MapShape& stored);

/// The same value with its order null if it is the usual one.
Changing seen(Changing value, std::vector<int> places, const MapShape& stored);

/// The numbers of all elements of an image, as the one array (1, dims...) that operators which only
/// move elements can be run on.
Array numbered(const std::vector<std::int64_t>& dims);

}  // namespace lightloom::nn::onnx
