#include "nn/onnx/translation/view.hpp"

#include <cassert>
#include <numeric>

#include "core/error.hpp"

namespace lightloom::nn::onnx {

std::int64_t size_of(const std::vector<std::int64_t>& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

namespace {

/// A list of so many places, empty.
std::vector<int> place_list(double size) {
  require(size <= static_cast<double>(most_elements),
          "a value of this size is not supported (more than 2^25 elements of an image)");
  std::vector<int> places;
  places.reserve(static_cast<std::size_t>(size));
  return places;
}

}  // namespace

std::vector<int> counting(std::int64_t size) {
  std::vector<int> places = place_list(static_cast<double>(size));
  for (int i = 0; i < size; ++i) places.push_back(i);
  return places;
}

std::vector<int> map_places(const MapShape& map) {
  std::vector<int> places = place_list(double{1} * map.height * map.width * map.channels);
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

MapShape usual_shape(const std::vector<std::int64_t>& dims, std::int64_t images) {
  const auto side = [&](std::size_t axis) { return static_cast<int>(dims[axis]); };
  const int within = static_cast<int>(dims[0] / images);
  if (dims.size() == 4 && within == 1) return {side(2), side(3), side(1)};
  if (dims.size() == 3) return {within, side(1), side(2)};
  if (dims.size() == 2) return {1, within, side(1)};
  return {1, 1, static_cast<int>(size_of(dims) / images)};
}

std::vector<int> places_of(const Changing& value, const MapShape& stored, std::int64_t images) {
  if (value.order != nullptr) return *value.order;
  assert(size_of(value.dims) == stored.size() * images);
  if (value.dims.size() == 4 && value.dims[0] == images) return map_places(stored);
  return counting(stored.size());
}

Changing seen(Changing value, std::vector<int> places, const MapShape& stored,
              std::int64_t images) {
  const bool map = value.dims.size() == 4 && value.dims[0] == images;
  const bool usual =
      map ? stored == usual_shape(value.dims, images) && places == map_places(stored)
          : static_cast<std::int64_t>(places.size()) == stored.size() && is_counting(places);
  value.order = usual ? nullptr : std::make_shared<const std::vector<int>>(std::move(places));
  return value;
}

}  // namespace lightloom::nn::onnx
