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
    case nn::Activation::function:
      break;  // counted step by step
  }
  return {};
}

/// Sums and comparisons, products, and functions from a table; a quotient is the product with a
/// looked-up inverse.
DigitalWork step_work(nn::Function::Code code) {
  using Code = nn::Function::Code;
  switch (code) {
    case Code::constant:
      return {};
    case Code::negate:
    case Code::absolute:
    case Code::add:
    case Code::subtract:
    case Code::maximum:
    case Code::minimum:
      return {.adds = 1};
    case Code::multiply:
      return {.multiplies = 1};
    case Code::divide:
      return {.multiplies = 1, .lookups = 1};
    default:
      return {.lookups = 1};
  }
}

/// A function with a step that is looked up is looked up as a whole, where that is less.
DigitalWork function_work(const nn::Function& function) {
  DigitalWork work;
  for (const nn::Function::Step& step : function.steps) work += step_work(step.code);
  if (work.lookups > 0) return {.lookups = 1};
  return work;
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
  work += {.adds = macs, .multiplies = macs, .activation_macs = macs, .writes = node.shape.size()};
  for (const int input : node.inputs)
    work.reads += graph.nodes[static_cast<std::size_t>(input)].shape.size();
  return work;
}

/// Products of maps with maps: a core's weights are stored, so both operands are digital.
DigitalWork product_work(const nn::Graph& graph, const nn::Node& node) {
  const nn::MapShape &left = graph.nodes[static_cast<std::size_t>(node.inputs[0])].shape,
                     &right = graph.nodes[static_cast<std::size_t>(node.inputs[1])].shape;
  const std::int64_t macs = node.shape.size() * left.channels;
  return {.adds = macs,
          .multiplies = macs,
          .activation_macs = macs,
          .reads = left.size() + right.size(),
          .writes = node.shape.size()};
}

/// A tap of one neighbour with weight 1 is a copy.
DigitalWork resize_work(const nn::Node& node) {
  const auto taps = [](const nn::ResizeAxis& axis) {
    std::int64_t count = 0;
    for (const auto& position : axis) count += static_cast<std::int64_t>(position.size());
    return count;
  };
  const std::int64_t out = node.shape.size(),
                     terms =
                         taps(node.resize->rows) * taps(node.resize->columns) * node.shape.channels;
  return {
      .adds = terms - out, .multiplies = terms > out ? terms : 0, .reads = terms, .writes = out};
}

}  // namespace

DigitalWork& DigitalWork::operator+=(const DigitalWork& other) {
  adds += other.adds;
  multiplies += other.multiplies;
  lookups += other.lookups;
  activation_macs += other.activation_macs;
  reads += other.reads;
  writes += other.writes;
  return *this;
}

DigitalWork work_beside_products(const nn::Graph& graph, int number) {
  const nn::Node& node = graph.nodes[static_cast<std::size_t>(number)];
  if (node.op != nn::Op::attention) return {};
  const nn::MapShape& key = graph.nodes[static_cast<std::size_t>(node.inputs[1])].shape;
  const std::int64_t scores =
      std::int64_t{node.shape.height} * node.shape.width * key.height * key.width * node.groups;
  DigitalWork work = softmax_work(scores);
  work += {.reads = scores, .writes = scores};
  return work;
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
      return times(node.activation == nn::Activation::function ? function_work(*node.function)
                                                               : activation_work(node.activation),
                   out);
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
    case nn::Op::resize:
      return resize_work(node);
    case nn::Op::matrix_product:
      return product_work(graph, node);
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
    case nn::Op::constant:  // read where it is added
      return {};
  }
  return {};
}

}  // namespace lightloom::cosim
