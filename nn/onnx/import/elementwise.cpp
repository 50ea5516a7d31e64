#include <cmath>
#include <map>
#include <utility>

#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

void add_bias(Translation& t, const Operation& o, const Changing& to, const Array& bias) {
  const auto layer = t.imported.layers.find(to.node);
  const std::int64_t channels = t.builder.shape(to.node).channels;
  // One number per channel: [C], or [1, C], or [C, 1, 1] for maps.
  const std::size_t axis = to.dims.size() == 4 ? 3 : 1;
  const bool per_channel = bias.size() == channels && bias.dims.size() >= axis &&
                           bias.dims[bias.dims.size() - axis] == channels && !bias.integer();
  const bool last = to.node + 1 == static_cast<int>(t.builder.size()) && t.read_once(to);
  if (layer == t.imported.layers.end() || !layer->second.bias.empty() || !per_channel || !last) {
    throw Unsupported(o, "adding a constant that is not the bias of a layer");
  }
  layer->second.bias = bias.floats;
  t.builder.give_bias(to.node);
  t.same_shape(o, Changing(to), to.node);
}

void add(Translation& t, const Operation& o) {
  for (const std::size_t constant : {0u, 1u}) {
    if (const auto* array = std::get_if<Array>(&t.value(o, constant))) {
      return add_bias(t, o, t.changing(o, 1 - constant), *array);
    }
  }
  const Changing left = t.changing(o, 0), right = t.changing(o, 1);
  if (left.dims != right.dims) throw Unsupported(o, "broadcasting");
  if (left.flattened != right.flattened) throw Unsupported(o, "a flattened map and other rows");
  t.same_shape(o, left, t.builder.add(left.node, right.node));
}

void multiply(Translation& t, const Operation& o) {
  Changing left = t.changing(o, 0), right = t.changing(o, 1);
  const auto gate = [](const Changing& g, const Changing& x) {
    return g.dims.size() == 4 && x.dims.size() == 4 && g.dims[1] == x.dims[1] && g.dims[2] == 1 &&
           g.dims[3] == 1;
  };
  if (left.dims != right.dims && gate(left, right)) std::swap(left, right);
  if (left.dims != right.dims && !gate(right, left)) throw Unsupported(o, "broadcasting");
  if (left.flattened != right.flattened) throw Unsupported(o, "a flattened map and other rows");
  t.same_shape(o, left, t.builder.multiply(left.node, right.node));
}

void batch_norm(Translation& t, const Operation& o) {
  const Changing x = t.changing(o, 0);
  const bool rank = x.dims.size() == 4 || (x.dims.size() == 2 && !x.flattened);
  if (!rank || integer(o, "training_mode", 0) != 0) throw Unsupported(o, "this rank or mode");
  const std::int64_t channels = x.dims[1];
  NormValues values{t.floats(o, 1, channels), t.floats(o, 2, channels), t.floats(o, 3, channels),
                    t.floats(o, 4, channels)};
  const int node = t.builder.batch_norm(t.layer_name(o), x.node, real(o, "epsilon", 1e-5));
  t.imported.norms[node] = std::move(values);
  t.same_shape(o, x, node);
}

void activation(Translation& t, const Operation& o) {
  static const std::map<std::string, Activation> kinds{{"Relu", Activation::relu},
                                                       {"Sigmoid", Activation::sigmoid},
                                                       {"Tanh", Activation::tanh},
                                                       {"HardSwish", Activation::hard_swish},
                                                       {"Gelu", Activation::gelu}};
  if (text(o, "approximate", "none") != "none") throw Unsupported(o, "the tanh approximation");
  const Changing x = t.changing(o, 0);
  t.same_shape(o, x, t.builder.activation(x.node, kinds.at(o.type)));
}

void clip(Translation& t, const Operation& o) {
  const auto bound = [&](std::size_t input, const char* key, double otherwise) {
    return t.has(o, input) ? t.floats(o, input, 1).front() : real(o, key, otherwise);
  };
  const double low = bound(1, "min", -INFINITY), high = bound(2, "max", INFINITY);
  const Changing x = t.changing(o, 0);
  if (low == 0 && high == 6)
    return t.same_shape(o, x, t.builder.activation(x.node, Activation::relu6));
  if (low == 0 && high >= 3e38) return t.same_shape(o, x, t.builder.relu(x.node));
  throw Unsupported(o, "bounds other than (0, 6) and (0, none)");
}

void hard_sigmoid(Translation& t, const Operation& o) {
  if (std::abs(real(o, "alpha", 0.2) - 1.0 / 6) > 1e-6 || real(o, "beta", 0.5) != 0.5) {
    throw Unsupported(o, "a slope other than 1/6");
  }
  const Changing x = t.changing(o, 0);
  t.same_shape(o, x, t.builder.activation(x.node, Activation::hard_sigmoid));
}

void softmax(Translation& t, const Operation& o) {
  const Changing x = t.changing(o, 0);
  const std::int64_t axis = integer(o, "axis", t.opset() < 13 ? 1 : -1);
  if (x.dims.size() != 2 || (axis != 1 && axis != -1)) throw Unsupported(o, "this rank or axis");
  t.same_shape(o, x, t.builder.softmax(x.node));
}

void identity(Translation& t, const Operation& o) {
  if (o.type == "Dropout" && t.has(o, 2) &&
      t.fixed(o, 2).integers == std::vector<std::int64_t>{1}) {
    throw Unsupported(o, "training mode");
  }
  const Changing x = t.changing(o, 0);
  if (o.outputs.size() > 1 && !o.outputs[1].empty()) throw Unsupported(o, "the mask output");
  t.same_shape(o, x, x.node);
}

}  // namespace

void add_elementwise(Handlers& handlers) {
  handlers["Add"] = add;
  handlers["Mul"] = multiply;
  handlers["BatchNormalization"] = batch_norm;
  handlers["Relu"] = activation;
  handlers["Sigmoid"] = activation;
  handlers["Tanh"] = activation;
  handlers["HardSwish"] = activation;
  handlers["Gelu"] = activation;
  handlers["Clip"] = clip;
  handlers["HardSigmoid"] = hard_sigmoid;
  handlers["Softmax"] = softmax;
  handlers["Dropout"] = identity;
  handlers["Identity"] = identity;
}

}  // namespace lightloom::nn::onnx
