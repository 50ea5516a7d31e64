#include "nn/onnx/export.hpp"

#include <map>

#include "core/error.hpp"
#include "nn/onnx/file_order.hpp"

namespace lightloom::nn::onnx {
namespace {

constexpr std::int64_t opset = 20;  // the first with Gelu

Attribute of_integer(std::int64_t value) { return {.integers = {value}}; }
Attribute of_integers(std::vector<std::int64_t> values) {
  return {.integers = std::move(values), .list = true};
}
Attribute of_float(double value) { return {.floats = {static_cast<float>(value)}}; }

Array floats_array(std::vector<std::int64_t> dims, std::vector<float> values) {
  return {.dims = std::move(dims), .floats = std::move(values)};
}

/// Writes node after node; values are named after the node that makes them.
class Exporter {
 public:
  explicit Exporter(Network& network) : network_(network), graph_(network.graph()) {
    const MapShape& in = graph_.nodes.front().shape;
    model_.opset = opset;
    model_.inputs = {{.name = value(0), .dims = {0, in.channels, in.height, in.width}}};
    for (int n = 1; n < static_cast<int>(graph_.nodes.size()); ++n) add(n);
    model_.outputs = {value(static_cast<int>(graph_.nodes.size()) - 1)};
  }
  Model model() && { return std::move(model_); }

 private:
  [[nodiscard]] const Node& node(int n) const { return graph_.nodes[static_cast<std::size_t>(n)]; }
  [[nodiscard]] static std::string value(int n) { return "value" + std::to_string(n); }

  Operation& operation(int n, const char* type) {
    Operation o{.type = type, .name = node(n).name};
    for (const int input : node(n).inputs) o.inputs.push_back(value(input));
    o.outputs = {value(n)};
    model_.operations.push_back(std::move(o));
    return model_.operations.back();
  }

  /// A constant that becomes a further input.
  void constant(Operation& o, const char* what, Array array) {
    o.inputs.push_back(o.name + "." + what);
    model_.constants[o.inputs.back()] = std::move(array);
  }

  static void window(const Window& w, Operation& o) {
    o.attributes["kernel_shape"] = of_integers({w.height, w.width});
    o.attributes["strides"] = of_integers({w.stride, w.stride});
    o.attributes["pads"] = of_integers({w.padding, w.padding, w.padding, w.padding});
    if (w.dilation != 1) o.attributes["dilations"] = of_integers({w.dilation, w.dilation});
  }

  void add_weights(int n, Operation& o) {
    WeightLayer& layer = network_.weight_layers()[static_cast<std::size_t>(network_.index_of(n))];
    const LayerShape& s = layer.shape;
    std::vector<float> weight = dense_weight(layer);
    std::vector<std::int64_t> dims{s.out_channels, s.in_channels / s.groups, s.kernel_height,
                                   s.kernel_width};
    if (s.kind == LayerShape::Kind::linear) {
      weight = to_file_order(weight, file_order(graph_, node(n).inputs.front()));
      dims = {s.out_channels, s.in_channels};
    }
    constant(o, "weight", floats_array(std::move(dims), std::move(weight)));
    if (s.bias) constant(o, "bias", floats_array({s.out_channels}, layer.bias.value));
  }

  void add_convolution(int n) {
    Operation& o = operation(n, "Conv");
    window(node(n).window, o);
    o.attributes["group"] = of_integer(node(n).groups);
    add_weights(n, o);
  }

  void add_linear(int n) {
    if (node(node(n).inputs.front()).op != Op::flatten && is_map(graph_, node(n).inputs.front())) {
      // A 1x1 map is a vector here but not there.
      Operation& flat = operation(n, "Flatten");
      flat.name += ".flatten";
      flat.outputs = {flat.name};
      Operation& o = operation(n, "Gemm");
      o.inputs = {flat_name(n)};
      finish_linear(n, o);
      return;
    }
    finish_linear(n, operation(n, "Gemm"));
  }
  [[nodiscard]] std::string flat_name(int n) const { return node(n).name + ".flatten"; }

