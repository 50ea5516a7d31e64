// Arithmetic with constants: into the layer before where it can go, else a scale and a shift of
// their own.

#include <algorithm>
#include <cmath>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

/// x scale + shift, element by element of one image in memory.
struct Line {
  std::vector<float> scale, shift;
};

/// The constant over all elements of one image, as ONNX counts them; the same for every image.
std::vector<float> spread(Translation& t, const Operation& o, const Array& constant,
                          const Dims& dims) {
  Dims image = dims;
  image.front() = 1;
  Array first = constant;
  if (first.dims.size() == dims.size() && !dims.empty() && first.dims.front() != 1) {
    const auto each = static_cast<std::size_t>(image_size(first.dims));
    for (std::size_t i = each; i < first.floats.size(); ++i)
      if (first.floats[i] != first.floats[i % each])
        throw Unsupported(o, "a constant that differs between images");
    first.dims.front() = 1;
    first.floats.resize(each);
  }
  const Operation expand{"Expand", o.name, {"x", "shape"}, {"y"}, {}};
  const Array shape = integers_array(image);
  Array all = evaluate(expand, {&first, &shape}, t.opset()).front();
  if (all.dims != image) throw Unsupported(o, "a constant of more axes than the images have");
  return std::move(all.floats);
}

/// Whether every position of a map has the same numbers; then those of one.
std::optional<std::vector<float>> per_channel(const std::vector<float>& all, int channels) {
  const auto each = static_cast<std::size_t>(channels);
  for (std::size_t i = each; i < all.size(); ++i)
    if (all[i] != all[i % each]) return std::nullopt;
  return std::vector<float>(all.begin(), all.begin() + channels);
}

bool all_equal_to(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [&](float one) { return one == value; });
}

/// Into the weights and bias of the layer that makes the value.
bool into_layer(Translation& t, const Changing& x, const Line& line) {
  const auto layer = t.imported.layers.find(x.node);
  const bool last = x.node + 1 == static_cast<int>(t.builder.size());
  if (layer == t.imported.layers.end() || !last || !t.read_once(x)) return false;
  std::vector<float>&weight = layer->second.weight, &bias = layer->second.bias;
  const std::size_t channels = line.scale.size(), each = weight.size() / channels;
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] *= line.scale[i / each];
  if (bias.empty() && all_equal_to(line.shift, 0)) return true;
  bias.resize(channels, 0.0f);
  for (std::size_t c = 0; c < channels; ++c) bias[c] = bias[c] * line.scale[c] + line.shift[c];
  t.builder.give_bias(x.node);
  return true;
}

/// Into the scale and shift of the normalisation (or of another such node) that makes it.
bool into_norm(Translation& t, const Changing& x, const Line& line) {
  const auto norm = t.imported.norms.find(x.node);
  const bool last = x.node + 1 == static_cast<int>(t.builder.size());
  if (norm == t.imported.norms.end() || !last || !t.read_once(x)) return false;
  for (std::size_t c = 0; c < line.scale.size(); ++c) {
    norm->second.scale[c] *= line.scale[c];
    norm->second.shift[c] = norm->second.shift[c] * line.scale[c] + line.shift[c];
  }
  return true;
}

int own_node(Translation& t, const Operation& o, int from, Line line) {
  const std::size_t channels = line.scale.size();
  const int node = t.builder.affine(t.layer_name(o), from);
  t.imported.norms[node] = {std::move(line.scale), std::move(line.shift),
                            std::vector<float>(channels, 0), std::vector<float>(channels, 1)};
  return node;
}

/// `scale` and `shift` have one number for every element of an image, as ONNX counts them.
void apply(Translation& t, const Operation& o, Changing x, const Line& elements) {
  const MapShape stored = t.builder.shape(x.node);
  const std::vector<int> places = places_of(x, stored);
  Line line{std::vector<float>(places.size()), std::vector<float>(places.size())};
  for (std::size_t i = 0; i < places.size(); ++i) {
    line.scale[static_cast<std::size_t>(places[i])] = elements.scale[i];
    line.shift[static_cast<std::size_t>(places[i])] = elements.shift[i];
  }
  const auto scale = per_channel(line.scale, stored.channels);
  const auto shift = per_channel(line.shift, stored.channels);
  if (scale && shift) {
    const Line channels{*scale, *shift};
    const bool nothing = all_equal_to(*scale, 1) && all_equal_to(*shift, 0);
    if (!nothing && !into_layer(t, x, channels) && !into_norm(t, x, channels))
      x.node = own_node(t, o, x.node, channels);
    return t.same_shape(o, x, x.node);
  }
  // Different at every position: one long row, and a map again.
  const int row = own_node(t, o, t.builder.flatten(x.node), std::move(line));
  std::vector<int> same(places.size());
  for (std::size_t i = 0; i < same.size(); ++i) same[i] = static_cast<int>(i);
  t.same_shape(o, x, t.builder.rearrange(row, stored, std::move(same)));
}

/// The value with its axes of length 1 repeated to those of the constant.
Changing widened(Translation& t, const Operation& o, const Array& constant) {
  const auto* raw = &t.viewed(o, std::holds_alternative<Array>(t.value(o, 0)) ? 1 : 0);
  if (raw->coded) throw Unsupported(o, "arithmetic on integers");
  Dims image = raw->dims;
  if (constant.dims.size() > image.size())
    throw Unsupported(o, "a constant of more axes than the images have");
  const std::size_t missing = image.size() - constant.dims.size();
  for (std::size_t axis = 1; axis < image.size(); ++axis)
    if (axis >= missing && image[axis] == 1) image[axis] = constant.dims[axis - missing];
  return image == raw->dims ? *raw : t.repeated(*raw, image);
}

