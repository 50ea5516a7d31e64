#include "cosim/layers/digital_work.hpp"

namespace lightloom::cosim {
namespace {

/// One element of the function. Smooth functions come from a table.
DigitalWork activation_work(nn::Activation activation) {
  switch (activation) {
    case nn::Activation::relu:
      return {.adds = 1};
    case nn::Activation::relu6:
      return {.adds = 2};
    case nn::Activation::hard_sigmoid:  // clamp(x / 6 + 1/2)
      return {.adds = 3, .multiplies = 1};
    case nn::Activation::hard_swish:  // x hard_sigmoid(x)
      return {.adds = 3, .multiplies = 2};
    case nn::Activation::sigmoid:
    case nn::Activation::tanh:
      return {.lookups = 1};
    case nn::Activation::silu:
    case nn::Activation::gelu:  // x times a function of x
      return {.multiplies = 1, .lookups = 1};
  }
  return {};
}

DigitalWork times(DigitalWork work, std::int64_t count) {
  return {.adds = work.adds * count,
          .multiplies = work.multiplies * count,
          .lookups = work.lookups * count,
          .reads = work.reads * count,
          .writes = work.writes * count};
}

/// Largest, exponential, sum and quotient of `count` values.
DigitalWork softmax_work(std::int64_t count) {
  return times({.adds = 3, .multiplies = 1, .lookups = 1}, count);
}

/// Scores of all pairs of tokens, their softmax and the weighted sum of the values.
DigitalWork attention_work(const nn::Graph& graph, const nn::Node& node) {
  const auto tokens = [&](const nn::MapShape& map) { return std::int64_t{map.height} * map.width; };
  const nn::MapShape &key = graph.nodes[static_cast<std::size_t>(node.inputs[1])].shape,
                     &value = graph.nodes[static_cast<std::size_t>(node.inputs[2])].shape;
  const std::int64_t pairs = tokens(node.shape) * tokens(key),
                     macs = pairs * (std::int64_t{key.channels} + value.channels);
  DigitalWork work = softmax_work(pairs * node.groups);
  work += {.adds = macs, .multiplies = macs, .writes = node.shape.size()};
  for (const int input : node.inputs)
    work.reads += graph.nodes[static_cast<std::size_t>(input)].shape.size();
  return work;
}

}  // namespace

DigitalWork& DigitalWork::operator+=(const DigitalWork& other) {
  adds += other.adds;
  multiplies += other.multiplies;
  lookups += other.lookups;
  reads += other.reads;
  writes += other.writes;
  return *this;
}

DigitalWork digital_work(const nn::Graph& graph, int number) {
  const nn::Node& node = graph.nodes[static_cast<std::size_t>(number)];
  const std::int64_t out = node.shape.size();
  const std::int64_t in =
      node.inputs.empty() ? 0
                          : graph.nodes[static_cast<std::size_t>(node.inputs.front())].shape.size();
  const std::int64_t window = std::int64_t{node.window.height} * node.window.width;
  const auto others = static_cast<std::int64_t>(node.inputs.size()) - 1;
  switch (node.op) {
    case nn::Op::batch_norm:  // scale and shift
    case nn::Op::affine:
      return {.adds = out, .multiplies = out};
    case nn::Op::group_norm:
    case nn::Op::layer_norm:  // mean; difference, square, sum; scale and shift
      return {.adds = 4 * out, .multiplies = 2 * out, .reads = out, .writes = out};
    case nn::Op::activation:
      return times(activation_work(node.activation), out);
    case nn::Op::max_pool:
      return {.adds = out * (window - 1), .reads = in, .writes = out};
    case nn::Op::average_pool:
      return {.adds = out * (window - 1), .multiplies = out, .reads = in, .writes = out};
    case nn::Op::global_pool:
      return {.adds = in - out, .multiplies = out, .reads = in, .writes = out};
    case nn::Op::add:
      return {.adds = out * others, .reads = out * others};
    case nn::Op::multiply:
      return {.multiplies = out * others, .reads = out * others};
    case nn::Op::softmax: {
      DigitalWork work = softmax_work(out);
      work += {.reads = out, .writes = out};
      return work;
    }
    case nn::Op::subsample:
    case nn::Op::rearrange:
      return {.reads = out, .writes = out};
    case nn::Op::quantise:  // to an integer and back
      return {.adds = 2 * out, .multiplies = 2 * out};
    case nn::Op::attention:
      return attention_work(graph, node);
    case nn::Op::input:
    case nn::Op::convolution:
    case nn::Op::linear:
    case nn::Op::flatten:
    case nn::Op::concat:
    case nn::Op::dropout:
      return {};
  }
  return {};
}

}  // namespace lightloom::cosim
