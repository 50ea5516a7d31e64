#include "nn/ops/products/product.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <tuple>

#include "nn/ops/products/patches.hpp"
#include "nn/ops/products/product_calls.hpp"

namespace lightloom::nn {
namespace {

using dnnl::memory;
using onednn::Bias;
using onednn::Call;
using onednn::Work;

memory in_buffer(const memory::desc& desc, Tensor& buffer) {
  buffer.resize({1, 1, 1, static_cast<int>((desc.get_size() + sizeof(float) - 1) / sizeof(float))});
  return onednn::view(desc, buffer.data());
}

/// Memory for a map in a call's layout: the plain one itself where that is what the call wants.
memory room_for(const memory& plain, const memory::desc& wanted, Tensor& buffer) {
  return plain.get_desc() == wanted ? plain : in_buffer(wanted, buffer);
}

/// Weights in a layout of oneDNN's choice, reordered from the plain ones only when those changed.
struct PackedWeights {
  std::optional<memory> packed;
  std::uint64_t version = 0;  // of the plain weights; 0: none
};

/// Some of the images of a batch, and the first of some of the output channels.
struct Part {
  int first = 0, images = 0, channel = 0;
};

/// Where the gradients of weights and bias go; no bias: empty.
struct WeightGradient {
  std::span<float> weights, bias;
  int channels;  // output channels computed at once
};

/// Calls f(part) for the parts of at most so many images of a batch.
template <class F>
void each_part(int images, int most, F f) {
  for (int first = 0; first < images; first += most) f(Part{first, std::min(most, images - first)});
}

/// The pixels of x that a 1x1 convolution with the shape's stride reads.
Tensor sampled_pixels(const LayerShape& shape, const Tensor& x) {
  const std::int64_t channels = shape.in_channels, width = shape.in_width;
  const std::int64_t rows = std::int64_t{x.shape().images} * shape.out_height;
  Tensor sampled({x.shape().images, shape.out_height, shape.out_width, shape.in_channels});
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t image = row / shape.out_height, y = row % shape.out_height;
    const float* from =
        x.data() + (image * shape.in_height + y * shape.stride.height) * width * channels;
    float* to = sampled.data() + row * shape.out_width * channels;
    for (std::int64_t k = 0; k < shape.out_width; ++k)
      std::copy_n(from + k * shape.stride.width * channels, channels, to + k * channels);
  }
  return sampled;
}

const float* at(const Tensor& map, const Part& part) {
  return map.data() + part.first * (map.shape().size() / map.shape().images);
}

}  // namespace

bool can_fuse(Activation activation) {
  return activation == Activation::relu || activation == Activation::relu6 ||
         activation == Activation::hard_swish || activation == Activation::silu;
}

struct Product::Implementation {
  Implementation(const LayerShape& s, ProductWorkspace* shared, const ProductOptions& options)
      : shape(s),
        precision(options.precision),
        packing(options.packing),
        workspace(shared),
        plain(onednn::plain_weights(s)) {
    if (shared == nullptr) {
      alone = std::make_unique<ProductWorkspace>();
      workspace = alone.get();
    }
  }

  void pack(const memory::desc& wanted, PackedWeights& held);
  void begin(PackedWeights& held) const {
    if (packing == Packing::each_call) held.version = 0;
  }
  struct Maps {
    const Tensor& x;
    Tensor& y;
  };
  void run_forward(Call& call, const Part& part, const Maps& maps, const Finish& finish);
  void run_input_gradient(Call& call, const Part& part, const Tensor& dy, Tensor& dx);
  struct GradientMaps {
    const Tensor &x, &dy;
  };
  memory gradient_input(const Call& call, const Part& part, const Tensor& x);
  void run_weight_gradient(Call& call, const Part& part, const GradientMaps& maps,
                           const WeightGradient& into);

  [[nodiscard]] Work work(int images) const { return {shape, images, precision}; }
  /// The plain weights of some output channels.
  [[nodiscard]] memory::desc slice_of_weights(int channels) const {
    if (channels == shape.out_channels) return plain;
    LayerShape slice = shape;
    slice.out_channels = channels;
    return onednn::plain_weights(slice);
  }

