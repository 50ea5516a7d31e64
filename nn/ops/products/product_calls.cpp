#include "nn/ops/products/product_calls.hpp"

#include <algorithm>
#include <stdexcept>

namespace lightloom::nn::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;
using Tag = memory::format_tag;

constexpr auto f32 = memory::data_type::f32;

/// Output tiles of Winograd's F(4x4, 3x3) in one image.
std::int64_t tiles_of(const LayerShape& s) {
  return std::int64_t{(s.out_height + 3) / 4} * ((s.out_width + 3) / 4);
}

/// Whether F(4x4, 3x3) (Lavin and Gray, CVPR 2016) is quicker than the direct method, which takes
/// 2.25 times its multiplications and more: with enough channels, enough tiles to be worth
/// transforming the weights, and little of the tiles outside the map. Limits measured on Zen 4.
/// oneDNN has it in float32 only.
bool winograd_pays(const Work& work) {
  const LayerShape& s = work.shape;
  constexpr int least_channels = 32, least_tiles = 32;
  constexpr double most_padding = 1.4;
  const bool fits = work.precision == Precision::float32 &&
                    s.kind == LayerShape::Kind::convolution && s.groups == 1 && s.stride == 1 &&
                    s.dilation == 1 && (s.padding == 0 || s.padding == 1) && s.kernel_height == 3 &&
                    s.kernel_width == 3;
  const bool wide = s.in_channels % 16 == 0 && s.out_channels % 16 == 0 &&
                    std::min(s.in_channels, s.out_channels) >= least_channels;
  const auto computed = static_cast<double>(16 * tiles_of(s));
  return fits && wide && work.images * tiles_of(s) >= least_tiles &&
         computed <= most_padding * static_cast<double>(s.positions());
}

/// Whether products of bfloat16 are made by AMX, in tiles of 32 operands.
bool multiplies_tiles() {
  static const bool tiles = has(dnnl::cpu_isa::avx512_core_amx);
  return tiles;
}

/// Which map of a layer its call computes; a weight gradient reads both.
enum class Computes { y, x, weights };

/// Memory descriptors of a layer for a number of images. `any` formats let oneDNN choose.
struct Descriptors {
  const Work* work;
  memory::desc plain_x, plain_y, x, y, weights, bias;
  memory::dims strides, dilations, before, after;
  algorithm method = algorithm::convolution_direct;
  bool linear = false;

  Descriptors(const Work& of, algorithm how, Computes computes)
      : work(&of), method(how), linear(of.shape.kind == LayerShape::Kind::linear) {
    const LayerShape& s = of.shape;
    const int images = of.images;
    const auto type_of = [&](Computes operand) {
      const bool rounded = of.precision == Precision::bfloat16 && operand != computes;
      return rounded ? memory::data_type::bf16 : f32;
    };
    bias = {{s.out_channels}, f32, Tag::a};
    if (linear) {
      plain_x = {{images, s.in_channels}, f32, Tag::ab};
      plain_y = {{images, s.out_channels}, f32, Tag::ab};
    } else {
      plain_x = map_desc({images, s.in_height, s.in_width, s.in_channels});
      plain_y = map_desc({images, s.out_height, s.out_width, s.out_channels});
    }
    const bool free = method == algorithm::convolution_winograd;
    const Tag plain = linear ? Tag::ab : Tag::nhwc;
    x = {dims_of(plain_x), type_of(Computes::x), free ? Tag::any : plain};
    y = {dims_of(plain_y), type_of(Computes::y), free ? Tag::any : plain};
    // With AMX the gradient of a matrix is quicker into the plain layout than into that of choice.
    const bool plain_gradient = linear && computes == Computes::weights &&
                                of.precision == Precision::bfloat16 && multiplies_tiles();
    weights = {dims_of(plain_weights(s)), type_of(Computes::weights),
               plain_gradient ? Tag::ab : Tag::any};
    strides = {s.stride.height, s.stride.width};
    dilations = {s.dilation.height - 1, s.dilation.width - 1};
    before = {s.padding.top, s.padding.left};
    after = {s.padding.bottom, s.padding.right};
  }

