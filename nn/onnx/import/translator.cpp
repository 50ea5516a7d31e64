#include "nn/onnx/import/translator.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/io/torch_names.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"

namespace lightloom::nn::onnx {
namespace {

/// The image shape of an input: rank 4 is a map, any other rank images of one row of numbers.
MapShape image_of(const Model& model) {
  require(model.inputs.size() == 1, "the model has {} changing inputs (one is needed)",
          model.inputs.size());
  const std::vector<std::int64_t>& dims = model.inputs[0].dims;
  std::int64_t row = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    require(i == 0 || (dims[i] > 0 && dims[i] < 1 << 24),
            "the model leaves the size of its images open");
    if (i > 0) row *= dims[i];
    require(row < 1 << 28, "the model's images are too large");
  }
  if (dims.size() != 4) return {1, 1, static_cast<int>(row)};
  return {static_cast<int>(dims[2]), static_cast<int>(dims[3]), static_cast<int>(dims[1])};
}

}  // namespace

Translator::Translator(const Model& model) : model_(model), builder_("onnx", image_of(model)) {
  imported_.input_dims = model.inputs[0].dims;
  for (const auto& [name, array] : model.constants) values_[name] = array;
  for (const Operation& operation : model.operations)
    for (const std::string& name : operation.inputs) ++readers_[name];
  for (const std::string& name : model.outputs) ++readers_[name];
  values_[model.inputs[0].name] = Changing{0, model.inputs[0].dims, {}};
}

Imported Translator::finish() {
  for (const Operation& operation : model_.operations) translate(operation);
  require(model_.outputs.size() >= 1, "the model has no output");
  const auto last = values_.find(model_.outputs[0]);
  const auto* output = last == values_.end() ? nullptr : std::get_if<Changing>(&last->second);
  require(output != nullptr, "the model's output does not depend on its input");
  require(output->node + 1 == static_cast<int>(builder_.size()),
          "the model computes something after its first output");
  imported_.output_dims = output->dims;
  imported_.flattened = output->flattened;
  imported_.graph = std::move(builder_).finish();
  return std::move(imported_);
}

void Translator::translate(const Operation& operation) {
  if (fold_constants(operation)) return;
  const auto found = handlers().find(operation.type);
  if (found == handlers().end()) {
    throw Unsupported(operation, fmt::format("this operator (opset {})", model_.opset));
  }
  (this->*found->second)(operation);
}

const std::map<std::string, Translator::Handler>& Translator::handlers() {
  using T = Translator;
  static const std::map<std::string, Handler> all{
      {"Conv", &T::convolution},
      {"Gemm", &T::gemm},
      {"MatMul", &T::matrix_product},
      {"Add", &T::add},
      {"Mul", &T::multiply},
      {"BatchNormalization", &T::batch_norm},
      {"Relu", &T::activation},
      {"Sigmoid", &T::activation},
      {"Tanh", &T::activation},
      {"HardSwish", &T::activation},
      {"Gelu", &T::activation},
      {"Clip", &T::clip},
      {"HardSigmoid", &T::hard_sigmoid},
      {"MaxPool", &T::pool},
      {"AveragePool", &T::pool},
      {"GlobalAveragePool", &T::global_pool},
      {"GlobalMaxPool", &T::global_pool},
      {"Flatten", &T::flatten},
      {"Reshape", &T::flatten},
      {"Concat", &T::concat},
      {"Pad", &T::pad},
      {"Slice", &T::slice},
      {"Softmax", &T::softmax},
      {"Dropout", &T::identity},
      {"Identity", &T::identity},
      {"Constant", &T::constant},
      {"Shape", &T::shape},
  };
  return all;
}

bool Translator::has(const Operation& o, std::size_t input) const {
  return input < o.inputs.size() && !o.inputs[input].empty();
}

const Changing& Translator::changing(const Operation& o, std::size_t input) const {
  const auto found = has(o, input) ? values_.find(o.inputs[input]) : values_.end();
  if (found == values_.end()) throw Unsupported(o, "a missing input");
  const auto* value = std::get_if<Changing>(&found->second);
  if (value == nullptr) throw Unsupported(o, "a constant here");
  return *value;
}

const Changing& Translator::map(const Operation& o, std::size_t input) const {
  const Changing& value = changing(o, input);
  if (value.dims.size() != 4) throw Unsupported(o, "an input that is not a batch of maps");
  return value;
}

