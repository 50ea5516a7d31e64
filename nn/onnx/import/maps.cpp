#include "nn/onnx/import/maps.hpp"

#include <algorithm>

namespace lightloom::nn::onnx {

Changing as_map(Translation& t, const Operation& o, Changing x) {
  if (x.dims.size() < 2 || x.dims[0] != t.images())
    throw Unsupported(o, "an input that is not a batch of maps");
  x = t.applied(std::move(x));
  const bool usual = x.dims.size() == 4 && x.order == nullptr && x.scattered == nullptr;
  if (usual && t.builder.shape(x.node) == usual_shape(x.dims, t.images())) return x;
  const auto channels = static_cast<int>(x.dims[1]);
  const auto area = static_cast<int>(size_of(x.dims) / t.images() / channels);
  const MapShape shape =
      x.dims.size() == 4 ? usual_shape(x.dims, t.images()) : MapShape{1, area, channels};
  const std::vector<int> places = t.places(x);
  std::vector<int> table(places.size());
  const auto columns = static_cast<std::size_t>(channels), rows = static_cast<std::size_t>(area);
  for (std::size_t c = 0; c < columns; ++c)
    for (std::size_t p = 0; p < rows; ++p) table[p * columns + c] = places[c * rows + p];
  const int node = t.gathered(x, shape, table);
  return of_map(t, node, {x.dims.begin() + 2, x.dims.end()});
}

Changing of_map(const Translation& t, int node, std::vector<std::int64_t> sides) {
  const MapShape& shape = t.builder.shape(node);
  std::vector<std::int64_t> dims{t.images(), shape.channels};
  dims.insert(dims.end(), sides.begin(), sides.end());
  if (sides.size() == 2 && usual_shape(dims, t.images()) == shape)
    return {.node = node, .dims = std::move(dims)};
  return t.at(node, std::move(dims), map_places(shape));
}

namespace {

/// Whether x is the whole map of its node with this border of fills.
bool has_border(const Changing& x, const MapShape& map, const Sides& border) {
  const auto height = static_cast<int>(x.dims[2]), width = static_cast<int>(x.dims[3]);
  std::size_t at = 0;
  for (int c = 0; c < map.channels; ++c)
    for (int h = -border.top; h < height - border.top; ++h)
      for (int w = -border.left; w < width - border.left; ++w, ++at) {
        const bool inside = h >= 0 && h < map.height && w >= 0 && w < map.width;
        const int place = inside ? (h * map.width + w) * map.channels + c : -1;
        if ((*x.order)[at] != place) return false;
      }
  return true;
}

}  // namespace

Bordered without_border(Translation& t, Changing x) {
  Bordered whole{x, {}};
  if (x.order == nullptr || x.dims.size() != 4 || x.dims[0] != t.images() || x.fill != 0)
    return whole;
  x = t.applied(std::move(x));
  const MapShape map = t.builder.shape(x.node);
  const auto first = std::find(x.order->begin(), x.order->end(), 0);
  if (x.dims[1] != map.channels || first == x.order->end()) return whole;
  const auto at = static_cast<std::int64_t>(first - x.order->begin());
  Sides border;
  border.top = static_cast<int>(at / x.dims[3]);
  border.left = static_cast<int>(at % x.dims[3]);
  border.bottom = static_cast<int>(x.dims[2]) - border.top - map.height;
  border.right = static_cast<int>(x.dims[3]) - border.left - map.width;
  if (border.bottom < 0 || border.right < 0 || !has_border(x, map, border)) return whole;
  return {of_map(t, x.node, {map.height, map.width}), border};
}

}  // namespace lightloom::nn::onnx