  LayerShape shape;
  Precision precision;
  Packing packing;
  std::unique_ptr<ProductWorkspace> alone;
  ProductWorkspace* workspace;
  memory::desc plain;
  Tensor own_weights;
  std::span<const float> weights;
  std::uint64_t version = 0;
  PackedWeights forward_weights, backward_weights;
  onednn::Relayout relayout;
  std::map<std::tuple<int, Bias, bool, int, Method>, Call> forward_calls;
  std::map<int, Call> input_calls;
  std::map<std::pair<int, Bias>, Call> weight_calls;
};

void Product::Implementation::pack(const memory::desc& wanted, PackedWeights& held) {
  if (held.version == version && held.packed->get_desc() == wanted) return;
  if (packing == Packing::each_call)
    held.packed = in_buffer(wanted, workspace->weights);
  else if (!held.packed || held.packed->get_desc() != wanted)
    held.packed.emplace(wanted, onednn::engine());
  relayout.run(onednn::view(plain, weights.data()), *held.packed);
  held.version = version;
}

void Product::Implementation::run_forward(Call& call, const Part& part, const Maps& maps,
                                          const Finish& finish) {
  pack(call.weights, forward_weights);
  const memory plain_x = onednn::view(call.plain_x, at(maps.x, part));
  memory plain_y = onednn::view(call.plain_y, at(maps.y, part));
  memory own_x = room_for(plain_x, call.x, workspace->x);
  memory own_y = room_for(plain_y, call.y, workspace->y);
  if (own_x != plain_x) relayout.run(plain_x, own_x);
  if (own_y != plain_y && finish.accumulate) relayout.run(plain_y, own_y);
  call.bind(call.weights_name, *forward_weights.packed);
  call.bind(call.x_name, own_x);
  call.bind(call.y_name, own_y);
  call.run();
  if (own_y != plain_y) relayout.run(own_y, plain_y);
}

void Product::Implementation::run_input_gradient(Call& call, const Part& part, const Tensor& dy,
                                                 Tensor& dx) {
  pack(call.weights, backward_weights);
  memory plain_dx = onednn::view(call.plain_x, at(dx, part));
  const memory plain_dy = onednn::view(call.plain_y, at(dy, part));
  memory own_dx = room_for(plain_dx, call.x, workspace->x);
  memory own_dy = room_for(plain_dy, call.y, workspace->y);
  if (own_dy != plain_dy) relayout.run(plain_dy, own_dy);
  call.bind(call.weights_name, *backward_weights.packed);
  call.bind(call.x_name, own_dx);
  call.bind(call.y_name, own_dy);
  call.run();
  if (own_dx != plain_dx) relayout.run(own_dx, plain_dx);
}

/// x as the call of a weight gradient wants it.
memory Product::Implementation::gradient_input(const Call& call, const Part& part,
                                               const Tensor& x) {
  const memory given = onednn::view(call.plain_x, at(x, part));
  const Work of_part = work(part.images);
  if (!onednn::multiplies_patches(of_part) || !onednn::gathers_patches(of_part)) {
    memory own = room_for(given, call.x, workspace->x);
    if (own != given) relayout.run(given, own);
    return own;
  }
  memory map = in_buffer(onednn::rounded(call.plain_x), workspace->x);
  relayout.run(given, map);
  memory patches = in_buffer(call.x, workspace->patches);
  gather_patches(shape, part.images, static_cast<const std::uint16_t*>(map.get_data_handle()),
                 static_cast<std::uint16_t*>(patches.get_data_handle()));
  return patches;
}

void Product::Implementation::run_weight_gradient(Call& call, const Part& part,
                                                  const GradientMaps& maps,
                                                  const WeightGradient& into) {
  const memory plain_dy = onednn::view(call.plain_y, at(maps.dy, part) + part.channel);
  const memory own_x = gradient_input(call, part, maps.x);
  memory own_dy = room_for(plain_dy, call.y, workspace->y);
  memory own_dw = in_buffer(call.weights, workspace->weights);
  std::vector<float> d_bias(into.bias.empty() ? 0 : static_cast<std::size_t>(into.channels));
  if (own_dy != plain_dy) relayout.run(plain_dy, own_dy);
  call.bind(call.weights_name, own_dw);
  call.bind(call.x_name, own_x);
  call.bind(call.y_name, own_dy);
  if (!d_bias.empty())
    call.bind(call.bias_name, onednn::view(onednn::vector_desc(into.channels), d_bias.data()));
  call.run();
  const std::int64_t columns = shape.matrix_columns();
  memory plain_dw =
      onednn::view(slice_of_weights(into.channels), into.weights.data() + part.channel * columns);
  if (!call.by_axes.is_zero())
    own_dw = onednn::view(call.by_axes, static_cast<const float*>(own_dw.get_data_handle()));
  if (part.first == 0)
    relayout.run(own_dw, plain_dw);
  else
    relayout.add(own_dw, plain_dw);
  for (std::size_t c = 0; c < d_bias.size(); ++c)
    into.bias[static_cast<std::size_t>(part.channel) + c] += d_bias[c];
}