const Array& Translator::fixed(const Operation& o, std::size_t input) const {
  const auto found = has(o, input) ? values_.find(o.inputs[input]) : values_.end();
  if (found == values_.end()) throw Unsupported(o, "a missing input");
  const auto* value = std::get_if<Array>(&found->second);
  if (value == nullptr) throw Unsupported(o, "a parameter that changes");
  return *value;
}

std::vector<float> Translator::floats(const Operation& o, std::size_t input,
                                      std::int64_t size) const {
  const Array& array = fixed(o, input);
  if (array.integer() || static_cast<std::int64_t>(array.floats.size()) != size) {
    throw Unsupported(o, "a parameter of this type or size");
  }
  return array.floats;
}

void Translator::result(const Operation& o, Value value) {
  for (std::size_t i = 1; i < o.outputs.size(); ++i) {
    if (!o.outputs[i].empty() && o.type != "Dropout" && o.type != "BatchNormalization") {
      throw Unsupported(o, "a second output");
    }
  }
  values_[o.outputs.at(0)] = std::move(value);
}

/// Whether nobody but the operation in hand reads the node, under whatever name.
bool Translator::read_once(const Changing& value) const {
  int readers = 0;
  for (const auto& [name, other] : values_) {
    const auto* changing = std::get_if<Changing>(&other);
    const auto found = readers_.find(name);
    if (changing != nullptr && changing->node == value.node && found != readers_.end())
      readers += found->second;
  }
  return readers == 1;
}

void Translator::same_shape(const Operation& o, const Changing& input, int node) {
  result(o, Changing{node, input.dims, input.flattened});
}

void Translator::convolution(const Operation& o) {
  const Changing x = map(o, 0);
  const Array& weight = fixed(o, 1);
  if (weight.dims.size() != 4 || weight.integer()) throw Unsupported(o, "a weight of this rank");
  const Window window = window_of(o, x.dims, {weight.dims[2], weight.dims[3]});
  const std::int64_t groups = integer(o, "group", 1);
  if (groups < 1 || weight.dims[1] * groups != x.dims[1] || weight.dims[0] % groups != 0) {
    throw Unsupported(o, "a weight that does not fit the input");
  }
  LayerValues values{weight.floats, {}};
  if (has(o, 2)) values.bias = floats(o, 2, weight.dims[0]);
  const int node = builder_.convolution(layer_name(o), x.node,
                                        {.channels = static_cast<int>(weight.dims[0]),
                                         .kernel = window.height,
                                         .stride = window.stride,
                                         .padding = window.padding,
                                         .groups = static_cast<int>(groups),
                                         .dilation = window.dilation,
                                         .bias = has(o, 2),
                                         .kernel_width = window.width});
  imported_.layers[node] = std::move(values);
  const MapShape& out = builder_.shape(node);
  result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}, {}});
}

/// `weight` is [out, in] in ONNX's column order.
void Translator::linear(const Operation& o, std::vector<float> weight, int out,
                        std::vector<float> bias) {
  const Changing x = changing(o, 0);
  if (x.flattened) weight = columns_to_channels_last(weight, *x.flattened);
  const int node = builder_.linear(layer_name(o), x.node, out, !bias.empty());
  imported_.layers[node] = {std::move(weight), std::move(bias)};
  result(o, Changing{node, {x.dims[0], out}, {}});
}

/// [rows, columns] to [columns, rows].
static std::vector<float> transposed(const std::vector<float>& matrix, std::int64_t rows,
                                     std::int64_t columns) {
  std::vector<float> out(matrix.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      out[static_cast<std::size_t>(c * rows + r)] =
          matrix[static_cast<std::size_t>(r * columns + c)];
    }
  }
  return out;
}

void Translator::gemm(const Operation& o) {
  const Changing& x = changing(o, 0);
  const Array& b = fixed(o, 1);
  if (x.dims.size() != 2 || b.dims.size() != 2 || b.integer() || integer(o, "transA", 0) != 0) {
    throw Unsupported(o, "a transposed or non-matrix operand");
  }
  const bool turned = integer(o, "transB", 0) != 0;
  const std::int64_t in = turned ? b.dims[1] : b.dims[0], out = turned ? b.dims[0] : b.dims[1];
  if (in != x.dims[1]) throw Unsupported(o, "a weight that does not fit the input");
  std::vector<float> weight = turned ? b.floats : transposed(b.floats, in, out);
  for (float& value : weight) value *= static_cast<float>(real(o, "alpha", 1));
  std::vector<float> bias;
  if (has(o, 2)) {
    const Array& c = fixed(o, 2);
    if (c.integer() || (c.size() != 1 && c.size() != out) ||
        (c.size() > 1 && c.dims.back() != out)) {
      throw Unsupported(o, "a bias that is not one number per column");
    }
    bias.assign(static_cast<std::size_t>(out), c.floats.front());
    if (c.size() == out) bias = c.floats;
    for (float& value : bias) value *= static_cast<float>(real(o, "beta", 1));
  }
  linear(o, std::move(weight), static_cast<int>(out), std::move(bias));
}

