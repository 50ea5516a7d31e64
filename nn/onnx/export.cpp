#include "nn/onnx/export.hpp"

#include <map>
#include <numeric>

#include "core/error.hpp"
#include "nn/onnx/exporter.hpp"

namespace lightloom::nn::onnx {
namespace {

constexpr std::int64_t opset = 20;  // the first with Gelu

FileLayout rows_in_order(std::int64_t size) {
  FileLayout layout{.map = false,
                    .order = std::vector<std::int64_t>(static_cast<std::size_t>(size))};
  std::iota(layout.order.begin(), layout.order.end(), 0);
  return layout;
}

/// Rows one after the other.
FileLayout joined(const Exporter& e, const Node& node) {
  FileLayout layout{.map = false};
  for (const int input : node.inputs) {
    const auto first = static_cast<std::int64_t>(layout.order.size());
    for (const std::int64_t place : file_places(e, input)) layout.order.push_back(first + place);
  }
  return layout;
}

FileLayout layout_of(const Exporter& e, int n) {
  const Node& own = e.node(n);
  const bool row = own.shape.height * own.shape.width == 1;
  switch (own.op) {
    case Op::flatten:
      return {false, file_places(e, own.inputs.front())};
    case Op::linear:
      return rows_in_order(own.shape.channels);
    case Op::rearrange:
      return row ? rows_in_order(own.shape.channels) : FileLayout{};
    case Op::concat:
      return e.layout(own.inputs.front()).map ? FileLayout{} : joined(e, own);
    case Op::input:
    case Op::constant:
    case Op::convolution:
    case Op::matrix_product:
    case Op::resize:
    case Op::global_pool:
      return {};
    default:
      return e.layout(own.inputs.front());
  }
}

void window(const Window& w, Operation& o) {
  o.attributes["kernel_shape"] = of_integers({w.height, w.width});
  o.attributes["strides"] = of_integers({w.stride.height, w.stride.width});
  o.attributes["pads"] =
      of_integers({w.padding.top, w.padding.left, w.padding.bottom, w.padding.right});
  if (w.dilation != 1)
    o.attributes["dilations"] = of_integers({w.dilation.height, w.dilation.width});
  if (w.ceiling) o.attributes["ceil_mode"] = of_integer(1);
}

void add_weights(Exporter& e, int n, Operation& o) {
  WeightLayer& layer = e.network.weight_layers()[static_cast<std::size_t>(e.network.index_of(n))];
  const LayerShape& s = layer.shape;
  std::vector<float> weight = dense_weight(layer);
  std::vector<std::int64_t> dims{s.out_channels, s.in_channels / s.groups, s.kernel_height,
                                 s.kernel_width};
  if (s.kind == LayerShape::Kind::linear) {
    const FileLayout& in = e.layout(e.node(n).inputs.front());
    if (!in.map) weight = to_file_order(weight, in.order);
    dims = {s.out_channels, s.in_channels};
  }
  o.inputs.push_back(
      e.constant(o.name + ".weight", floats_array(std::move(dims), std::move(weight))));
  if (s.bias)
    o.inputs.push_back(
        e.constant(o.name + ".bias", floats_array({s.out_channels}, layer.bias.value)));
}

void add_convolution(Exporter& e, int n) {
  Operation& o = e.operation(n, "Conv");
  window(e.node(n).window, o);
  o.attributes["group"] = of_integer(e.node(n).groups);
  add_weights(e, n, o);
}

/// A 1x1 map is a vector here but not there.
void add_linear(Exporter& e, int n) {
  const int in = e.node(n).inputs.front();
  std::string from = Exporter::value(in);
  if (e.layout(in).map) from = e.part(n, "Flatten", ".flatten", {from});
  Operation& o = e.last_part(n, "Gemm", {from});
  o.attributes["transB"] = of_integer(1);
  add_weights(e, n, o);
}

void add_norm(Exporter& e, int n) {
  const NormLayer& norm = e.norm(n);
  const auto channels = static_cast<std::int64_t>(norm.mean.size());
  Operation& o = e.operation(n, "BatchNormalization");
  o.attributes["epsilon"] = of_float(norm.epsilon);
  const std::pair<const char*, const std::vector<float>*> all[] = {
      {".weight", &norm.scale.value},
      {".bias", &norm.shift.value},
      {".running_mean", &norm.mean},
      {".running_var", &norm.variance}};
  for (const auto& [what, values] : all)
    o.inputs.push_back(e.constant(o.name + what, floats_array({channels}, *values)));
}

void add_activation(Exporter& e, int n) {
  static const std::map<Activation, const char*> types{{Activation::relu, "Relu"},
                                                       {Activation::relu6, "Clip"},
                                                       {Activation::hard_swish, "HardSwish"},
                                                       {Activation::hard_sigmoid, "HardSigmoid"},
                                                       {Activation::silu, "Mul"},
                                                       {Activation::sigmoid, "Sigmoid"},
                                                       {Activation::gelu, "Gelu"},
                                                       {Activation::tanh, "Tanh"}};
  const Activation kind = e.node(n).activation;
  if (kind == Activation::function) return export_function(e, n);
  const std::string in = Exporter::value(e.node(n).inputs.front());
  std::vector<std::string> inputs{in};
  if (kind == Activation::silu) inputs.push_back(e.part(n, "Sigmoid", ".sigmoid", {in}));
  Operation& o = e.last_part(n, types.at(kind), inputs);
  if (kind == Activation::hard_sigmoid) o.attributes["alpha"] = of_float(1.0 / 6);
  if (kind == Activation::relu6) {
    o.inputs.push_back(e.constant(o.name + ".min", floats_array({}, {0})));
    o.inputs.push_back(e.constant(o.name + ".max", floats_array({}, {6})));
  }
}

void add_pool(Exporter& e, int n) {
  const bool largest = e.node(n).op == Op::max_pool;
  Operation& o = e.operation(n, largest ? "MaxPool" : "AveragePool");
  window(e.node(n).window, o);
  if (!largest) o.attributes["count_include_pad"] = of_integer(e.node(n).count_padding);
}

/// Every second position, then zero channels on both sides.
void add_subsample(Exporter& e, int n) {
  const std::int64_t far = std::int64_t{1} << 31;
  const std::string name = e.node(n).name + ".slice";
  const std::string slice = e.part(n, "Slice", ".slice",
                                   {Exporter::value(e.node(n).inputs.front()),
                                    e.constant(name + ".starts", integers_array({0, 0})),
                                    e.constant(name + ".ends", integers_array({far, far})),
                                    e.constant(name + ".axes", integers_array({2, 3})),
                                    e.constant(name + ".steps", integers_array({2, 2}))});
  const std::int64_t side =
      (e.node(n).shape.channels - e.node(e.node(n).inputs.front()).shape.channels) / 2;
  e.last_part(n, "Pad",
              {slice, e.constant(e.node(n).name + ".pads",
                                 integers_array({0, side, 0, 0, 0, side, 0, 0}))});
}

void add_simple(Exporter& e, int n) {
  switch (e.node(n).op) {
    case Op::global_pool:
      e.operation(n, "GlobalAveragePool");
      return;
    case Op::flatten:
      e.operation(n, "Flatten");
      return;
    case Op::concat:
      e.operation(n, "Concat").attributes["axis"] = of_integer(1);
      return;
    case Op::dropout:
      e.operation(n, "Dropout");
      return;
    case Op::softmax:
      e.operation(n, "Softmax").attributes["axis"] = of_integer(1);
      return;
    default:
      return;
  }
}

void add(Exporter& e, int n) {
  switch (e.node(n).op) {
    case Op::input:
      return;
    case Op::convolution:
      return add_convolution(e, n);
    case Op::linear:
      return add_linear(e, n);
    case Op::batch_norm:
      return add_norm(e, n);
    case Op::group_norm:
      return export_group_norm(e, n);
    case Op::layer_norm:
      return export_layer_norm(e, n);
    case Op::affine:
      return export_affine(e, n);
    case Op::activation:
      return add_activation(e, n);
    case Op::max_pool:
    case Op::average_pool:
      return add_pool(e, n);
    case Op::add:
      return export_pair(e, n, "Add");
    case Op::multiply:
      return export_pair(e, n, "Mul");
    case Op::subsample:
      return add_subsample(e, n);
    case Op::constant:
      return export_constant(e, n);
    case Op::rearrange:
      return export_rearrangement(e, n);
    case Op::matrix_product:
      return export_matrix_product(e, n);
    case Op::resize:
      return export_resize(e, n);
    case Op::quantise:
      return export_quantiser(e, n);
    case Op::attention:
      return export_attention(e, n);
    case Op::global_pool:
    case Op::flatten:
    case Op::concat:
    case Op::dropout:
    case Op::softmax:
      return add_simple(e, n);
  }
}

}  // namespace

Exporter::Exporter(Network& exported) : network(exported), graph(exported.graph()) {
  const MapShape& in = graph.nodes.front().shape;
  model.opset = opset;
  model.inputs = {{.name = value(0), .dims = {0, in.channels, in.height, in.width}}};
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) {
    layouts.push_back(layout_of(*this, n));
    add(*this, n);
  }
  model.outputs = {value(static_cast<int>(graph.nodes.size()) - 1)};
}

