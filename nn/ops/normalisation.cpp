#include "nn/ops/normalisation.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "nn/ops/onednn.hpp"

namespace lightloom::nn {
namespace {

using Flags = dnnl::normalization_flags;

struct Calls {
  dnnl::primitive forward, backward;
  dnnl::memory workspace;
  onednn::Arguments forward_arguments, backward_arguments;
};

Calls make_calls(const TensorShape& shape, float epsilon, bool relu) {
  Flags flags = Flags::use_scale | Flags::use_shift;
  if (relu) flags = flags | Flags::fuse_norm_relu;
  const auto map = onednn::map_desc(shape);
  const auto channels = onednn::vector_desc(shape.channels);
  const dnnl::batch_normalization_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, map, epsilon, flags}, onednn::engine());
  const dnnl::batch_normalization_backward::primitive_desc backward(
      {dnnl::prop_kind::backward, map, map, epsilon, flags}, onednn::engine(), forward);
  Calls calls{dnnl::batch_normalization_forward(forward),
              dnnl::batch_normalization_backward(backward),
              {},
              {},
              {}};
  calls.forward_arguments = {{DNNL_ARG_SRC, onednn::view(map, nullptr)},
                             {DNNL_ARG_DST, onednn::view(map, nullptr)},
                             {DNNL_ARG_SCALE, onednn::view(channels, nullptr)},
                             {DNNL_ARG_SHIFT, onednn::view(channels, nullptr)},
                             {DNNL_ARG_MEAN, onednn::view(channels, nullptr)},
                             {DNNL_ARG_VARIANCE, onednn::view(channels, nullptr)}};
  calls.backward_arguments = calls.forward_arguments;
  calls.backward_arguments.erase(DNNL_ARG_DST);
  calls.backward_arguments.insert({{DNNL_ARG_DIFF_DST, onednn::view(map, nullptr)},
                                   {DNNL_ARG_DIFF_SRC, onednn::view(map, nullptr)},
                                   {DNNL_ARG_DIFF_SCALE, onednn::view(channels, nullptr)},
                                   {DNNL_ARG_DIFF_SHIFT, onednn::view(channels, nullptr)}});
  if (relu) {
    calls.workspace = dnnl::memory(forward.workspace_desc(), onednn::engine());
    calls.forward_arguments.emplace(DNNL_ARG_WORKSPACE, calls.workspace);
    calls.backward_arguments.emplace(DNNL_ARG_WORKSPACE, calls.workspace);
  }
  return calls;
}

void bind(onednn::Arguments& arguments, int argument, const float* data) {
  arguments.at(argument).set_data_handle(const_cast<float*>(data));
}

}  // namespace

struct BatchNormalisation::Implementation {
  float epsilon;
  bool relu;
  std::map<int, Calls> calls;  // by images: one normalisation sees maps of one size

  Calls& of(const TensorShape& shape) {
    auto found = calls.find(shape.images);
    if (found == calls.end()) {
      found = calls.emplace(shape.images, make_calls(shape, epsilon, relu)).first;
    }
    return found->second;
  }
};

BatchNormalisation::BatchNormalisation(double epsilon, bool relu)
    : own_(new Implementation{static_cast<float>(epsilon), relu, {}}) {}
BatchNormalisation::~BatchNormalisation() = default;
BatchNormalisation::BatchNormalisation(BatchNormalisation&&) noexcept = default;
BatchNormalisation& BatchNormalisation::operator=(BatchNormalisation&&) noexcept = default;

void BatchNormalisation::forward(const Tensor& x, const NormValues& values, Tensor& y) {
  Calls& calls = own_->of(x.shape());
  onednn::Arguments& arguments = calls.forward_arguments;
  bind(arguments, DNNL_ARG_SRC, x.data());
  bind(arguments, DNNL_ARG_DST, y.data());
  bind(arguments, DNNL_ARG_SCALE, values.scale.data());
  bind(arguments, DNNL_ARG_SHIFT, values.shift.data());
  bind(arguments, DNNL_ARG_MEAN, values.mean.data());
  bind(arguments, DNNL_ARG_VARIANCE, values.variance.data());
  calls.forward.execute(onednn::stream(), arguments);
}

void BatchNormalisation::backward(const Tensor& x, const NormValues& values, const Tensor& dy,
                                  Tensor& dx, std::span<float> d_scale, std::span<float> d_shift) {
  Calls& calls = own_->of(x.shape());
  onednn::Arguments& arguments = calls.backward_arguments;
  bind(arguments, DNNL_ARG_SRC, x.data());
  bind(arguments, DNNL_ARG_DIFF_DST, dy.data());
  bind(arguments, DNNL_ARG_DIFF_SRC, dx.data());
  bind(arguments, DNNL_ARG_SCALE, values.scale.data());
  bind(arguments, DNNL_ARG_SHIFT, values.shift.data());
  bind(arguments, DNNL_ARG_MEAN, values.mean.data());
  bind(arguments, DNNL_ARG_VARIANCE, values.variance.data());
  bind(arguments, DNNL_ARG_DIFF_SCALE, d_scale.data());
  bind(arguments, DNNL_ARG_DIFF_SHIFT, d_shift.data());
  calls.backward.execute(onednn::stream(), arguments);
}

void scale_shift(const Tensor& x, std::span<const float> scale, std::span<const float> shift,
                 Then then, Tensor& y) {
  const std::int64_t pixels = x.shape().pixels();
  const int channels = x.shape().channels;
  const float floor = then == Then::relu ? 0.0f : -std::numeric_limits<float>::infinity();
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p) {
    const float* from = x.data() + p * channels;
    float* to = y.data() + p * channels;
    for (int c = 0; c < channels; ++c) {
      const auto k = static_cast<std::size_t>(c);
      to[c] = std::max(floor, from[c] * scale[k] + shift[k]);
    }
  }
}

}  // namespace lightloom::nn