void Translator::matrix_product(const Operation& o) {
  const Changing& x = changing(o, 0);
  const Array& b = fixed(o, 1);
  if (x.dims.size() != 2 || b.dims.size() != 2 || b.integer() || b.dims[0] != x.dims[1]) {
    throw Unsupported(o, "anything but a batch of rows times a constant matrix");
  }
  linear(o, transposed(b.floats, b.dims[0], b.dims[1]), static_cast<int>(b.dims[1]), {});
}

void Translator::add_bias(const Operation& o, const Changing& to, const Array& bias) {
  const auto layer = imported_.layers.find(to.node);
  const std::int64_t channels = builder_.shape(to.node).channels;
  // One number per channel: [C], or [1, C], or [C, 1, 1] for maps.
  const std::size_t axis = to.dims.size() == 4 ? 3 : 1;
  const bool per_channel = bias.size() == channels && bias.dims.size() >= axis &&
                           bias.dims[bias.dims.size() - axis] == channels && !bias.integer();
  const bool last = to.node + 1 == static_cast<int>(builder_.size()) && read_once(to);
  if (layer == imported_.layers.end() || !layer->second.bias.empty() || !per_channel || !last) {
    throw Unsupported(o, "adding a constant that is not the bias of a layer");
  }
  layer->second.bias = bias.floats;
  builder_.give_bias(to.node);
  same_shape(o, Changing(to), to.node);
}

void Translator::add(const Operation& o) {
  for (const std::size_t constant : {0u, 1u}) {
    const auto found = has(o, constant) ? values_.find(o.inputs[constant]) : values_.end();
    if (found == values_.end()) throw Unsupported(o, "a missing input");
    if (const auto* array = std::get_if<Array>(&found->second)) {
      return add_bias(o, changing(o, 1 - constant), *array);
    }
  }
  const Changing left = changing(o, 0), right = changing(o, 1);
  if (left.dims != right.dims) throw Unsupported(o, "broadcasting");
  if (left.flattened != right.flattened) throw Unsupported(o, "a flattened map and other rows");
  same_shape(o, left, builder_.add(left.node, right.node));
}

void Translator::multiply(const Operation& o) {
  Changing left = changing(o, 0), right = changing(o, 1);
  const auto gate = [](const Changing& g, const Changing& x) {
    return g.dims.size() == 4 && x.dims.size() == 4 && g.dims[1] == x.dims[1] && g.dims[2] == 1 &&
           g.dims[3] == 1;
  };
  if (left.dims != right.dims && gate(left, right)) std::swap(left, right);
  if (left.dims != right.dims && !gate(right, left)) throw Unsupported(o, "broadcasting");
  if (left.flattened != right.flattened) throw Unsupported(o, "a flattened map and other rows");
  same_shape(o, left, builder_.multiply(left.node, right.node));
}

void Translator::batch_norm(const Operation& o) {
  const Changing x = changing(o, 0);
  const bool rank = x.dims.size() == 4 || (x.dims.size() == 2 && !x.flattened);
  if (!rank || integer(o, "training_mode", 0) != 0) throw Unsupported(o, "this rank or mode");
  const std::int64_t channels = x.dims[1];
  NormValues values{floats(o, 1, channels), floats(o, 2, channels), floats(o, 3, channels),
                    floats(o, 4, channels)};
  const int node = builder_.batch_norm(layer_name(o), x.node, real(o, "epsilon", 1e-5));
  imported_.norms[node] = std::move(values);
  same_shape(o, x, node);
}

void Translator::activation(const Operation& o) {
  static const std::map<std::string, Activation> kinds{{"Relu", Activation::relu},
                                                       {"Sigmoid", Activation::sigmoid},
                                                       {"Tanh", Activation::tanh},
                                                       {"HardSwish", Activation::hard_swish},
                                                       {"Gelu", Activation::gelu}};
  if (text(o, "approximate", "none") != "none") throw Unsupported(o, "the tanh approximation");
  const Changing x = changing(o, 0);
  same_shape(o, x, builder_.activation(x.node, kinds.at(o.type)));
}

