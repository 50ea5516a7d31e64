#include "nn/train/training_pass.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <stdexcept>

#include "nn/graph/consumers.hpp"
#include "nn/ops/elementwise.hpp"
#include "nn/steps/step.hpp"

namespace lightloom::nn {

namespace {

/// A step and where its value goes.
struct Place {
  int node, output;
};

std::unique_ptr<Step> make_step(Network& network, Flow& flow, const Place& at,
                                const ProductPlan& products) {
  const auto [node, output] = at;
  switch (network.graph().nodes[static_cast<std::size_t>(node)].op) {
    case Op::convolution:
    case Op::linear:
      return make_product_step(network, node, flow.products, products);
    case Op::batch_norm:
      return make_norm_step(network, node, output);
    case Op::group_norm:
    case Op::layer_norm:
      return make_group_norm_step(network, node);
    case Op::affine:
    case Op::constant:
      return make_parameter_step(network, node);
    case Op::quantise:
    case Op::input:
    case Op::activation:
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_pool:
    case Op::flatten:
    case Op::add:
    case Op::multiply:
    case Op::concat:
    case Op::dropout:
    case Op::softmax:
    case Op::attention:
    case Op::subsample:
    case Op::rearrange:
    case Op::matrix_product:
    case Op::resize:
      return output == node ? make_plain_step(network.graph(), node, flow.seed)
                            : make_add_relu_step(network.graph(), node, output);
  }
  throw std::logic_error("a node of no known operation");
}

}  // namespace

TrainingPass::TrainingPass(Network& network, std::uint64_t seed, const GivenPart* given,
                           const ProductPlan& products)
    : network_(&network), given_(given), flow_(std::make_unique<Flow>(network.graph())) {
  flow_->seed = seed;
  if (given != nullptr) flow_->given = given->cut->first;
  const Graph& graph = network.graph();
  const auto readers = consumers(graph);
  std::vector<bool> done = flow_->given;
  for (int n = 1; n < static_cast<int>(graph.nodes.size()); ++n) {
    if (done[static_cast<std::size_t>(n)]) continue;
    const Node& node = graph.nodes[static_cast<std::size_t>(n)];
    const bool takes_relu = node.op == Op::batch_norm || node.op == Op::add;
    const int relu = takes_relu ? only_relu(graph, readers, n) : -1;
    const int output = relu >= 0 ? relu : n;
    done[static_cast<std::size_t>(output)] = true;
    steps_.push_back({make_step(network, *flow_, {n, output}, products), output, node.inputs, {}});
  }
  plan_releases();
}

TrainingPass::~TrainingPass() = default;

void TrainingPass::plan_releases() {
  const std::size_t nodes = flow_->graph->nodes.size();
  std::vector<std::size_t> last_reader(nodes, 0);
  std::vector<bool> kept(nodes, false);
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    for (const int input : steps_[s].inputs) last_reader[static_cast<std::size_t>(input)] = s;
    for (const int node : steps_[s].step->keeps()) kept[static_cast<std::size_t>(node)] = true;
  }
  for (std::size_t n = 0; n + 1 < nodes; ++n) {
    if (!kept[n]) steps_[last_reader[n]].done.push_back(static_cast<int>(n));
  }
}

const Tensor& TrainingPass::forward(const Tensor& images, const Place& place) {
  Flow& flow = *flow_;
  flow.images = images.shape().images;
  flow.step = place.step;
  flow.first_image = place.first_image;
  flow.engine = place.engine;
  flow.weight_noise = place.weight_noise;
  std::fill(flow.values.begin(), flow.values.end(), nullptr);
  give(images, place);
  for (Planned& planned : steps_) {
    planned.step->forward(flow);
    for (const int node : planned.done) flow.values[static_cast<std::size_t>(node)].reset();
  }
  return *flow.values.back();
}

/// Puts in what is not computed: the images, or what is given of them.
void TrainingPass::give(const Tensor& images, const Place& place) {
  if (given_ == nullptr) {
    copy(images, flow_->make_value(0));
    return;
  }
  assert(static_cast<int>(place.numbers.size()) == images.shape().images);
  given_->values(images, place.numbers, values_);
  for (std::size_t k = 0; k < values_.size(); ++k)
    copy(values_[k], flow_->make_value(given_->cut->frontier[k]));
}

/// The normalisations that the pass goes through.
std::vector<NormLayer*> TrainingPass::norms() const {
  const std::vector<Node>& nodes = network_->graph().nodes;
  std::vector<NormLayer*> own;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (!flow_->given[n] && (is_norm(nodes[n].op) || nodes[n].op == Op::constant))
      own.push_back(
          &network_->norms()[static_cast<std::size_t>(network_->index_of(static_cast<int>(n)))]);
  return own;
}

void TrainingPass::backward(const Tensor& d_logits) {
  Flow& flow = *flow_;
  std::fill(flow.gradients.begin(), flow.gradients.end(), nullptr);
  const int last = static_cast<int>(flow.graph->nodes.size()) - 1;
  auto seed = flow.fresh(last);
  copy(d_logits, *seed);
  flow.give_gradient(last, std::move(seed));
  for (std::size_t s = steps_.size(); s-- > 0;) {
    steps_[s].step->backward(flow);
    const auto output = static_cast<std::size_t>(steps_[s].output);
    flow.gradients[output].reset();
    flow.values[output].reset();
  }
}

void TrainingPass::estimate_statistics(const ImageSet& set, int images, std::size_t batch,
                                       const AugmentationDraw& draw) {
  const std::vector<NormLayer*> own = norms();
  std::vector<double> momentum;
  for (NormLayer* norm : own) {
    momentum.push_back(norm->momentum);
    std::fill(norm->mean.begin(), norm->mean.end(), 0.0f);  // x + (y - x) is not y to the last bit
    std::fill(norm->variance.begin(), norm->variance.end(), 0.0f);
  }
  std::vector<std::uint32_t> order(std::min(set.size(), static_cast<std::size_t>(images)));
  std::iota(order.begin(), order.end(), 0u);
  Batch some_images;
  // The share 1 / n of batch n makes the running average the plain mean. A short last batch would
  // count as much as a whole one: it is left out unless it is the only one.
  const std::size_t batches = std::max<std::size_t>(1, order.size() / batch);
  for (std::size_t n = 0; n < batches; ++n) {
    for (NormLayer* norm : own) norm->momentum = 1.0 / static_cast<double>(n + 1);
    const std::size_t count = std::min(batch, order.size() - n * batch);
    const auto some = std::span(order).subspan(n * batch, count);
    fill_batch(set, some, some_images, draw);
    forward(some_images.images, {.numbers = some});
  }
  for (std::size_t i = 0; i < own.size(); ++i) own[i]->momentum = momentum[i];
}

std::int64_t TrainingPass::bytes() const {
  return flow_->pool.allocated() * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace lightloom::nn
