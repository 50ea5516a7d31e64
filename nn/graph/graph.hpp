#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/graph/function.hpp"
#include "nn/graph/layer_shape.hpp"

namespace lightloom::nn {

/// One image-shaped activation, channels last. A vector is a 1x1 map.
struct MapShape {
  int height = 1, width = 1, channels = 1;
  [[nodiscard]] std::int64_t size() const { return std::int64_t{height} * width * channels; }
  bool operator==(const MapShape&) const = default;
};

enum class Op {
  input,
  convolution,
  linear,
  batch_norm,
  group_norm,  // over groups of channels of the whole map
  layer_norm,  // over the channels of every position
  activation,
  max_pool,
  average_pool,
  global_pool,  // average over the whole map
  flatten,      // (height, width, channels) in this order: free with channels last
  add,
  multiply,  // the second operand may be a 1x1 map (squeeze-excite)
  concat,    // along channels
  dropout,
  softmax,    // over the channels
  subsample,  // every second position, zero channels added on both sides (ResNet shortcut "option
              // A")
  attention,  // inputs query, key, value: the positions of a map are the tokens
  affine,     // a factor and a shift per channel, trained, without statistics
  constant,   // numbers of its own, the same for every image, trained: position embeddings
  rearrange,  // elements of the inputs, taken by a table: transpositions, crops, shuffles
  matrix_product,  // of two inputs, (h, w, k) and (h, k, n): a product for every h
  resize,          // weighted neighbours along both axes
  quantise,        // rounded to the numbers that integers with a fixed scale stand for
};

/// `function`: what the node's `function` says.
enum class Activation {
  relu,
  relu6,
  hard_swish,
  hard_sigmoid,
  silu,
  sigmoid,
  gelu,
  tanh,
  function
};

/// Where the elements of a `rearrange` come from: places in the joined memory of its inputs
/// (channels last, one input after the other), -1 for `fill`.
struct Places {
  std::vector<int> from;
  float fill = 0;
};

/// What a `resize` adds up along one axis: output p is the sum of weight * input over its taps.
struct ResizeTap {
  int from = 0;
  float weight = 1;
};
using ResizeAxis = std::vector<std::vector<ResizeTap>>;
struct ResizeTable {
  ResizeAxis rows, columns;
};

/// Window of a convolution or pooling.
struct Window {
  int height = 1, width = 1;
  PerAxis stride;
  Sides padding;
  PerAxis dilation;
  bool ceiling = false;  // pooling: a last window that begins in the map may reach past its padding
};

/// The numbers (n - zero) scale for integers n in [low, high]. Scale > 0, low <= zero <= high.
struct FixedQuantiser {
  float scale = 1;
  std::int32_t zero = 0, low = -128, high = 127;
  bool operator==(const FixedQuantiser&) const = default;
};

/// One operation of a network description. Holds no numbers, only geometry.
struct Node {
  Op op = Op::input;
  std::string name;
  std::vector<int> inputs;  // node numbers, all smaller than the node's own
  MapShape shape;           // of the output
  Window window;            // convolution, pooling
  int groups = 1;           // convolution, group_norm; attention: heads
  bool bias = false;        // convolution, linear
  Activation activation = Activation::relu;
  double rate = 0;                                 // dropout: probability of zero
  double epsilon = 1e-5;                           // normalisations: added to the variance
  bool count_padding = true;                       // average_pool: padded zeros count in the mean
  FunctionPointer function = {};                   // activation: what Activation::function means
  std::shared_ptr<const Places> places = {};       // rearrange
  std::shared_ptr<const ResizeTable> resize = {};  // resize
  FixedQuantiser quantiser = {};                   // quantise
};

/// A network without weights: nodes in order of execution, the last one is the output. Costs
/// nothing to build.
struct Graph {
  std::string name;
  std::vector<Node> nodes;
};

struct ConvolutionOptions {
  int channels = 1;
  int kernel = 1;
  PerAxis stride;
  Sides padding;
  int groups = 1;
  PerAxis dilation;
  bool bias = false;
  int kernel_width = 0;  // 0: square
};

/// Builds a graph node by node, inferring shapes. Every call returns the number of the node it
/// added.
class GraphBuilder {
 public:
  GraphBuilder(std::string name, MapShape input);

  int convolution(std::string name, int from, const ConvolutionOptions& options);
  int linear(std::string name, int from, int out, bool bias);
  int batch_norm(std::string name, int from, double epsilon = 1e-5);
  int group_norm(std::string name, int from, int groups, double epsilon = 1e-5);
  int layer_norm(std::string name, int from, double epsilon = 1e-5);
  /// Scaled dot-product attention of `query` over the tokens of `key` and `value`.
  int attention(int query, int key, int value, int heads);
  int activation(int from, Activation kind);
  int relu(int from) { return activation(from, Activation::relu); }
  int max_pool(int from, const Window& window);
  int average_pool(int from, const Window& window, bool count_padding = true);
  int global_pool(int from);
  int flatten(int from);
  int add(int left, int right);
  int multiply(int left, int right);
  int concat(std::vector<int> from);
  int dropout(int from, double rate);
  int subsample(int from, int channels);
  int softmax(int from);
  int apply(int from, FunctionPointer function);
  int affine(std::string name, int from);
  int constant(std::string name, MapShape shape);
  /// Elements of the joined memory of `from`, as a map of `shape`.
  int rearrange(std::vector<int> from, MapShape shape, Places table);
  /// `left` (h, w, k) times `right` (h, k, n) as (h, w, n).
  int matrix_product(int left, int right);
  int resize(int from, ResizeTable table);
  int quantise(int from, const FixedQuantiser& quantiser);

  /// Adds `side` zero channels on both sides of the last node, if it is a subsample.
  bool widen_subsample(int node, int side);
  /// Gives an existing weight layer a bias.
  void give_bias(int layer);
  [[nodiscard]] std::size_t size() const { return graph_.nodes.size(); }

  [[nodiscard]] const MapShape& shape(int node) const;
  [[nodiscard]] Op op(int node) const;
  /// The finished graph.
  Graph finish() &&;

 private:
  int push(Node node);
  int pool(Op op, int from, const Window& window);

  Graph graph_;
};

/// The map that a window gives of a map, channel by channel; throws `Error` naming `where` when it
/// fits nowhere.
MapShape window_map(const MapShape& in, const Window& window, const std::string& where);

/// Whether nodes of this kind have a scale and a shift per channel: normalisations and affine ones.
bool is_norm(Op op);
/// Whether nodes of this kind have a layer of weights.
bool is_weight_layer(Op op);

/// The geometry of the weight layer `node` (a convolution or linear).
LayerShape layer_shape(const Graph& graph, int node);

/// The weight layers and counts of a graph.
NetworkShape network_shape(const Graph& graph);

}  // namespace lightloom::nn