void Translator::clip(const Operation& o) {
  const auto bound = [&](std::size_t input, const char* key, double otherwise) {
    return has(o, input) ? floats(o, input, 1).front() : real(o, key, otherwise);
  };
  const double low = bound(1, "min", -INFINITY), high = bound(2, "max", INFINITY);
  const Changing x = changing(o, 0);
  if (low == 0 && high == 6)
    return same_shape(o, x, builder_.activation(x.node, Activation::relu6));
  if (low == 0 && high >= 3e38) return same_shape(o, x, builder_.relu(x.node));
  throw Unsupported(o, "bounds other than (0, 6) and (0, none)");
}

void Translator::hard_sigmoid(const Operation& o) {
  if (std::abs(real(o, "alpha", 0.2) - 1.0 / 6) > 1e-6 || real(o, "beta", 0.5) != 0.5) {
    throw Unsupported(o, "a slope other than 1/6");
  }
  const Changing x = changing(o, 0);
  same_shape(o, x, builder_.activation(x.node, Activation::hard_sigmoid));
}

void Translator::pool(const Operation& o) {
  const Changing x = map(o, 0);
  const Window window = window_of(o, x.dims, integers(o, "kernel_shape", {}));
  if (window.dilation != 1 || integer(o, "ceil_mode", 0) != 0 ||
      window.padding >= std::min(window.height, window.width)) {
    throw Unsupported(o, "dilated, ceiling or mostly padded windows");
  }
  const int node =
      o.type == "MaxPool"
          ? builder_.max_pool(x.node, window)
          : builder_.average_pool(x.node, window, integer(o, "count_include_pad", 0) != 0);
  const MapShape& out = builder_.shape(node);
  result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}, {}});
}

void Translator::global_pool(const Operation& o) {
  const Changing x = map(o, 0);
  const MapShape in = builder_.shape(x.node);
  const int node = o.type == "GlobalAveragePool"
                       ? builder_.global_pool(x.node)
                       : builder_.max_pool(x.node, {.height = in.height, .width = in.width});
  result(o, Changing{node, {x.dims[0], x.dims[1], 1, 1}, {}});
}

/// Flatten, and Reshape where it does the same.
void Translator::flatten(const Operation& o) {
  const Changing x = changing(o, 0);
  const MapShape in = builder_.shape(x.node);
  const std::int64_t row = in.size();
  if (o.type == "Flatten" && integer(o, "axis", 1) != 1)
    throw Unsupported(o, "another axis than 1");
  if (o.type == "Reshape") {
    const std::vector<std::int64_t>& to = fixed(o, 1).integers;
    const bool flat = to.size() == 2 && (to[1] == row || to[1] == -1) &&
                      (to[0] == x.dims[0] || to[0] == -1 || to[0] == 0) &&
                      (to[0] > -1 || to[1] > -1);
    if (!flat) throw Unsupported(o, "anything but flattening maps to rows");
  }
  Changing out{x.node, {x.dims[0], row}, x.flattened};
  if (x.dims.size() == 4) {
    out.node = builder_.flatten(x.node);
    if (in.height * in.width > 1) out.flattened = in;
  }
  result(o, std::move(out));
}

void Translator::concat(const Operation& o) {
  std::vector<int> nodes;
  std::int64_t channels = 0;
  const Changing first = map(o, 0);
  for (std::size_t i = 0; i < o.inputs.size(); ++i) {
    const Changing& x = map(o, i);
    if (x.dims[2] != first.dims[2] || x.dims[3] != first.dims[3]) {
      throw Unsupported(o, "maps of different sizes");
    }
    nodes.push_back(x.node);
    channels += x.dims[1];
  }
  const std::int64_t axis = integer(o, "axis", 1);
  if (axis != 1 && axis != -3) throw Unsupported(o, "another axis than the channels");
  Changing out{builder_.concat(nodes), first.dims, {}};
  out.dims[1] = channels;
  result(o, std::move(out));
}