  /// Those of the forward call, which a gradient's description begins with.
  [[nodiscard]] Descriptors forward() const { return {*work, method, Computes::y}; }
};

void append_activation(dnnl::post_ops& after, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return append_eltwise(after, algorithm::eltwise_relu, 0.0f, 0.0f);
    case Activation::relu6:
      return append_eltwise(after, algorithm::eltwise_clip, 0.0f, 6.0f);
    case Activation::hard_swish:
      return append_hard_swish(after);
    case Activation::silu:
      return append_eltwise(after, algorithm::eltwise_swish, 1.0f, 0.0f);
    case Activation::hard_sigmoid:
    case Activation::sigmoid:
    case Activation::gelu:
    case Activation::tanh:
    case Activation::function:
      break;
  }
  throw std::logic_error("a product cannot end in this activation (see can_fuse)");
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
                                                           Bias bias) {
  using Forward = dnnl::convolution_forward;
  const auto kind = prop_kind::forward_training;
  if (bias == Bias::with)
    return describe_forward<Forward>(attr, kind, d.method, d.x, d.weights, d.bias, d.y, d.strides,
                                     d.dilations, d.before, d.after);
  return describe_forward<Forward>(attr, kind, d.method, d.x, d.weights, d.y, d.strides,
                                   d.dilations, d.before, d.after);
}

dnnl::inner_product_forward::primitive_desc linear_hint(const Descriptors& d,
                                                        const dnnl::primitive_attr& attr,
                                                        Bias bias) {
  using Forward = dnnl::inner_product_forward;
  const auto kind = prop_kind::forward_training;
  if (bias == Bias::with) return describe_forward<Forward>(attr, kind, d.x, d.weights, d.bias, d.y);
  return describe_forward<Forward>(attr, kind, d.x, d.weights, d.y);
}

/// The call of a forward primitive.
template <class Primitive, class Hint>
Call forward_of(const Hint& hint) {
  return {Primitive(hint), hint.src_desc(),  hint.weights_desc(), hint.dst_desc(), {}, {},
          DNNL_ARG_SRC,    DNNL_ARG_WEIGHTS, DNNL_ARG_DST,        DNNL_ARG_BIAS,   {}};
}

template <class Primitive, class Hint>
Call input_gradient_of(const Hint& hint) {
  return {
      Primitive(hint),   hint.diff_src_desc(), hint.weights_desc(), hint.diff_dst_desc(), {}, {},
      DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS,     DNNL_ARG_DIFF_DST,   DNNL_ARG_BIAS,        {}};
}

template <class Primitive, class Hint>
Call weight_gradient_of(const Hint& hint) {
  return {Primitive(hint),
          hint.src_desc(),
          hint.diff_weights_desc(),
          hint.diff_dst_desc(),
          {},
          {},
          DNNL_ARG_SRC,
          DNNL_ARG_DIFF_WEIGHTS,
          DNNL_ARG_DIFF_DST,
          DNNL_ARG_DIFF_BIAS,
          {}};
}

Call forward(const Descriptors& d, const Finish& finish, Bias bias) {
  return d.linear
             ? forward_of<dnnl::inner_product_forward>(linear_hint(d, attributes(finish), bias))
             : forward_of<dnnl::convolution_forward>(convolution_hint(d, attributes(finish), bias));
}

Call input_gradient(const Descriptors& d) {
  if (d.linear) {
    using Backward = dnnl::inner_product_backward_data;
    return input_gradient_of<Backward>(
        describe_backward<Backward>(linear_hint(d.forward(), {}, Bias::none), d.x, d.weights, d.y));
  }
  using Backward = dnnl::convolution_backward_data;
  return input_gradient_of<Backward>(
      describe_backward<Backward>(convolution_hint(d.forward(), {}, Bias::none), d.method, d.x,
                                  d.weights, d.y, d.strides, d.dilations, d.before, d.after));
}

