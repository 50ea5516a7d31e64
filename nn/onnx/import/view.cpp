#include "nn/onnx/import/view.hpp"

#include <cassert>
#include <numeric>

namespace lightloom::nn::onnx {
namespace {

/// (channels, height, width) of a map that is stored channels last.
std::vector<int> map_places(const MapShape& map) {
  std::vector<int> places;
  places.reserve(static_cast<std::size_t>(map.size()));
  const int area = map.height * map.width;
  for (int c = 0; c < map.channels; ++c)
    for (int p = 0; p < area; ++p) places.push_back(p * map.channels + c);
  return places;
}

bool is_counting(const std::vector<int>& places) {
  for (std::size_t i = 0; i < places.size(); ++i)
    if (places[i] != static_cast<int>(i)) return false;
  return true;
}

bool is_usual(const std::vector<std::int64_t>& dims, const std::vector<int>& places,
              const MapShape& stored) {
  if (dims.size() != 4) return is_counting(places);
  return stored == usual_shape(dims) && places == map_places(stored);
}

}  // namespace

std::int64_t image_size(const std::vector<std::int64_t>& dims) {
  std::int64_t size = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) size *= dims[i];
  return size;
}

MapShape usual_shape(const std::vector<std::int64_t>& dims) {
  const auto side = [&](std::size_t axis) { return static_cast<int>(dims[axis]); };
  if (dims.size() == 4) return {side(2), side(3), side(1)};
  if (dims.size() == 3) return {1, side(1), side(2)};
  return {1, 1, static_cast<int>(image_size(dims))};
}

std::vector<int> places_of(const Changing& value, const MapShape& stored) {
  assert(image_size(value.dims) == stored.size());
  if (value.order != nullptr) return *value.order;
  if (value.dims.size() == 4) return map_places(stored);
  std::vector<int> places(static_cast<std::size_t>(stored.size()));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

Changing seen(Changing value, std::vector<int> places, const MapShape& stored) {
  value.order = is_usual(value.dims, places, stored)
                    ? nullptr
                    : std::make_shared<const std::vector<int>>(std::move(places));
  return value;
}

Array numbered(const std::vector<std::int64_t>& dims) {
  Array array{.dims = dims, .type = ElementType::int64};
  array.dims.front() = 1;
  array.integers.resize(static_cast<std::size_t>(array.size()));
  std::iota(array.integers.begin(), array.integers.end(), 0);
  return array;
}

}  // namespace lightloom::nn::onnx