/// Every second position of both axes: the shortcut of CIFAR ResNets.
void Translator::slice(const Operation& o) {
  const Changing x = map(o, 0);
  const auto numbers = [&](std::size_t input, const char* key) {
    return has(o, input) ? fixed(o, input).integers : integers(o, key, std::vector<std::int64_t>{});
  };
  const std::vector<std::int64_t> axes = numbers(3, "axes"), ends = numbers(2, "ends");
  const bool halves =
      numbers(4, "steps") == std::vector<std::int64_t>{2, 2} &&
      numbers(1, "starts") == std::vector<std::int64_t>{0, 0} &&
      (axes == std::vector<std::int64_t>{2, 3} || axes == std::vector<std::int64_t>{-2, -1}) &&
      ends.size() == 2 && ends[0] >= x.dims[2] && ends[1] >= x.dims[3];
  if (!halves) throw Unsupported(o, "anything but every second position of a map");
  const int node = builder_.subsample(x.node, static_cast<int>(x.dims[1]));
  const MapShape& out = builder_.shape(node);
  result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}, {}});
}

/// Nothing, or zero channels on both sides of a subsampled map.
void Translator::pad(const Operation& o) {
  const auto pads = has(o, 1) ? fixed(o, 1).integers : integers(o, "pads", {});
  const bool none = std::all_of(pads.begin(), pads.end(), [](std::int64_t p) { return p == 0; });
  Changing x = changing(o, 0);
  if (none) return same_shape(o, x, x.node);
  const double fill = has(o, 2) ? floats(o, 2, 1).front() : real(o, "value", 0);
  const std::int64_t side = pads.size() == 8 ? pads[1] : 0;
  const bool channels = side > 0 && side < 1 << 20 && x.dims.size() == 4 && fill == 0 &&
                        text(o, "mode", "constant") == "constant" && !has(o, 3) &&
                        pads == std::vector<std::int64_t>{0, side, 0, 0, 0, side, 0, 0};
  if (!channels || !read_once(x) || !builder_.widen_subsample(x.node, static_cast<int>(side))) {
    throw Unsupported(o, "padding outside a layer");
  }
  x.dims[1] += 2 * side;
  same_shape(o, x, x.node);
}

void Translator::softmax(const Operation& o) {
  const Changing x = changing(o, 0);
  const std::int64_t axis = integer(o, "axis", model_.opset < 13 ? 1 : -1);
  if (x.dims.size() != 2 || (axis != 1 && axis != -1)) throw Unsupported(o, "this rank or axis");
  same_shape(o, x, builder_.softmax(x.node));
}

void Translator::identity(const Operation& o) {
  if (o.type == "Dropout" && has(o, 2) && fixed(o, 2).integers == std::vector<std::int64_t>{1}) {
    throw Unsupported(o, "training mode");
  }
  const Changing x = changing(o, 0);
  if (o.outputs.size() > 1 && !o.outputs[1].empty()) throw Unsupported(o, "the mask output");
  same_shape(o, x, x.node);
}

void Translator::constant(const Operation& o) {
  const auto found = o.attributes.find("value");
  if (found == o.attributes.end()) throw Unsupported(o, "a constant of this kind");
  result(o, found->second.array);
}

void Translator::shape(const Operation& o) {
  const Changing& x = changing(o, 0);
  if (o.attributes.contains("start") || o.attributes.contains("end")) {
    throw Unsupported(o, "a part of the shape");
  }
  result(o, integers_array(x.dims));
}

/// Operations on constants alone, as exporters write shapes and reshaped weights.
bool Translator::fold_constants(const Operation& o) {
  std::vector<const Array*> inputs;
  for (const std::string& name : o.inputs) {
    const auto found = values_.find(name);
    const auto* array = found == values_.end() ? nullptr : std::get_if<Array>(&found->second);
    if (array == nullptr && !name.empty()) return false;
    inputs.push_back(array);
  }
  if (o.inputs.empty() || !interprets(o.type)) return false;
  std::vector<Array> outputs = evaluate(o, inputs, model_.opset);
  for (std::size_t i = 0; i < std::min(outputs.size(), o.outputs.size()); ++i) {
    if (!o.outputs[i].empty()) values_[o.outputs[i]] = std::move(outputs[i]);
  }
  return true;
}

/// The node's name, or another that no layer has yet; '/' would be a folder in weight files.
std::string Translator::layer_name(const Operation& o) {
  std::string name = o.name.empty() ? "node" + std::to_string(builder_.size()) : o.name;
  std::replace(name.begin(), name.end(), '/', '.');
  while (!names_.insert(name).second) name += "_";
  return name;
}

Imported translate(const Model& model) { return Translator(model).finish(); }

}  // namespace lightloom::nn::onnx
