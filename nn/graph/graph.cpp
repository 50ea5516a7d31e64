#include "nn/graph/graph.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"

namespace lightloom::nn {

namespace {

/// A window along one axis of a map.
struct AxisWindow {
  int size, kernel, stride, dilation, before, after;
};

int positions(const AxisWindow& w, bool ceiling, const std::string& where) {
  const int reach = w.dilation * (w.kernel - 1) + 1, whole = w.size + w.before + w.after;
  require(whole >= reach,
          "{}: a window of {} does not fit a map of {} with padding {} (use larger images or "
          "another model)",
          where, reach, w.size, std::max(w.before, w.after));
  const int fits = (whole - reach) / w.stride + 1;
  // One more where something is left over, unless it would begin behind the map.
  const bool over = (whole - reach) % w.stride != 0 && fits * w.stride < w.size + w.before;
  return ceiling && over ? fits + 1 : fits;
}

}  // namespace

MapShape window_map(const MapShape& in, const Window& w, const std::string& where) {
  const AxisWindow down{in.height,         w.height,      w.stride.height,
                        w.dilation.height, w.padding.top, w.padding.bottom};
  const AxisWindow across{in.width,         w.width,        w.stride.width,
                          w.dilation.width, w.padding.left, w.padding.right};
  return {positions(down, w.ceiling, where), positions(across, w.ceiling, where), in.channels};
}

GraphBuilder::GraphBuilder(std::string name, MapShape input) {
  graph_.name = std::move(name);
  graph_.nodes.push_back({.op = Op::input, .name = "input", .shape = input});
}

int GraphBuilder::push(Node node) {
  if (node.name.empty()) node.name = "node" + std::to_string(graph_.nodes.size());
  graph_.nodes.push_back(std::move(node));
  return static_cast<int>(graph_.nodes.size()) - 1;
}

const MapShape& GraphBuilder::shape(int node) const {
  assert(node >= 0 && node < static_cast<int>(graph_.nodes.size()));
  return graph_.nodes[static_cast<std::size_t>(node)].shape;
}

Op GraphBuilder::op(int node) const { return graph_.nodes[static_cast<std::size_t>(node)].op; }

int GraphBuilder::convolution(std::string name, int from, const ConvolutionOptions& options) {
  const MapShape in = shape(from);
  require(in.channels % options.groups == 0 && options.channels % options.groups == 0,
          "{}: {} groups do not divide {} input and {} output channels", name, options.groups,
          in.channels, options.channels);
  const int width = options.kernel_width > 0 ? options.kernel_width : options.kernel;
  const Window window{.height = options.kernel,
                      .width = width,
                      .stride = options.stride,
                      .padding = options.padding,
                      .dilation = options.dilation};
  MapShape out = window_map(in, window, name);
  out.channels = options.channels;
  return push({.op = Op::convolution,
               .name = std::move(name),
               .inputs = {from},
               .shape = out,
               .window = window,
               .groups = options.groups,
               .bias = options.bias});
}

int GraphBuilder::linear(std::string name, int from, int out, bool bias) {
  assert(shape(from).height == 1 && shape(from).width == 1);
  return push({.op = Op::linear,
               .name = std::move(name),
               .inputs = {from},
               .shape = {1, 1, out},
               .bias = bias});
}

int GraphBuilder::batch_norm(std::string name, int from, double epsilon) {
  return push({.op = Op::batch_norm,
               .name = std::move(name),
               .inputs = {from},
               .shape = shape(from),
               .epsilon = epsilon});
}

int GraphBuilder::group_norm(std::string name, int from, int groups, double epsilon) {
  require(groups > 0 && shape(from).channels % groups == 0,
          "{}: {} groups do not divide {} channels", name, groups, shape(from).channels);
  const int node = batch_norm(std::move(name), from, epsilon);
  graph_.nodes.back().op = Op::group_norm;
  graph_.nodes.back().groups = groups;
  return node;
}

int GraphBuilder::layer_norm(std::string name, int from, double epsilon) {
  const int node = batch_norm(std::move(name), from, epsilon);
  graph_.nodes.back().op = Op::layer_norm;
  return node;
}

int GraphBuilder::attention(int query, int key, int value, int heads) {
  const int channels = shape(query).channels;
  require(shape(key) == shape(value) && shape(key).channels == channels && heads > 0 &&
              channels % heads == 0,
          "attention: {} heads on {} query and {} key channels", heads, channels,
          shape(key).channels);
  return push(
      {.op = Op::attention, .inputs = {query, key, value}, .shape = shape(query), .groups = heads});
}

int GraphBuilder::activation(int from, Activation kind) {
  return push({.op = Op::activation, .inputs = {from}, .shape = shape(from), .activation = kind});
}

int GraphBuilder::pool(Op op, int from, const Window& window) {
  const MapShape in = shape(from);
  const std::string where = "pooling after " + graph_.nodes[static_cast<std::size_t>(from)].name;
  return push(
      {.op = op, .inputs = {from}, .shape = window_map(in, window, where), .window = window});
}

int GraphBuilder::max_pool(int from, const Window& window) {
  return pool(Op::max_pool, from, window);
}

int GraphBuilder::average_pool(int from, const Window& window, bool count_padding) {
  const int node = pool(Op::average_pool, from, window);
  graph_.nodes.back().count_padding = count_padding;
  return node;
}

int GraphBuilder::global_pool(int from) {
  return push({.op = Op::global_pool, .inputs = {from}, .shape = {1, 1, shape(from).channels}});
}

int GraphBuilder::flatten(int from) {
  return push(
      {.op = Op::flatten, .inputs = {from}, .shape = {1, 1, static_cast<int>(shape(from).size())}});
}

int GraphBuilder::add(int left, int right) {
  assert(shape(left) == shape(right));
  return push({.op = Op::add, .inputs = {left, right}, .shape = shape(left)});
}

int GraphBuilder::multiply(int left, int right) {
  assert(shape(left).channels == shape(right).channels);
  return push({.op = Op::multiply, .inputs = {left, right}, .shape = shape(left)});
}

int GraphBuilder::concat(std::vector<int> from) {
  MapShape out = shape(from.front());
  out.channels = 0;
  for (const int node : from) {
    assert(shape(node).height == out.height && shape(node).width == out.width);
    out.channels += shape(node).channels;
  }
  return push({.op = Op::concat, .inputs = std::move(from), .shape = out});
}

int GraphBuilder::dropout(int from, double rate) {
  return push({.op = Op::dropout, .inputs = {from}, .shape = shape(from), .rate = rate});
}

int GraphBuilder::subsample(int from, int channels) {
  const MapShape in = shape(from);
  assert(channels >= in.channels && (channels - in.channels) % 2 == 0);
  return push({.op = Op::subsample,
               .inputs = {from},
               .shape = {(in.height + 1) / 2, (in.width + 1) / 2, channels}});
}

int GraphBuilder::softmax(int from) {
  return push({.op = Op::softmax, .inputs = {from}, .shape = shape(from)});
}

int GraphBuilder::apply(int from, FunctionPointer function) {
  const int node = activation(from, Activation::function);
  graph_.nodes.back().function = std::move(function);
  return node;
}

int GraphBuilder::affine(std::string name, int from) {
  const int node = batch_norm(std::move(name), from, 0);
  graph_.nodes.back().op = Op::affine;
  return node;
}

int GraphBuilder::constant(std::string name, MapShape shape) {
  return push({.op = Op::constant, .name = std::move(name), .inputs = {}, .shape = shape});
}

int GraphBuilder::rearrange(std::vector<int> from, MapShape shape, Places table) {
  assert(static_cast<std::int64_t>(table.from.size()) == shape.size());
  return push({.op = Op::rearrange,
               .inputs = std::move(from),
               .shape = shape,
               .places = std::make_shared<const Places>(std::move(table))});
}

int GraphBuilder::matrix_product(int left, int right) {
  const MapShape &a = shape(left), &b = shape(right);
  require(a.height == b.height && a.channels == b.width,
          "a product of {} matrices of {} columns with {} of {} rows", a.height, a.channels,
          b.height, b.width);
  return push({.op = Op::matrix_product,
               .inputs = {left, right},
               .shape = {a.height, a.width, b.channels}});
}

int GraphBuilder::resize(int from, ResizeTable table) {
  const MapShape out{static_cast<int>(table.rows.size()), static_cast<int>(table.columns.size()),
                     shape(from).channels};
  return push({.op = Op::resize,
               .inputs = {from},
               .shape = out,
               .resize = std::make_shared<const ResizeTable>(std::move(table))});
}

int GraphBuilder::quantise(int from, const FixedQuantiser& quantiser) {
  require(
      quantiser.scale > 0 && quantiser.low <= quantiser.zero && quantiser.zero <= quantiser.high,
      "a quantiser with a scale of {} and zero at {} of [{}, {}]", quantiser.scale, quantiser.zero,
      quantiser.low, quantiser.high);
  return push({.op = Op::quantise, .inputs = {from}, .shape = shape(from), .quantiser = quantiser});
}

bool GraphBuilder::widen_subsample(int node, int side) {
  Node& last = graph_.nodes.back();
  if (node + 1 != static_cast<int>(size()) || last.op != Op::subsample) return false;
  last.shape.channels += 2 * side;
  return true;
}

void GraphBuilder::give_bias(int layer) {
  graph_.nodes[static_cast<std::size_t>(layer)].bias = true;
}

Graph GraphBuilder::finish() && { return std::move(graph_); }

bool is_norm(Op op) {
  return op == Op::batch_norm || op == Op::group_norm || op == Op::layer_norm || op == Op::affine;
}

bool is_weight_layer(Op op) { return op == Op::convolution || op == Op::linear; }

LayerShape layer_shape(const Graph& graph, int node) {
  const Node& own = graph.nodes[static_cast<std::size_t>(node)];
  const MapShape& in = graph.nodes[static_cast<std::size_t>(own.inputs.front())].shape;
  assert(own.op == Op::convolution || own.op == Op::linear);
  return {.name = own.name,
          .kind = own.op == Op::linear ? LayerShape::Kind::linear : LayerShape::Kind::convolution,
          .in_channels = in.channels,
          .out_channels = own.shape.channels,
          .kernel_height = own.window.height,
          .kernel_width = own.window.width,
          .stride = own.window.stride,
          .padding = own.window.padding,
          .dilation = own.window.dilation,
          .groups = own.groups,
          .bias = own.bias,
          .in_height = in.height,
          .in_width = in.width,
          .out_height = own.shape.height,
          .out_width = own.shape.width};
}

NetworkShape network_shape(const Graph& graph) {
  NetworkShape all{.name = graph.name};
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.op == Op::convolution || node.op == Op::linear) {
      all.layers.push_back(layer_shape(graph, static_cast<int>(n)));
    }
    const std::int64_t pair = std::int64_t{2} * node.shape.channels;
    if (is_norm(node.op)) all.norm_parameters += pair;
    if (node.op == Op::batch_norm) all.norm_statistics += pair;
    if (node.op == Op::constant) all.norm_parameters += node.shape.size();
  }
  return all;
}

}  // namespace lightloom::nn