Operation& Exporter::operation(int n, const char* type) {
  std::vector<std::string> inputs;
  for (const int input : node(n).inputs) inputs.push_back(value(input));
  return last_part(n, type, std::move(inputs));
}

std::string Exporter::part(int n, const char* type, const std::string& suffix,
                           std::vector<std::string> inputs) {
  const std::string name = node(n).name + suffix;
  model.operations.push_back({.type = type,
                              .name = name,
                              .inputs = std::move(inputs),
                              .outputs = {name},
                              .attributes = {}});
  return name;
}

Operation& Exporter::last_part(int n, const char* type, std::vector<std::string> inputs) {
  model.operations.push_back({.type = type,
                              .name = node(n).name,
                              .inputs = std::move(inputs),
                              .outputs = {value(n)},
                              .attributes = {}});
  return model.operations.back();
}

std::string Exporter::constant(const std::string& name, Array array) {
  model.constants[name] = std::move(array);
  return name;
}

Attribute of_integer(std::int64_t value) { return {.integers = {value}}; }
Attribute of_integers(std::vector<std::int64_t> values) {
  return {.integers = std::move(values), .list = true};
}
Attribute of_float(double value) { return {.floats = {static_cast<float>(value)}}; }

Array floats_array(std::vector<std::int64_t> dims, std::vector<float> values) {
  return {.dims = std::move(dims), .floats = std::move(values)};
}

Model export_model(Network& network) { return std::move(Exporter(network).model); }

void export_network(const std::string& path, Network& network) {
  write_model(path, export_model(network));
}

}  // namespace lightloom::nn::onnx