Product::Product(const LayerShape& shape, ProductWorkspace* shared, const ProductOptions& options)
    : own_(std::make_unique<Implementation>(shape, shared, options)) {}
Product::~Product() = default;
Product::Product(Product&&) noexcept = default;
Product& Product::operator=(Product&&) noexcept = default;

void Product::set_weights(std::span<const float> weights) {
  assert(static_cast<std::int64_t>(weights.size()) == own_->shape.weights());
  std::copy(weights.begin(), weights.end(), new_weights().begin());
}

std::span<float> Product::new_weights() {
  own_->own_weights.resize({1, 1, 1, static_cast<int>(own_->shape.weights())});
  view_weights(own_->own_weights.values());
  return own_->own_weights.values();
}

void Product::view_weights(std::span<const float> weights) {
  assert(static_cast<std::int64_t>(weights.size()) == own_->shape.weights());
  own_->weights = weights;
  ++own_->version;
}

void Product::forward(const Tensor& x, std::span<const float> bias, Tensor& y,
                      const Finish& finish) {
  const Bias with = bias.empty() ? Bias::none : Bias::with;
  const int fused = finish.activation ? static_cast<int>(*finish.activation) : -1;
  own_->begin(own_->forward_weights);
  const int images = x.shape().images;
  each_part(images, onednn::images_per_call(own_->work(images)), [&](const Part& part) {
    const auto key = std::make_tuple(part.images, with, finish.accumulate, fused, finish.method);
    auto found = own_->forward_calls.find(key);
    if (found == own_->forward_calls.end()) {
      Call call = onednn::forward_call(own_->work(part.images), with, finish);
      found = own_->forward_calls.emplace(key, std::move(call)).first;
    }
    Call& call = found->second;
    if (with == Bias::with)
      call.bind(call.bias_name,
                onednn::view(onednn::vector_desc(own_->shape.out_channels), bias.data()));
    own_->run_forward(call, part, {x, y}, finish);
  });
}

void Product::backward_input(const Tensor& dy, Tensor& dx) {
  own_->begin(own_->backward_weights);
  const int images = dy.shape().images;
  each_part(images, onednn::images_per_call(own_->work(images)), [&](const Part& part) {
    auto found = own_->input_calls.find(part.images);
    if (found == own_->input_calls.end()) {
      Call call = onednn::input_gradient_call(own_->work(part.images));
      found = own_->input_calls.emplace(part.images, std::move(call)).first;
    }
    own_->run_input_gradient(found->second, part, dy, dx);
  });
}

void Product::backward_weights(const Tensor& all_x, const Tensor& dy, std::span<float> d_weights,
                               std::span<float> d_bias) {
  const bool samples = onednn::reads_sampled_pixels(own_->shape);
  const Tensor sampled = samples ? sampled_pixels(own_->shape, all_x) : Tensor();
  const Tensor& x = samples ? sampled : all_x;
  const Bias with = d_bias.empty() ? Bias::none : Bias::with;
  std::fill(d_bias.begin(), d_bias.end(), 0.0f);
  const int images = x.shape().images;
  each_part(images, onednn::images_per_weight_gradient(own_->work(images)), [&](Part part) {
    const auto key = std::make_pair(part.images, with);
    auto found = own_->weight_calls.find(key);
    if (found == own_->weight_calls.end()) {
      Call call = onednn::weight_gradient_call(own_->work(part.images), with);
      found = own_->weight_calls.emplace(key, std::move(call)).first;
    }
    const int slices = onednn::weight_gradient_slices(own_->work(part.images));
    const WeightGradient into{d_weights, d_bias, own_->shape.out_channels / slices};
    for (; part.channel < own_->shape.out_channels; part.channel += into.channels)
      own_->run_weight_gradient(found->second, part, {x, dy}, into);
  });
}

}  // namespace lightloom::nn