  void finish_linear(int n, Operation& o) {
    o.attributes["transB"] = of_integer(1);
    add_weights(n, o);
  }

  void add_norm(int n) {
    const NormLayer& norm = network_.norms()[static_cast<std::size_t>(network_.index_of(n))];
    const auto channels = static_cast<std::int64_t>(norm.mean.size());
    Operation& o = operation(n, "BatchNormalization");
    o.attributes["epsilon"] = of_float(norm.epsilon);
    constant(o, "weight", floats_array({channels}, norm.scale.value));
    constant(o, "bias", floats_array({channels}, norm.shift.value));
    constant(o, "running_mean", floats_array({channels}, norm.mean));
    constant(o, "running_var", floats_array({channels}, norm.variance));
  }

  /// A scale and a shift per channel: Mul and Add.
  void add_affine(int n) {
    const NormLayer& norm = network_.norms()[static_cast<std::size_t>(network_.index_of(n))];
    const auto channels = static_cast<std::int64_t>(norm.mean.size());
    const bool map = is_map(graph_, n);
    const auto numbers = [&](const std::vector<float>& own) {
      if (map) return floats_array({channels, 1, 1}, own);
      return floats_array({channels}, to_file_order(own, file_order(graph_, n)));
    };
    Operation& times = operation(n, "Mul");
    times.name += ".scale";
    times.outputs = {times.name};
    const std::string between = times.name;
    constant(times, "weight", numbers(norm.scale.value));
    Operation& plus = operation(n, "Add");
    plus.inputs = {between};
    constant(plus, "bias", numbers(norm.shift.value));
  }

  /// As one row of numbers, gathered, and a map again if it was one.
  void add_rearrange(int n) {
    const std::vector<int> from = file_order(graph_, node(n).inputs.front());
    const std::vector<int> to = file_order(graph_, n);
    const MapShape& shape = node(n).shape;
    std::vector<std::int64_t> places(to.size());
    for (std::size_t i = 0; i < to.size(); ++i)
      places[static_cast<std::size_t>(to[i])] = from[static_cast<std::size_t>(node(n).places[i])];
    Operation& row = operation(n, "Flatten");
    row.name += ".row";
    row.outputs = {row.name};
    const std::string flat = row.name;
    Operation& gather = operation(n, "Gather");
    gather.name += ".gather";
    gather.inputs = {flat};
    gather.attributes["axis"] = of_integer(1);
    constant(gather, "places", integers_array(std::move(places)));
    if (!is_map(graph_, n)) return;
    gather.outputs = {gather.name};
    const std::string gathered = gather.name;
    Operation& map = operation(n, "Reshape");
    map.inputs = {gathered};
    constant(map, "shape", integers_array({0, shape.channels, shape.height, shape.width}));
  }

  /// QuantizeLinear and back.
  void add_quantiser(int n) {
    const FixedQuantiser& how = node(n).quantiser;
    const bool sign = how.low < 0;
    require(how.low == (sign ? -128 : 0) && how.high == (sign ? 127 : 255),
            "cannot write '{}' as ONNX (opset {} quantises to 8 bits only)", node(n).name, opset);
    Operation& there = operation(n, "QuantizeLinear");
    there.name += ".integers";
    there.outputs = {there.name};
    const std::string between = there.name;
    const auto zero = [&] {
      return Array{.integers = {how.zero}, .type = sign ? ElementType::int8 : ElementType::uint8};
    };
    constant(there, "scale", floats_array({}, {how.scale}));
    constant(there, "zero", zero());
    Operation& back = operation(n, "DequantizeLinear");
    back.inputs = {between};
    constant(back, "scale", floats_array({}, {how.scale}));
    constant(back, "zero", zero());
  }

