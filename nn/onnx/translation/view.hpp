#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "nn/graph/graph.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// For every element of one image, row by row as ONNX counts them, its place in the memory of its
/// node (channels last), -1 for a fill. Null is the usual order: that of maps for four axes
/// (images, channels, height, width), else the elements as they are stored.
using Order = std::shared_ptr<const std::vector<int>>;

/// For every element of all images its number on its node: 0 for a fill, else 1 + image * elements
/// of the node + place.
using Numbers = std::vector<std::int64_t>;

/// How integers stand for numbers, as `QuantizeLinear` writes them: (integer - zero) scale.
struct Coding {
  float scale = 1;
  std::int64_t zero = 0;
  bool operator==(const Coding&) const = default;
};

/// A value that changes with the input: a graph node, what is still to be done with its elements,
/// and what ONNX thinks its dimensions are. The first axis holds the images one after the other; it
/// may hold other things within an image, such as heads. Where images are elsewhere, `scattered`
/// says where.
struct Changing {
  int node = 0;
  std::vector<std::int64_t> dims;
  Order order = nullptr;
  FunctionPointer function = nullptr;                  // of the node's elements; null: themselves
  float fill = 0;                                      // after the function
  std::shared_ptr<const Numbers> scattered = nullptr;  // null: images along the first axis
  std::optional<Coding> coded = std::nullopt;  // ONNX sees integers; the node holds their numbers
};

/// Elements of a value whose places are listed one by one, all images together: a small file may
/// not ask for more than 256 MB of them.
inline constexpr std::int64_t most_elements = std::int64_t{1} << 25;

/// 0, 1, ..., size - 1. Throws `Error` for more than `most_elements`.
std::vector<int> counting(std::int64_t size);

/// Elements of an array of these dimensions.
std::int64_t size_of(const std::vector<std::int64_t>& dims);

/// The shape of a node that holds a value of these dimensions in the usual order: maps as maps,
/// (..., tokens, channels) with the channels last, anything else as one row.
MapShape usual_shape(const std::vector<std::int64_t>& dims, std::int64_t images);

/// The places of all elements of an image on a node of shape `stored`.
std::vector<int> places_of(const Changing& value, const MapShape& stored, std::int64_t images);

/// The same value with these places, null if they are the usual order.
Changing seen(Changing value, std::vector<int> places, const MapShape& stored, std::int64_t images);

/// (channels, height, width) of a map that is stored channels last.
std::vector<int> map_places(const MapShape& map);
bool is_counting(const std::vector<int>& places);

}  // namespace lightloom::nn::onnx