Call linear_weight_gradient(const Descriptors& d, Bias bias) {
  using Backward = dnnl::inner_product_backward_weights;
  const auto hint = linear_hint(d.forward(), {}, bias);
  return weight_gradient_of<Backward>(
      bias == Bias::with ? describe_backward<Backward>(hint, d.x, d.weights, d.bias, d.y)
                         : describe_backward<Backward>(hint, d.x, d.weights, d.y));
}

Call weight_gradient(const Descriptors& d, Bias bias) {
  if (d.linear) return linear_weight_gradient(d, bias);
  using Backward = dnnl::convolution_backward_weights;
  const auto hint = convolution_hint(d.forward(), {}, bias);
  return weight_gradient_of<Backward>(
      bias == Bias::with ? describe_backward<Backward>(hint, d.method, d.x, d.weights, d.bias, d.y,
                                                       d.strides, d.dilations, d.before, d.after)
                         : describe_backward<Backward>(hint, d.method, d.x, d.weights, d.y,
                                                       d.strides, d.dilations, d.before, d.after));
}

/// make(descriptors) by Winograd's method where it may be used and pays and this machine and these
/// post-operations have it, else directly.
template <class Make>
Call call_by(Method allowed, const Work& work, Computes computes, Make make) {
  const auto finished = [&](algorithm method) {
    const Descriptors d(work, method, computes);
    Call call = make(d);
    call.plain_x = d.plain_x;
    call.plain_y = d.plain_y;
    return call;
  };
  if (allowed == Method::quickest && winograd_pays(work)) {
    try {
      return finished(algorithm::convolution_winograd);
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
  }
  return finished(algorithm::convolution_direct);
}

/// The weights of a convolution as those of a linear layer that reads patches.
Call patch_gradient_call(const Work& work, Bias bias) {
  const LayerShape& s = work.shape;
  const LayerShape matrix{.kind = LayerShape::Kind::linear,
                          .in_channels = s.matrix_columns(),
                          .out_channels = s.out_channels};
  const auto rows = static_cast<int>(work.images * s.positions());
  Call call = call_by(Method::direct, {matrix, rows, work.precision}, Computes::weights,
                      [&](const Descriptors& d) { return weight_gradient(d, bias); });
  if (gathers_patches(work))
    call.plain_x = map_desc({work.images, s.in_height, s.in_width, s.in_channels});
  const memory::dim channels = s.in_channels, kernel = s.matrix_columns();
  call.by_axes = {dims_of(plain_weights(s)), f32, {kernel, 1, s.kernel_width * channels, channels}};
  return call;
}

}  // namespace

Call forward_call(const Work& work, Bias bias, const Finish& finish) {
  return call_by(finish.method, work, Computes::y,
                 [&](const Descriptors& d) { return forward(d, finish, bias); });
}

Call input_gradient_call(const Work& work) {
  return call_by(Method::quickest, work, Computes::x,
                 [](const Descriptors& d) { return input_gradient(d); });
}

Call weight_gradient_call(const Work& work, Bias bias) {
  if (multiplies_patches(work)) return patch_gradient_call(work, bias);
  const LayerShape& shape = work.shape;
  Work slice = work;
  if (reads_sampled_pixels(shape)) {
    slice.shape.in_height = shape.out_height;
    slice.shape.in_width = shape.out_width;
    slice.shape.stride = 1;
  }
  slice.shape.out_channels /= weight_gradient_slices(work);
  Call call = call_by(Method::quickest, slice, Computes::weights,
                      [&](const Descriptors& d) { return weight_gradient(d, bias); });
  if (slice.shape.out_channels < shape.out_channels) {  // some of the channels of every pixel
    const memory::dim pixel = shape.out_channels, row = pixel * shape.out_width;
    call.plain_y = {dims_of(call.plain_y), f32, {row * shape.out_height, 1, row, pixel}};
  }
  return call;
}

