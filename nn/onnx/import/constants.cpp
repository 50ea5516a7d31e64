#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/translation/numbers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

/// One image of a constant spread over a value, by place on the value's node; empty where a place
/// gets two numbers or images differ.
std::vector<float> numbers_at(const Translation& t, const Operation& o, const Changing& x,
                              const Array& array) {
  const Array shape = integers_array(x.dims);
  const Operation expand{
      .type = "Expand", .name = o.name, .inputs = {"a", "b"}, .outputs = {"c"}, .attributes = {}};
  const Array all = evaluate(expand, {&array, &shape}, 13).front();
  if (all.integer() || all.dims != x.dims) throw Unsupported(o, "a constant of this type or shape");
  const Numbers own = numbers_of(t, x);
  const std::int64_t each = t.builder.shape(x.node).size();
  std::vector<float> numbers(static_cast<std::size_t>(each), 0.0f);
  std::vector<bool> known(numbers.size(), false);
  for (std::size_t i = 0; i < all.floats.size(); ++i) {
    if (own[i] == 0) return {};
    const auto at = static_cast<std::size_t>((own[i] - 1) % each);
    if (known[at] && numbers[at] != all.floats[i]) return {};
    known[at] = true;
    numbers[at] = all.floats[i];
  }
  return numbers;
}

/// The numbers of the channels if every position has the same ones, else nothing.
std::vector<float> by_channel(const std::vector<float>& numbers, int channels) {
  const auto count = static_cast<std::size_t>(channels);
  for (std::size_t i = count; i < numbers.size(); ++i)
    if (numbers[i] != numbers[i % count]) return {};
  return {numbers.begin(), numbers.begin() + channels};
}

/// A value in an order in which a constant can be laid over it, and the constant.
struct Laid {
  Changing x;
  std::vector<float> numbers, channels;  // channels: empty where positions differ
};

Laid laid(Translation& t, const Operation& o, Changing x, const Array& array) {
  const Dims dims = joint_dims(o, x.dims, array.dims);
  x = t.applied(std::move(x));
  if (dims != x.dims) x = expanded(t, o, x, dims);
  Laid out{.x = x, .numbers = numbers_at(t, o, x, array), .channels = {}};
  if (out.numbers.empty()) {
    out.x = t.settled(x);
    out.numbers = numbers_at(t, o, out.x, array);
  }
  if (out.numbers.empty()) throw Unsupported(o, "a constant that differs between images");
  out.channels = by_channel(out.numbers, t.builder.shape(out.x.node).channels);
  return out;
}

int constant_node(Translation& t, const Operation& o, const Laid& laid) {
  const int node = t.builder.constant(t.layer_name(o) + ".constant", t.builder.shape(laid.x.node));
  t.imported.norms[node] = {{}, laid.numbers, {}, {}};
  return node;
}

/// A node of its own for a scale and a shift per channel.
Changing affine(Translation& t, const Operation& o, const Changing& x, NormValues values) {
  const int node = t.builder.affine(t.layer_name(o), x.node);
  const std::size_t channels = values.scale.size();
  values.mean.assign(channels, 0.0f);
  values.variance.assign(channels, 1.0f);
  t.imported.norms[node] = std::move(values);
  return on(x, node);
}

/// The numbers of a normalisation that nobody else reads, or null.
NormValues* own_norm(Translation& t, const Changing& x) {
  const auto found = t.imported.norms.find(x.node);
  const bool there = found != t.imported.norms.end() && !found->second.scale.empty();
  return there && t.read_once(x) ? &found->second : nullptr;
}

/// The numbers of a layer that nobody else reads, or null.
LayerValues* own_layer(Translation& t, const Changing& x) {
  const auto found = t.imported.layers.find(x.node);
  return found != t.imported.layers.end() && t.read_once(x) ? &found->second : nullptr;
}

}  // namespace

bool takes_constants(Translation& t, const Changing& x) {
  return x.function == nullptr && (own_layer(t, x) != nullptr || own_norm(t, x) != nullptr);
}

Changing scaled(Translation& t, const Operation& o, const Changing& x, const Array& by) {
  const Laid l = laid(t, o, x, by);
  if (l.channels.empty()) return on(l.x, t.builder.multiply(l.x.node, constant_node(t, o, l)));
  if (LayerValues* layer = own_layer(t, l.x)) {
    const std::size_t each = layer->weight.size() / l.channels.size();
    for (std::size_t i = 0; i < layer->weight.size(); ++i) layer->weight[i] *= l.channels[i / each];
    for (std::size_t c = 0; c < layer->bias.size(); ++c) layer->bias[c] *= l.channels[c];
    return l.x;
  }
  if (NormValues* norm = own_norm(t, l.x)) {
    for (std::size_t c = 0; c < l.channels.size(); ++c) {
      norm->scale[c] *= l.channels[c];
      norm->shift[c] *= l.channels[c];
    }
    return l.x;
  }
  return affine(t, o, l.x, {l.channels, std::vector<float>(l.channels.size(), 0.0f), {}, {}});
}

Changing shifted(Translation& t, const Operation& o, const Changing& x, const Array& by) {
  const Laid l = laid(t, o, x, by);
  if (l.channels.empty()) return on(l.x, t.builder.add(l.x.node, constant_node(t, o, l)));
  if (LayerValues* layer = own_layer(t, l.x)) {
    layer->bias.resize(l.channels.size(), 0.0f);
    for (std::size_t c = 0; c < l.channels.size(); ++c) layer->bias[c] += l.channels[c];
    t.builder.give_bias(l.x.node);
    return l.x;
  }
  if (NormValues* norm = own_norm(t, l.x)) {
    for (std::size_t c = 0; c < l.channels.size(); ++c) norm->shift[c] += l.channels[c];
    return l.x;
  }
  return affine(t, o, l.x, {std::vector<float>(l.channels.size(), 1.0f), l.channels, {}, {}});
}

}  // namespace lightloom::nn::onnx