/// Add, Sub, Mul and Div of a changing value and a constant on either side.
void with_constant(Translation& t, const Operation& o) {
  const bool left = std::holds_alternative<Array>(t.value(o, 0));
  const Array& constant = t.fixed(o, left ? 0 : 1);
  if (constant.integer()) throw Unsupported(o, "a constant of integers");
  const Changing x = widened(t, o, constant);
  std::vector<float> numbers = spread(t, o, constant, x.dims);
  const std::size_t size = numbers.size();
  Line line{std::vector<float>(size, 1), std::vector<float>(size, 0)};
  if (o.type == "Mul") line.scale = std::move(numbers);
  if (o.type == "Add") line.shift = std::move(numbers);
  if (o.type == "Sub" && !left)
    for (std::size_t i = 0; i < size; ++i) line.shift[i] = -numbers[i];
  if (o.type == "Sub" && left) line = {std::vector<float>(size, -1), std::move(numbers)};
  if (o.type == "Div") {
    const bool zero = std::any_of(numbers.begin(), numbers.end(), [](float n) { return n == 0; });
    if (left || zero) throw Unsupported(o, "a division by a changing value or by zero");
    for (std::size_t i = 0; i < size; ++i) line.scale[i] = 1 / numbers[i];
  }
  apply(t, o, x, line);
}

/// Two changing values of the same dimensions and order, on nodes of the same shape.
struct Pair {
  Changing left, right;
};

Pair alike(Translation& t, const Operation& o) {
  Pair pair{t.viewed(o, 0), t.viewed(o, 1)};
  if (pair.left.coded || pair.right.coded) throw Unsupported(o, "arithmetic on integers");
  if (pair.left.dims.size() != pair.right.dims.size() ||
      pair.left.dims.front() != pair.right.dims.front())
    throw Unsupported(o, "broadcasting over the images");
  Dims dims = pair.left.dims;
  for (std::size_t axis = 1; axis < dims.size(); ++axis) {
    const std::int64_t other = pair.right.dims[axis];
    if (dims[axis] == 1) dims[axis] = other;
    if (dims[axis] != other && other != 1) throw Unsupported(o, "shapes that do not broadcast");
  }
  for (Changing* one : {&pair.left, &pair.right})
    if (one->dims != dims) *one = t.repeated(*one, dims);
  const MapShape &a = t.builder.shape(pair.left.node), &b = t.builder.shape(pair.right.node);
  const bool same = a == b && (pair.left.order == pair.right.order ||
                               places_of(pair.left, a) == places_of(pair.right, b));
  if (!same) pair = {t.settled(pair.left), t.settled(pair.right)};
  return pair;
}

/// A gate of one number a channel, as squeeze-and-excite has it, next to its map.
bool is_gate(const Changing& gate, const Changing& x) {
  return gate.dims.size() == 4 && x.dims.size() == 4 && !gate.order && !x.order && !gate.coded &&
         !x.coded && gate.dims[1] == x.dims[1] && gate.dims[2] == 1 && gate.dims[3] == 1;
}

void multiply(Translation& t, const Operation& o) {
  const Changing &left = t.viewed(o, 0), &right = t.viewed(o, 1);
  for (const auto& [gate, x] : {std::pair(left, right), std::pair(right, left)})
    if (is_gate(gate, x) && gate.dims != x.dims)
      return t.same_shape(o, x, t.builder.multiply(x.node, gate.node));
  const Pair pair = alike(t, o);
  t.same_shape(o, pair.left, t.builder.multiply(pair.left.node, pair.right.node));
}

void combine(Translation& t, const Operation& o) {
  if (t.opset() < 7 && integer(o, "broadcast", 0) != 0)
    throw Unsupported(o, "the broadcasting of opset 6");
  for (const std::size_t i : {0u, 1u})
    if (std::holds_alternative<Array>(t.value(o, i))) return with_constant(t, o);
  if (o.type == "Mul") return multiply(t, o);
  if (o.type == "Div") throw Unsupported(o, "a division by a changing value");
  Pair pair = alike(t, o);
  if (o.type == "Sub") {
    const auto channels = static_cast<std::size_t>(t.builder.shape(pair.right.node).channels);
    pair.right.node = own_node(t, o, pair.right.node,
                               {std::vector<float>(channels, -1), std::vector<float>(channels, 0)});
  }
  t.same_shape(o, pair.left, t.builder.add(pair.left.node, pair.right.node));
}

void negate(Translation& t, const Operation& o) { multiply_by(t, o, -1); }

/// Of two or more, one after the other.
void sum(Translation& t, const Operation& o) {
  Operation step{"Add", o.name, {o.inputs.at(0), ""}, o.outputs, {}};
  if (o.inputs.size() == 1) return t.same_shape(o, t.viewed(o, 0), t.viewed(o, 0).node);
  for (std::size_t i = 1; i < o.inputs.size(); ++i) {
    step.inputs[1] = o.inputs[i];
    combine(t, step);
    step.inputs[0] = o.outputs.front();
  }
}

}  // namespace

void multiply_by(Translation& t, const Operation& o, float number) {
  const Changing x = t.viewed(o, 0);
  if (x.coded) throw Unsupported(o, "arithmetic on integers");
  const auto size = static_cast<std::size_t>(image_size(x.dims));
  apply(t, o, x, {std::vector<float>(size, number), std::vector<float>(size, 0)});
}

void add_affine(Handlers& handlers) {
  handlers["Add"] = combine;
  handlers["Sub"] = combine;
  handlers["Mul"] = combine;
  handlers["Div"] = combine;
  handlers["Neg"] = negate;
  handlers["Sum"] = sum;
}

}  // namespace lightloom::nn::onnx