bool reads_sampled_pixels(const LayerShape& s) {
  constexpr int vector = 16;
  return s.kind == LayerShape::Kind::convolution && s.kernel_height == 1 && s.kernel_width == 1 &&
         !(s.stride == 1) && s.padding == 0 && s.in_channels / s.groups < vector;
}

/// oneDNN's kernels for AMX take 32 pixels of a row at once, which narrow maps have not, and those
/// for 1x1 kernels are slow. Limits measured on Sapphire Rapids.
bool multiplies_patches(const Work& work) {
  constexpr int widest = 8;
  const LayerShape& s = work.shape;
  if (work.precision != Precision::bfloat16 || s.kind != LayerShape::Kind::convolution ||
      s.groups != 1 || !multiplies_tiles())
    return false;
  if (s.kernel_area() == 1) return s.in_channels >= 16;
  return s.out_width <= widest && s.in_channels >= 32 && s.out_channels >= 64;
}

bool gathers_patches(const Work& work) {
  const LayerShape& s = work.shape;
  return s.kernel_area() > 1 || !(s.stride == 1) || s.padding != 0;
}

memory::desc rounded(const memory::desc& plain) {
  return {dims_of(plain), memory::data_type::bf16, Tag::nhwc};
}

int weight_gradient_slices(const Work& work) {
  constexpr int most_pairs = 1 << 17;  // of in and out channels: 19 MB
  const LayerShape& shape = work.shape;
  if (!winograd_pays(work)) return 1;
  int slices = 1;
  while (shape.in_channels * (shape.out_channels / slices) > most_pairs &&
         shape.out_channels % (32 * slices) == 0)
    slices *= 2;
  return slices;
}

int images_per_call(const Work& work) {
  constexpr std::int64_t most_tiles = 1024;
  if (!winograd_pays(work)) return work.images;
  return static_cast<int>(
      std::clamp<std::int64_t>(most_tiles / tiles_of(work.shape), 1, work.images));
}

int images_per_weight_gradient(const Work& work) {
  constexpr std::int64_t most_numbers = 10'000'000;  // 20 MB of patches
  if (!multiplies_patches(work) || !gathers_patches(work)) return images_per_call(work);
  const std::int64_t of_image = work.shape.positions() * work.shape.matrix_columns();
  return static_cast<int>(std::clamp<std::int64_t>(most_numbers / of_image, 1, work.images));
}

memory::desc plain_weights(const LayerShape& s) {
  if (s.kind == LayerShape::Kind::linear) return {{s.out_channels, s.in_channels}, f32, Tag::ab};
  memory::dims dims{s.out_channels / s.groups, s.in_channels / s.groups, s.kernel_height,
                    s.kernel_width};
  if (s.groups > 1) dims.insert(dims.begin(), s.groups);
  return {dims, f32, s.groups > 1 ? Tag::goihw : Tag::oihw};
}

void Relayout::run(const memory& from, memory& to) { run(from, to, false); }
void Relayout::add(const memory& from, memory& to) { run(from, to, true); }

void Relayout::run(const memory& from, memory& to, bool sum) {
  const memory::desc in = from.get_desc(), out = to.get_desc();
  auto found = std::find_if(prepared_.begin(), prepared_.end(), [&](const Prepared& one) {
    return one.sum == sum && one.from == in && one.to == out;
  });
  if (found == prepared_.end()) {
    dnnl::primitive_attr attr;
    dnnl::post_ops after;
    if (sum) after.append_sum(1.0f);
    attr.set_post_ops(after);
    const dnnl::reorder::primitive_desc desc(engine(), in, engine(), out, attr);
    prepared_.push_back({in, out, sum, dnnl::reorder(desc)});
    found = prepared_.end() - 1;
  }
  memory source = from;
  found->primitive.execute(stream(), source, to);
}

}  // namespace lightloom::nn::onednn
