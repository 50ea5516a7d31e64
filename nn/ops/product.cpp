#include "nn/ops/product.hpp"

#include <cassert>
#include <map>
#include <optional>
#include <tuple>

#include "nn/ops/onednn.hpp"

namespace lightloom::nn {
namespace {

using dnnl::memory;
using dnnl::prop_kind;
using Tag = memory::format_tag;

constexpr auto f32 = memory::data_type::f32;

/// Memory descriptors of a layer for a number of images. `any` formats let oneDNN choose for the
/// weights.
struct Descriptors {
  memory::desc x, y, weights_any, weights_plain, bias;
  memory::dims strides, dilations, padding;
  bool linear = false;

  Descriptors(const LayerShape& s, int images) : linear(s.kind == LayerShape::Kind::linear) {
    bias = {{s.out_channels}, f32, Tag::a};
    if (linear) {
      x = {{images, s.in_channels}, f32, Tag::ab};
      y = {{images, s.out_channels}, f32, Tag::ab};
      weights_any = {{s.out_channels, s.in_channels}, f32, Tag::any};
      weights_plain = {{s.out_channels, s.in_channels}, f32, Tag::ab};
      return;
    }
    x = onednn::map_desc({images, s.in_height, s.in_width, s.in_channels});
    y = onednn::map_desc({images, s.out_height, s.out_width, s.out_channels});
    memory::dims dims{s.out_channels / s.groups, s.in_channels / s.groups, s.kernel_height,
                      s.kernel_width};
    if (s.groups > 1) dims.insert(dims.begin(), s.groups);
    weights_any = {dims, f32, Tag::any};
    weights_plain = {dims, f32, s.groups > 1 ? Tag::goihw : Tag::oihw};
    strides = {s.stride, s.stride};
    dilations = {s.dilation - 1, s.dilation - 1};
    padding = {s.padding, s.padding};
  }
};

/// A primitive with its arguments bound once; running it only changes data pointers.
struct Call {
  dnnl::primitive primitive;
  memory::desc weights;  // in the layout the primitive chose
  onednn::Arguments arguments;

