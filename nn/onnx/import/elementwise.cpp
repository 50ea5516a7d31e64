#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

/// The channel of the node that each place along ONNX's second axis is, whatever the order of the
/// others; nothing where it is spread over several.
std::vector<int> channels_along(const Changing& x, const MapShape& stored) {
  const auto channels = static_cast<std::size_t>(x.dims[1]);
  const std::vector<int> places = places_of(x, stored);
  const std::size_t each = places.size() / channels;
  std::vector<int> all(channels);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i % each == 0) all[i / each] = places[i] % stored.channels;
    if (places[i] % stored.channels != all[i / each]) return {};
  }
  return static_cast<int>(channels) == stored.channels ? all : std::vector<int>{};
}

/// A flattened map passes on as the map that it is; a normalisation needs it as a row.
int own_row(Translation& t, int flattened) {
  const MapShape row = t.builder.shape(flattened);
  std::vector<int> same(static_cast<std::size_t>(row.size()));
  std::iota(same.begin(), same.end(), 0);
  return t.builder.rearrange(flattened, row, std::move(same));
}

/// One number a channel, the second axis.
void batch_norm(Translation& t, const Operation& o) {
  Changing x = t.viewed(o, 0);
  if (x.coded || x.dims.size() < 2 || integer(o, "training_mode", 0) != 0)
    throw Unsupported(o, "this rank or mode");
  const std::int64_t size = x.dims[1];
  std::vector<int> channels = channels_along(x, t.builder.shape(x.node));
  if (channels.empty() && x.dims.size() != 4 && x.dims.size() != 2)
    throw Unsupported(o, "this rank or mode");
  if (channels.empty()) {
    x = t.settled(x);
    channels = channels_along(x, t.builder.shape(x.node));
  }
  if (t.builder.op(x.node) == Op::flatten) x.node = own_row(t, x.node);
  const auto ordered = [&](std::size_t input) {
    const std::vector<float> from = t.floats(o, input, size);
    std::vector<float> to(from.size());
    for (std::size_t c = 0; c < from.size(); ++c)
      to[static_cast<std::size_t>(channels[c])] = from[c];
    return to;
  };
  NormValues values{ordered(1), ordered(2), ordered(3), ordered(4)};
  const int node = t.builder.batch_norm(t.layer_name(o), x.node, real(o, "epsilon", 1e-5));
  t.imported.norms[node] = std::move(values);
  t.same_shape(o, x, node);
}

/// Of each number alone, in whatever order they stand.
const Changing& each_of(Translation& t, const Operation& o) {
  const Changing& x = t.viewed(o, 0);
  if (x.coded) throw Unsupported(o, "arithmetic on integers");
  return x;
}

void activation(Translation& t, const Operation& o) {
  static const std::map<std::string, Activation> kinds{{"Relu", Activation::relu},
                                                       {"Sigmoid", Activation::sigmoid},
                                                       {"Tanh", Activation::tanh},
                                                       {"HardSwish", Activation::hard_swish},
                                                       {"Gelu", Activation::gelu}};
  if (text(o, "approximate", "none") != "none") throw Unsupported(o, "the tanh approximation");
  const Changing x = each_of(t, o);
  t.same_shape(o, x, t.builder.activation(x.node, kinds.at(o.type)));
}

void clip(Translation& t, const Operation& o) {
  const auto bound = [&](std::size_t input, const char* key, double otherwise) {
    return t.has(o, input) ? t.floats(o, input, 1).front() : real(o, key, otherwise);
  };
  const double low = bound(1, "min", -INFINITY), high = bound(2, "max", INFINITY);
  const Changing x = each_of(t, o);
  if (low == 0 && high == 6)
    return t.same_shape(o, x, t.builder.activation(x.node, Activation::relu6));
  if (low == 0 && high >= 3e38) return t.same_shape(o, x, t.builder.relu(x.node));
  throw Unsupported(o, "bounds other than (0, 6) and (0, none)");
}

void hard_sigmoid(Translation& t, const Operation& o) {
  if (std::abs(real(o, "alpha", 0.2) - 1.0 / 6) > 1e-6 || real(o, "beta", 0.5) != 0.5) {
    throw Unsupported(o, "a slope other than 1/6");
  }
  const Changing x = each_of(t, o);
  t.same_shape(o, x, t.builder.activation(x.node, Activation::hard_sigmoid));
}

/// How many elements of an image a softmax runs over together; 0 over images. Before opset 13 the
/// axes from `axis` on are one.
std::int64_t softmax_length(std::int64_t axis, bool joined, const Changing& x) {
  const auto rank = static_cast<std::int64_t>(x.dims.size());
  std::int64_t length = axis > 0 ? 1 : 0;
  for (std::int64_t i = axis; axis > 0 && i < (joined ? rank : axis + 1); ++i)
    length *= x.dims[static_cast<std::size_t>(i)];
  return length;
}

/// Over the channels of every position, or over all of an image, where their order does not matter.
void softmax(Translation& t, const Operation& o) {
  Changing x = each_of(t, o);
  const auto rank = static_cast<std::int64_t>(x.dims.size());
  const bool joined = t.opset() < 13;
  std::int64_t axis = integer(o, "axis", joined ? 1 : -1);
  if (axis < 0) axis += rank;
  const MapShape stored = t.builder.shape(x.node);
  if (softmax_length(axis, joined, x) == stored.size() && axis < rank) {
    std::vector<int> places = places_of(x, stored);
    if (stored.height * stored.width > 1) x.node = t.builder.flatten(x.node);
    x.node = t.builder.softmax(x.node);
    return t.result(o, seen(std::move(x), std::move(places), t.builder.shape(x.node)));
  }
  const bool channels = (rank == 4 && axis == 1) || (rank == 3 && axis == 2);
  if (!channels || joined) throw Unsupported(o, "an axis that is not that of the channels");
  x = t.settled(t.changing(o, 0));
  t.same_shape(o, x, t.builder.softmax(x.node));
}

/// Of floating types: the engine computes in single precision whatever the file rounds to between.
void cast(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  if (x.coded) throw Unsupported(o, "arithmetic on integers");
  const auto type =
      o.type == "CastLike" ? t.fixed(o, 1).type : static_cast<ElementType>(integer(o, "to", 0));
  if (!held(type) || is_integer(type))
    throw Unsupported(o, "a cast of changing values to " + name_of(type));
  t.same_shape(o, x, x.node);
}

void identity(Translation& t, const Operation& o) {
  if (o.type == "Dropout" && t.has(o, 2) &&
      t.fixed(o, 2).integers == std::vector<std::int64_t>{1}) {
    throw Unsupported(o, "training mode");
  }
  const Changing x = t.viewed(o, 0);
  t.same_shape(o, x, x.node);
}

}  // namespace

void add_elementwise(Handlers& handlers) {
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
  handlers["Cast"] = cast;
  handlers["CastLike"] = cast;
}

}  // namespace lightloom::nn::onnx
