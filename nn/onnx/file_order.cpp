#include "nn/onnx/exporter.hpp"

namespace lightloom::nn::onnx {

std::vector<std::int64_t> file_places(const Exporter& e, int n) {
  if (!e.layout(n).map) return e.layout(n).order;
  const MapShape& map = e.node(n).shape;
  std::vector<std::int64_t> places;
  const std::int64_t area = std::int64_t{map.height} * map.width;
  for (std::int64_t p = 0; p < area; ++p)
    for (std::int64_t c = 0; c < map.channels; ++c) places.push_back(c * area + p);
  return places;
}

std::vector<float> to_file_order(const std::vector<float>& rows,
                                 const std::vector<std::int64_t>& order) {
  std::vector<float> out(rows.size());
  for (std::size_t row = 0; row < rows.size(); row += order.size())
    for (std::size_t i = 0; i < order.size(); ++i)
      out[row + static_cast<std::size_t>(order[i])] = rows[row + i];
  return out;
}

}  // namespace lightloom::nn::onnx
