#include "nn/inference/inference.hpp"

#include <algorithm>

#include "nn/graph/consumers.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/steps/inference_step.hpp"

namespace lightloom::nn {
namespace {

using Readers = std::vector<std::vector<int>>;

/// The operand of the add node `sum` that is not `node`, if it is computed before weight layer
/// `product`; else -1.
int earlier_operand(const Graph& graph, int sum, int node, int product) {
  const auto& inputs = graph.nodes[static_cast<std::size_t>(sum)].inputs;
  const int other = inputs[0] == node ? inputs[1] : inputs[0];
  return other < product ? other : -1;
}

/// Whether the weight layer `product` with the add node `sum` in its tail is the last to read
/// `other`, and does not read it as its own input.
bool reads_last(const Readers& readers, int other, int product, int sum) {
  const std::vector<int>& all = readers[static_cast<std::size_t>(other)];
  return std::all_of(all.begin(), all.end(),
                     [&](int reader) { return reader < product || reader == sum; });
}

/// What can be computed together with the weight layer at `node`.
FusedTail find_tail(const Graph& graph, const Readers& readers, int node) {
  FusedTail tail{.output = node};
  tail.norm = only_reader(graph, readers, node, Op::batch_norm);
  if (tail.norm >= 0) tail.output = tail.norm;
  const int sum = only_reader(graph, readers, tail.output, Op::add);
  if (sum >= 0) {
    tail.other = earlier_operand(graph, sum, tail.output, node);
    if (tail.other >= 0) tail.output = sum;
    tail.take_over = tail.other > 0 && reads_last(readers, tail.other, node, sum);
  }
  const int act = only_reader(graph, readers, tail.output, Op::activation);
  if (act >= 0 && can_fuse(graph.nodes[static_cast<std::size_t>(act)].activation)) {
    tail.activation = graph.nodes[static_cast<std::size_t>(act)].activation;
    tail.output = act;
  }
  return tail;
}

struct PlannedStep {
  std::unique_ptr<InferenceStep> step;
  std::vector<int> inputs;
  std::vector<int> covers;  // nodes it computes
};

PlannedStep plan_fused_product(Network& network, Flow& flow, const Readers& readers, int node) {
  const FusedTail tail = find_tail(network.graph(), readers, node);
  PlannedStep planned{make_fused_product(network, node, tail, flow.products),
                      network.graph().nodes[static_cast<std::size_t>(node)].inputs,
                      {node}};
  if (tail.other >= 0) planned.inputs.push_back(tail.other);
  for (int n = node; n != tail.output;) {
    n = readers[static_cast<std::size_t>(n)].front();
    planned.covers.push_back(n);
  }
  return planned;
}

PlannedStep plan_other(Network& network, const Readers& readers, int n) {
  const Graph& graph = network.graph();
  const Node& node = graph.nodes[static_cast<std::size_t>(n)];
  if (node.op == Op::constant || (is_norm(node.op) && node.op != Op::batch_norm)) {
    return {make_parameter_inference(network, n), node.inputs, {n}};
  }
  const bool takes_relu = node.op == Op::batch_norm || node.op == Op::add;
  const int relu = takes_relu ? only_relu(graph, readers, n) : -1;
  const int output = relu >= 0 ? relu : n;
  return {node.op == Op::batch_norm ? make_affine(network, n, output)
                                    : make_plain_inference(graph, n, output),
          node.inputs,
          {n, output}};
}

}  // namespace

Inference::Inference(Network& network, MatrixEngine* engine, std::uint32_t write)
    : flow_(std::make_unique<Flow>(network.graph())) {
  flow_->engine = engine;
  const Graph& graph = network.graph();
  const Readers readers = consumers(graph);
  std::vector<bool> covered(graph.nodes.size(), false);
  std::vector<std::size_t> last_reader(graph.nodes.size(), 0);
  for (int n = 1; n < static_cast<int>(graph.nodes.size()); ++n) {
    if (covered[static_cast<std::size_t>(n)]) continue;
    const Op op = graph.nodes[static_cast<std::size_t>(n)].op;
    const bool product = op == Op::convolution || op == Op::linear;
    PlannedStep planned;
    if (product && engine != nullptr) {
      planned = {make_engine_product(network, n, *engine, write),
                 graph.nodes[static_cast<std::size_t>(n)].inputs,
                 {n}};
    } else {
      planned = product ? plan_fused_product(network, *flow_, readers, n)
                        : plan_other(network, readers, n);
    }
    for (const int node : planned.covers) covered[static_cast<std::size_t>(node)] = true;
    for (const int input : planned.inputs) {
      last_reader[static_cast<std::size_t>(input)] = steps_.size();
    }
    steps_.push_back({std::move(planned.step), {}});
  }
  for (std::size_t n = 0; n + 1 < graph.nodes.size(); ++n) {
    steps_[last_reader[n]].done.push_back(static_cast<int>(n));
  }
}

Inference::~Inference() = default;

const Tensor& Inference::forward(const Tensor& images, std::uint64_t first_image) {
  Flow& flow = *flow_;
  flow.images = images.shape().images;
  flow.first_image = first_image;
  std::fill(flow.values.begin(), flow.values.end(), nullptr);
  copy(images, flow.make_value(0));
  for (Planned& planned : steps_) {
    planned.step->forward(flow);
    for (const int node : planned.done) flow.values[static_cast<std::size_t>(node)].reset();
  }
  return *flow.values.back();
}

std::vector<int> predictions(const Tensor& logits) {
  const int classes = static_cast<int>(logits.shape().size() / logits.shape().images);
  std::vector<int> best;
  for (int image = 0; image < logits.shape().images; ++image) {
    const float* row = logits.data() + std::int64_t{image} * classes;
    best.push_back(static_cast<int>(std::max_element(row, row + classes) - row));
  }
  return best;
}

}  // namespace lightloom::nn