  void run() { primitive.execute(onednn::stream(), arguments); }
  void bind(int argument, const float* data) {
    arguments.at(argument).set_data_handle(const_cast<float*>(data));
  }
};

void append_activation(dnnl::post_ops& after, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    case Activation::relu6:
      return after.append_eltwise(1.0f, dnnl::algorithm::eltwise_clip, 0.0f, 6.0f);
    case Activation::hard_swish:
      return after.append_eltwise(1.0f, dnnl::algorithm::eltwise_hardswish, 0.0f, 0.0f);
    case Activation::silu:
      return after.append_eltwise(1.0f, dnnl::algorithm::eltwise_swish, 1.0f, 0.0f);
    default:
      assert(false);
  }
}

dnnl::primitive_attr attributes(const Finish& finish) {
  dnnl::post_ops after;
  if (finish.accumulate) after.append_sum(1.0f);
  if (finish.activation) append_activation(after, *finish.activation);
  dnnl::primitive_attr attr;
  attr.set_post_ops(after);
  return attr;
}

dnnl::convolution_forward::primitive_desc convolution_hint(const Descriptors& d,
                                                           const dnnl::primitive_attr& attr,
                                                           bool bias) {
  const auto kind = prop_kind::forward_training;
  const auto how = dnnl::algorithm::convolution_direct;
  using Desc = dnnl::convolution_forward::desc;
  const Desc desc =
      bias ? Desc(kind, how, d.x, d.weights_any, d.bias, d.y, d.strides, d.dilations, d.padding,
                  d.padding)
           : Desc(kind, how, d.x, d.weights_any, d.y, d.strides, d.dilations, d.padding, d.padding);
  return {desc, attr, onednn::engine()};
}

dnnl::inner_product_forward::primitive_desc linear_hint(const Descriptors& d,
                                                        const dnnl::primitive_attr& attr,
                                                        bool bias) {
  using Desc = dnnl::inner_product_forward::desc;
  const auto kind = prop_kind::forward_training;
  const Desc desc =
      bias ? Desc(kind, d.x, d.weights_any, d.bias, d.y) : Desc(kind, d.x, d.weights_any, d.y);
  return {desc, attr, onednn::engine()};
}

/// The call of a primitive descriptor whose weight layout is `weights`.
template <class Primitive, class Hint>
Call call_of(const Hint& hint, memory::desc weights) {
  return {Primitive(hint), std::move(weights), {}};
}

Call forward_call(const Descriptors& d, const Finish& finish, bool bias) {
  Call call;
  if (d.linear) {
    const auto hint = linear_hint(d, attributes(finish), bias);
    call = call_of<dnnl::inner_product_forward>(hint, hint.weights_desc());
  } else {
    const auto hint = convolution_hint(d, attributes(finish), bias);
    call = call_of<dnnl::convolution_forward>(hint, hint.weights_desc());
  }
  call.arguments = {{DNNL_ARG_SRC, onednn::view(d.x, nullptr)},
                    {DNNL_ARG_DST, onednn::view(d.y, nullptr)}};
  if (bias) call.arguments.emplace(DNNL_ARG_BIAS, onednn::view(d.bias, nullptr));
  return call;
}

Call input_gradient_call(const Descriptors& d) {
  Call call;
  if (d.linear) {
    const dnnl::inner_product_backward_data::primitive_desc hint(
        {d.x, d.weights_any, d.y}, onednn::engine(), linear_hint(d, {}, false));
    call = call_of<dnnl::inner_product_backward_data>(hint, hint.weights_desc());
  } else {
    const dnnl::convolution_backward_data::primitive_desc hint(
        {dnnl::algorithm::convolution_direct, d.x, d.weights_any, d.y, d.strides, d.dilations,
         d.padding, d.padding},
        onednn::engine(), convolution_hint(d, {}, false));
    call = call_of<dnnl::convolution_backward_data>(hint, hint.weights_desc());
  }
  call.arguments = {{DNNL_ARG_DIFF_SRC, onednn::view(d.x, nullptr)},
                    {DNNL_ARG_DIFF_DST, onednn::view(d.y, nullptr)}};
  return call;
}

Call convolution_weight_gradient(const Descriptors& d, bool bias) {
  using Backward = dnnl::convolution_backward_weights;
  const auto how = dnnl::algorithm::convolution_direct;
  const Backward::desc desc = bias ? Backward::desc(how, d.x, d.weights_any, d.bias, d.y, d.strides,
                                                    d.dilations, d.padding, d.padding)
                                   : Backward::desc(how, d.x, d.weights_any, d.y, d.strides,
                                                    d.dilations, d.padding, d.padding);
  const Backward::primitive_desc hint(desc, onednn::engine(), convolution_hint(d, {}, bias));
  return call_of<Backward>(hint, hint.diff_weights_desc());
}

Call linear_weight_gradient(const Descriptors& d, bool bias) {
  using Backward = dnnl::inner_product_backward_weights;
  const Backward::desc desc = bias ? Backward::desc(d.x, d.weights_any, d.bias, d.y)
                                   : Backward::desc(d.x, d.weights_any, d.y);
  const Backward::primitive_desc hint(desc, onednn::engine(), linear_hint(d, {}, bias));
  return call_of<Backward>(hint, hint.diff_weights_desc());
}

Call weight_gradient_call(const Descriptors& d, bool bias) {
  Call call = d.linear ? linear_weight_gradient(d, bias) : convolution_weight_gradient(d, bias);
  call.arguments = {{DNNL_ARG_SRC, onednn::view(d.x, nullptr)},
                    {DNNL_ARG_DIFF_DST, onednn::view(d.y, nullptr)}};
  if (bias) call.arguments.emplace(DNNL_ARG_DIFF_BIAS, onednn::view(d.bias, nullptr));
  return call;
}

memory in_buffer(const memory::desc& desc, Tensor& buffer) {
  buffer.resize({1, 1, 1, static_cast<int>((desc.get_size() + sizeof(float) - 1) / sizeof(float))});
  return onednn::view(desc, buffer.data());
}

/// Weights in a layout of oneDNN's choice, reordered from the plain ones only when those changed,
/// or every time into a shared buffer.
struct PackedWeights {
  std::optional<memory> packed;
  std::uint64_t version = 0;

  memory& refresh(const memory::desc& wanted, const memory::desc& plain, const Tensor& weights,
                  std::uint64_t current, Tensor* shared) {
    const bool fits = packed && packed->get_desc() == wanted && shared == nullptr;
    if (fits && version == current) return *packed;
    if (shared != nullptr) packed = in_buffer(wanted, *shared);
    if (!fits && shared == nullptr) packed.emplace(wanted, onednn::engine());
    memory from = onednn::view(plain, weights.data());
    dnnl::reorder(from, *packed).execute(onednn::stream(), from, *packed);
    version = current;
    return *packed;
  }
};

}  // namespace

bool can_fuse(Activation activation) {
  return activation == Activation::relu || activation == Activation::relu6 ||
         activation == Activation::hard_swish || activation == Activation::silu;
}

struct Product::Implementation {
  Implementation(const LayerShape& s, ProductWorkspace* workspace) : shape(s), shared(workspace) {}

