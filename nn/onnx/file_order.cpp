#include "nn/onnx/file_order.hpp"

#include <numeric>

namespace lightloom::nn::onnx {
namespace {

const Node& node_at(const Graph& graph, int node) {
  return graph.nodes[static_cast<std::size_t>(node)];
}

std::vector<int> map_order(const MapShape& map) {
  std::vector<int> order;
  const int area = map.height * map.width;
  for (int p = 0; p < area; ++p)
    for (int c = 0; c < map.channels; ++c) order.push_back(c * area + p);
  return order;
}

/// Rows one after the other.
std::vector<int> joined_order(const Graph& graph, const Node& node) {
  std::vector<int> order;
  for (const int input : node.inputs) {
    const int first = static_cast<int>(order.size());
    for (const int place : file_order(graph, input)) order.push_back(first + place);
  }
  return order;
}

}  // namespace

bool is_map(const Graph& graph, int node) {
  const Node& own = node_at(graph, node);
  if (own.op == Op::flatten || own.op == Op::linear) return false;
  if (own.op == Op::rearrange && own.shape.height * own.shape.width > 1) return true;
  return own.inputs.empty() || is_map(graph, own.inputs.front());
}

std::vector<int> file_order(const Graph& graph, int node) {
  const Node& own = node_at(graph, node);
  if (is_map(graph, node)) return map_order(own.shape);
  if (own.op == Op::concat) return joined_order(graph, own);
  if (own.op != Op::linear && own.op != Op::rearrange && !own.inputs.empty())
    return file_order(graph, own.inputs.front());
  std::vector<int> order(static_cast<std::size_t>(own.shape.size()));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<float> to_file_order(const std::vector<float>& rows, const std::vector<int>& order) {
  std::vector<float> out(rows.size());
  for (std::size_t row = 0; row < rows.size(); row += order.size())
    for (std::size_t i = 0; i < order.size(); ++i)
      out[row + static_cast<std::size_t>(order[i])] = rows[row + i];
  return out;
}

}  // namespace lightloom::nn::onnx
