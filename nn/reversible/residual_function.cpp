#include "nn/reversible/residual_function.hpp"

#include "nn/ops/elementwise.hpp"

namespace lightloom::nn {
namespace {

constexpr Method exact_order = Method::direct;

}  // namespace

ResidualFunction::ResidualFunction(const BranchShape& shape, int tap_channels, BranchDraw& draw)
    : first_(shape.convolution(shape.channels, 3), Begins::drawn, draw),
      second_(shape.convolution(shape.channels, 3), Begins::zero, draw) {
  if (tap_channels > 0)
    connection_.emplace(shape.convolution(tap_channels, 1), Begins::drawn, draw);
}

void ResidualFunction::forward(const Tensor& x, const Tensor& tap, Tensor& hidden, Tensor& y) {
  hidden.resize(x.shape());
  y.resize(x.shape());
  if (connection_) connection_->forward(tap, hidden, {.method = exact_order});
  first_.forward(x, hidden,
                 {.accumulate = connection_.has_value(),
                  .activation = Activation::relu,
                  .method = exact_order});
  second_.forward(hidden, y, {.method = exact_order});
}

void ResidualFunction::backward(const Passed& passed, const Tensor& dy, Tensor& dx,
                                GradientScratch& scratch) {
  Tensor &d_hidden = scratch.d_hidden, &d_input = scratch.d_input;
  d_hidden.resize(dy.shape());
  d_input.resize(dy.shape());
  second_.add_gradients(passed.hidden, dy);
  second_.backward(dy, d_hidden);
  activate_backward(Activation::relu, passed.hidden, d_hidden, d_hidden);
  if (connection_) connection_->add_gradients(passed.tap, d_hidden);
  first_.add_gradients(passed.x, d_hidden);
  first_.backward(d_hidden, d_input);
  accumulate(d_input.values(), dx.values());
}

std::vector<Parameter*> ResidualFunction::parameters() {
  std::vector<Parameter*> all = first_.parameters();
  for (TrainedProduct* product : {&second_, connection_ ? &*connection_ : nullptr})
    if (product != nullptr)
      for (Parameter* one : product->parameters()) all.push_back(one);
  return all;
}

}  // namespace lightloom::nn