  [[nodiscard]] Tensor* shared_weights() const {
    return shared == nullptr ? nullptr : &shared->weights;
  }

  LayerShape shape;
  ProductWorkspace* shared;
  Tensor weights;
  std::uint64_t version = 0;
  PackedWeights forward_weights, backward_weights;
  std::optional<memory> packed_gradient;
  std::map<std::tuple<int, bool, bool, int>, Call> forward_calls;
  std::map<int, Call> input_calls;
  std::map<std::pair<int, bool>, Call> weight_calls;
};

Product::Product(const LayerShape& shape, ProductWorkspace* shared)
    : own_(std::make_unique<Implementation>(shape, shared)) {}
Product::~Product() = default;
Product::Product(Product&&) noexcept = default;
Product& Product::operator=(Product&&) noexcept = default;

void Product::set_weights(std::span<const float> weights) {
  assert(static_cast<std::int64_t>(weights.size()) == own_->shape.weights());
  std::copy(weights.begin(), weights.end(), new_weights().begin());
}

std::span<float> Product::new_weights() {
  own_->weights.resize({1, 1, 1, static_cast<int>(own_->shape.weights())});
  ++own_->version;
  return own_->weights.values();
}

void Product::forward(const Tensor& x, std::span<const float> bias, Tensor& y,
                      const Finish& finish) {
  const int images = x.shape().images;
  const bool with_bias = !bias.empty();
  const int fused = finish.activation ? static_cast<int>(*finish.activation) : -1;
  const auto key = std::make_tuple(images, with_bias, finish.accumulate, fused);
  auto found = own_->forward_calls.find(key);
  if (found == own_->forward_calls.end()) {
    const Descriptors d(own_->shape, images);
    found = own_->forward_calls.emplace(key, forward_call(d, finish, with_bias)).first;
  }
  Call& call = found->second;
  const Descriptors plain(own_->shape, 1);
  call.arguments.insert_or_assign(
      DNNL_ARG_WEIGHTS,
      own_->forward_weights.refresh(call.weights, plain.weights_plain, own_->weights, own_->version,
                                    own_->shared_weights()));
  call.bind(DNNL_ARG_SRC, x.data());
  call.bind(DNNL_ARG_DST, y.data());
  if (with_bias) call.bind(DNNL_ARG_BIAS, bias.data());
  call.run();
}

void Product::backward_input(const Tensor& dy, Tensor& dx) {
  const int images = dy.shape().images;
  auto found = own_->input_calls.find(images);
  if (found == own_->input_calls.end()) {
    found = own_->input_calls.emplace(images, input_gradient_call(Descriptors(own_->shape, images)))
                .first;
  }
  Call& call = found->second;
  const Descriptors plain(own_->shape, 1);
  call.arguments.insert_or_assign(
      DNNL_ARG_WEIGHTS,
      own_->backward_weights.refresh(call.weights, plain.weights_plain, own_->weights,
                                     own_->version, own_->shared_weights()));
  call.bind(DNNL_ARG_DIFF_SRC, dx.data());
  call.bind(DNNL_ARG_DIFF_DST, dy.data());
  call.run();
}

void Product::backward_weights(const Tensor& x, const Tensor& dy, std::span<float> d_weights,
                               std::span<float> d_bias) {
  const int images = x.shape().images;
  const bool with_bias = !d_bias.empty();
  const auto key = std::make_pair(images, with_bias);
  auto found = own_->weight_calls.find(key);
  if (found == own_->weight_calls.end()) {
    const Descriptors d(own_->shape, images);
    found = own_->weight_calls.emplace(key, weight_gradient_call(d, with_bias)).first;
  }
  Call& call = found->second;
  if (own_->shared != nullptr) {
    own_->packed_gradient = in_buffer(call.weights, own_->shared->gradient);
  } else if (!own_->packed_gradient || own_->packed_gradient->get_desc() != call.weights) {
    own_->packed_gradient.emplace(call.weights, onednn::engine());
  }
  call.arguments.insert_or_assign(DNNL_ARG_DIFF_WEIGHTS, *own_->packed_gradient);
  call.bind(DNNL_ARG_SRC, x.data());
  call.bind(DNNL_ARG_DIFF_DST, dy.data());
  if (with_bias) call.bind(DNNL_ARG_DIFF_BIAS, d_bias.data());
  call.run();
  memory plain = onednn::view(Descriptors(own_->shape, 1).weights_plain, d_weights.data());
  dnnl::reorder(*own_->packed_gradient, plain)
      .execute(onednn::stream(), *own_->packed_gradient, plain);
}

}  // namespace lightloom::nn