  void add_activation(int n) {
    static const std::map<Activation, const char*> types{{Activation::relu, "Relu"},
                                                         {Activation::relu6, "Clip"},
                                                         {Activation::hard_swish, "HardSwish"},
                                                         {Activation::hard_sigmoid, "HardSigmoid"},
                                                         {Activation::silu, "Sigmoid"},
                                                         {Activation::sigmoid, "Sigmoid"},
                                                         {Activation::gelu, "Gelu"},
                                                         {Activation::tanh, "Tanh"}};
    const Activation kind = node(n).activation;
    Operation& o = operation(n, types.at(kind));
    if (kind == Activation::hard_sigmoid) o.attributes["alpha"] = of_float(1.0 / 6);
    if (kind == Activation::relu6) {
      constant(o, "min", floats_array({}, {0}));
      constant(o, "max", floats_array({}, {6}));
    }
    if (kind == Activation::silu) {  // x sigmoid(x)
      o.name += ".sigmoid";
      o.outputs = {o.name};
      const std::string gate = o.name;
      operation(n, "Mul").inputs.push_back(gate);
    }
  }

  void add_pool(int n) {
    const bool largest = node(n).op == Op::max_pool;
    Operation& o = operation(n, largest ? "MaxPool" : "AveragePool");
    window(node(n).window, o);
    if (!largest) o.attributes["count_include_pad"] = of_integer(node(n).count_padding);
  }

  /// Every second position, then zero channels on both sides.
  void add_subsample(int n) {
    Operation& slice = operation(n, "Slice");
    slice.name += ".slice";
    slice.outputs = {slice.name};
    const std::string between = slice.name;
    const std::int64_t far = std::int64_t{1} << 31;
    constant(slice, "starts", integers_array({0, 0}));
    constant(slice, "ends", integers_array({far, far}));
    constant(slice, "axes", integers_array({2, 3}));
    constant(slice, "steps", integers_array({2, 2}));
    Operation& pad = operation(n, "Pad");
    pad.inputs = {between};
    const std::int64_t side =
        (node(n).shape.channels - node(node(n).inputs.front()).shape.channels) / 2;
    constant(pad, "pads", integers_array({0, side, 0, 0, 0, side, 0, 0}));
  }

  void add(int n);

  Network& network_;
  const Graph& graph_;
  Model model_;
};

void Exporter::add(int n) {
  switch (node(n).op) {
    case Op::input:
      return;
    case Op::convolution:
      return add_convolution(n);
    case Op::linear:
      return add_linear(n);
    case Op::batch_norm:
      return add_norm(n);
    case Op::affine:
      return add_affine(n);
    case Op::rearrange:
      return add_rearrange(n);
    case Op::quantise:
      return add_quantiser(n);
    case Op::activation:
      return add_activation(n);
    case Op::max_pool:
    case Op::average_pool:
      return add_pool(n);
    case Op::global_pool:
      operation(n, "GlobalAveragePool");
      return;
    case Op::flatten:
      operation(n, "Flatten");
      return;
    case Op::add:
      operation(n, "Add");
      return;
    case Op::multiply:
      operation(n, "Mul");
      return;
    case Op::concat:
      operation(n, "Concat").attributes["axis"] = of_integer(1);
      return;
    case Op::dropout:
      operation(n, "Dropout");
      return;
    case Op::softmax:
      operation(n, "Softmax").attributes["axis"] = of_integer(1);
      return;
    case Op::subsample:
      return add_subsample(n);
    case Op::group_norm:
    case Op::layer_norm:
    case Op::attention:
      throw Error(fmt::format("cannot write '{}' as ONNX (opset {} has no such operator for maps)",
                              node(n).name, opset));
  }
}

}  // namespace

Model export_model(Network& network) { return Exporter(network).model(); }

void export_network(const std::string& path, Network& network) {
  write_model(path, export_model(network));
}

}  // namespace lightloom::nn::onnx
