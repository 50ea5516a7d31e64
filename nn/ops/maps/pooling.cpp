#include "nn/ops/maps/pooling.hpp"

#include <map>

#include "nn/ops/maps/window_pooling.hpp"
#include "nn/ops/onednn.hpp"

namespace lightloom::nn {
namespace {

struct Calls {
  dnnl::primitive forward, backward;
  dnnl::memory workspace;
  dnnl::memory::desc x, y;
};

dnnl::algorithm algorithm_of(PoolKind kind) {
  switch (kind) {
    case PoolKind::max:
      return dnnl::algorithm::pooling_max;
    case PoolKind::average:
      return dnnl::algorithm::pooling_avg_include_padding;
    case PoolKind::average_without_padding:
      return dnnl::algorithm::pooling_avg_exclude_padding;
  }
  return dnnl::algorithm::undef;
}

/// A window along one axis, and the padding before the map.
struct WindowAxis {
  int kernel, stride, before;
};

/// Padding behind a map of `size` so that exactly `positions` windows fit; negative when the map's
/// end is not covered.
int end_padding(int size, int positions, const WindowAxis& w) {
  return (positions - 1) * w.stride + w.kernel - size - w.before;
}

/// Whether oneDNN has no such pooling: an average that counts padding counts there what lies past
/// it too.
bool is_ours(PoolKind kind, const Window& w) {
  return w.dilation != 1 || (kind == PoolKind::average && w.ceiling);
}

Calls make_calls(PoolKind kind, const Window& w, const TensorShape& x, const TensorShape& y) {
  const onednn::PoolingShape shape{
      .how = algorithm_of(kind),
      .x = onednn::map_desc(x),
      .y = onednn::map_desc(y),
      .strides = {w.stride.height, w.stride.width},
      .kernel = {w.height, w.width},
      .begin = {w.padding.top, w.padding.left},
      .end = {end_padding(x.height, y.height, {w.height, w.stride.height, w.padding.top}),
              end_padding(x.width, y.width, {w.width, w.stride.width, w.padding.left})}};
  const auto forward = onednn::describe_pooling(shape);
  const auto backward = onednn::describe_pooling_gradient(shape, forward);
  Calls calls{
      dnnl::pooling_forward(forward), dnnl::pooling_backward(backward), {}, shape.x, shape.y};
  if (kind == PoolKind::max) {
    calls.workspace = dnnl::memory(forward.workspace_desc(), onednn::engine());
  }
  return calls;
}

}  // namespace

struct Pooling::Implementation {
  PoolKind kind;
  Window window;
  WindowPooling plain;
  std::map<int, Calls> calls;

  [[nodiscard]] bool by_definition() const { return is_ours(kind, window); }
  Calls& of(const TensorShape& x, const TensorShape& y) {
    auto found = calls.find(x.images);
    if (found == calls.end()) {
      found = calls.emplace(x.images, make_calls(kind, window, x, y)).first;
    }
    return found->second;
  }
};

Pooling::Pooling(PoolKind kind, const Window& window)
    : own_(new Implementation{kind, window, {kind, window}, {}}) {}
Pooling::~Pooling() = default;
Pooling::Pooling(Pooling&&) noexcept = default;
Pooling& Pooling::operator=(Pooling&&) noexcept = default;

void Pooling::forward(const Tensor& x, Tensor& y) {
  if (own_->by_definition()) return own_->plain.forward(x, y);
  Calls& calls = own_->of(x.shape(), y.shape());
  onednn::Arguments arguments{{DNNL_ARG_SRC, onednn::view(calls.x, x.data())},
                              {DNNL_ARG_DST, onednn::view(calls.y, y.data())}};
  if (calls.workspace) arguments.emplace(DNNL_ARG_WORKSPACE, calls.workspace);
  calls.forward.execute(onednn::stream(), arguments);
}

void Pooling::backward(const Tensor& dy, Tensor& dx) {
  if (own_->by_definition()) return own_->plain.backward(dy, dx);
  Calls& calls = own_->of(dx.shape(), dy.shape());
  onednn::Arguments arguments{{DNNL_ARG_DIFF_DST, onednn::view(calls.y, dy.data())},
                              {DNNL_ARG_DIFF_SRC, onednn::view(calls.x, dx.data())}};
  if (calls.workspace) arguments.emplace(DNNL_ARG_WORKSPACE, calls.workspace);
  calls.backward.execute(onednn::stream(), arguments);
}

}  // namespace lightloom::nn
