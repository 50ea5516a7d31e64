#include "nn/inference/part_inference.hpp"

#include <algorithm>
#include <cassert>

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

/// A product's node and those of its tail.
std::vector<int> nodes_up_to(int output, const Readers& readers, int node) {
  std::vector<int> nodes{node};
  while (nodes.back() != output)
    nodes.push_back(readers[static_cast<std::size_t>(nodes.back())].front());
  return nodes;
}

PlannedStep plan_product(Network& network, Flow& flow, const FusedTail& tail,
                         std::vector<int> covers) {
  const int node = covers.front();
  PlannedStep planned{make_fused_product(network, node, tail, flow.products),
                      network.graph().nodes[static_cast<std::size_t>(node)].inputs,
                      std::move(covers)};
  if (tail.other >= 0) planned.inputs.push_back(tail.other);
  return planned;
}

PlannedStep plan_other(Network& network, const Readers& readers, const GraphCut& to, int n) {
  const Graph& graph = network.graph();
  const Node& node = graph.nodes[static_cast<std::size_t>(n)];
  if (node.op == Op::constant || (is_norm(node.op) && node.op != Op::batch_norm)) {
    return {make_parameter_inference(network, n), node.inputs, {n}};
  }
  const bool takes_relu = node.op == Op::batch_norm || node.op == Op::add;
  const int relu = takes_relu ? only_relu(graph, readers, n) : -1;
  const int output = relu >= 0 && to.first[static_cast<std::size_t>(relu)] ? relu : n;
  return {node.op == Op::batch_norm ? make_affine(network, n, output)
                                    : make_plain_inference(graph, n, output),
          node.inputs,
          {n, output}};
}

}  // namespace

PartInference::PartInference(Network& network, const GraphCut& from, const GraphCut& to,
                             const Through& through)
    : flow_(std::make_unique<Flow>(network.graph())),
      given_(from.frontier),
      asked_(to.frontier),
      answers_(to.frontier.size()) {
  flow_->engine = through.engine;
  const Graph& graph = network.graph();
  const Readers readers = consumers(graph);
  std::vector<bool> covered = from.first;
  std::vector<std::size_t> last_reader(graph.nodes.size(), 0);
  const bool to_the_end = to.first.back();
  for (int n = 1; n < static_cast<int>(graph.nodes.size()); ++n) {
    const auto at = static_cast<std::size_t>(n);
    if (covered[at] || !to.first[at]) continue;
    PlannedStep planned;
    if (!is_weight_layer(graph.nodes[at].op)) {
      planned = plan_other(network, readers, to, n);
    } else if (through.engine != nullptr) {
      planned = {make_engine_product(network, n, *through.engine, through.write),
                 graph.nodes[at].inputs,
                 {n}};
    } else {  // a tail may reach past a cut
      const FusedTail tail =
          to_the_end ? find_tail(graph, readers, n) : FusedTail{.activation = {}, .output = n};
      planned = plan_product(network, *flow_, tail, nodes_up_to(tail.output, readers, n));
    }
    for (const int node : planned.covers) covered[static_cast<std::size_t>(node)] = true;
    for (const int input : planned.inputs)
      last_reader[static_cast<std::size_t>(input)] = steps_.size();
    steps_.push_back({std::move(planned.step), {}});
  }
  if (steps_.empty()) return;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const bool asked = std::find(asked_.begin(), asked_.end(), static_cast<int>(n)) != asked_.end();
    if (!asked) steps_[last_reader[n]].done.push_back(static_cast<int>(n));
  }
}

PartInference::~PartInference() = default;

std::span<const Tensor* const> PartInference::forward(std::span<const Tensor* const> given,
                                                      std::uint64_t first_image) {
  Flow& flow = *flow_;
  assert(given.size() == given_.size());
  flow.images = given.front()->shape().images;
  flow.first_image = first_image;
  std::fill(flow.values.begin(), flow.values.end(), nullptr);
  for (std::size_t k = 0; k < given.size(); ++k) copy(*given[k], flow.make_value(given_[k]));
  for (Planned& planned : steps_) {
    planned.step->forward(flow);
    for (const int node : planned.done) flow.values[static_cast<std::size_t>(node)].reset();
  }
  for (std::size_t k = 0; k < asked_.size(); ++k) answers_[k] = &flow.value(asked_[k]);
  return answers_;
}

std::vector<const Tensor*> pointers(std::span<const Tensor> batch) {
  std::vector<const Tensor*> all;
  for (const Tensor& tensor : batch) all.push_back(&tensor);
  return all;
}

}  // namespace lightloom::nn
