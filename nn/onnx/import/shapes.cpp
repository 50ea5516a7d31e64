#include <algorithm>

#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/import/window.hpp"

namespace lightloom::nn::onnx {
namespace {

void pool(Translation& t, const Operation& o) {
  const Changing x = t.map(o, 0);
  const Window window = window_of(o, x.dims, integers(o, "kernel_shape", {}));
  if (window.dilation != 1 || integer(o, "ceil_mode", 0) != 0 ||
      window.padding >= std::min(window.height, window.width)) {
    throw Unsupported(o, "dilated, ceiling or mostly padded windows");
  }
  const int node =
      o.type == "MaxPool"
          ? t.builder.max_pool(x.node, window)
          : t.builder.average_pool(x.node, window, integer(o, "count_include_pad", 0) != 0);
  const MapShape& out = t.builder.shape(node);
  t.result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}, {}});
}

void global_pool(Translation& t, const Operation& o) {
  const Changing x = t.map(o, 0);
  const MapShape in = t.builder.shape(x.node);
  const int node = o.type == "GlobalAveragePool"
                       ? t.builder.global_pool(x.node)
                       : t.builder.max_pool(x.node, {.height = in.height, .width = in.width});
  t.result(o, Changing{node, {x.dims[0], x.dims[1], 1, 1}, {}});
}

/// Flatten, and Reshape where it does the same.
void flatten(Translation& t, const Operation& o) {
  const Changing x = t.changing(o, 0);
  const MapShape in = t.builder.shape(x.node);
  const std::int64_t row = in.size();
  if (o.type == "Flatten" && integer(o, "axis", 1) != 1)
    throw Unsupported(o, "another axis than 1");
  if (o.type == "Reshape") {
    const std::vector<std::int64_t>& to = t.fixed(o, 1).integers;
    const bool flat = to.size() == 2 && (to[1] == row || to[1] == -1) &&
                      (to[0] == x.dims[0] || to[0] == -1 || to[0] == 0) &&
                      (to[0] > -1 || to[1] > -1);
    if (!flat) throw Unsupported(o, "anything but flattening maps to rows");
  }
  Changing out{x.node, {x.dims[0], row}, x.flattened};
  if (x.dims.size() == 4) {
    out.node = t.builder.flatten(x.node);
    if (in.height * in.width > 1) out.flattened = in;
  }
  t.result(o, std::move(out));
}

void concat(Translation& t, const Operation& o) {
  std::vector<int> nodes;
  std::int64_t channels = 0;
  const Changing first = t.map(o, 0);
  for (std::size_t i = 0; i < o.inputs.size(); ++i) {
    const Changing& x = t.map(o, i);
    if (x.dims[2] != first.dims[2] || x.dims[3] != first.dims[3]) {
      throw Unsupported(o, "maps of different sizes");
    }
    nodes.push_back(x.node);
    channels += x.dims[1];
  }
  const std::int64_t axis = integer(o, "axis", 1);
  if (axis != 1 && axis != -3) throw Unsupported(o, "another axis than the channels");
  Changing out{t.builder.concat(nodes), first.dims, {}};
  out.dims[1] = channels;
  t.result(o, std::move(out));
}

/// Every second position of both axes: the shortcut of CIFAR ResNets.
void slice(Translation& t, const Operation& o) {
  const Changing x = t.map(o, 0);
  const auto numbers = [&](std::size_t input, const char* key) {
    return t.has(o, input) ? t.fixed(o, input).integers
                           : integers(o, key, std::vector<std::int64_t>{});
  };
  const std::vector<std::int64_t> axes = numbers(3, "axes"), ends = numbers(2, "ends");
  const bool halves =
      numbers(4, "steps") == std::vector<std::int64_t>{2, 2} &&
      numbers(1, "starts") == std::vector<std::int64_t>{0, 0} &&
      (axes == std::vector<std::int64_t>{2, 3} || axes == std::vector<std::int64_t>{-2, -1}) &&
      ends.size() == 2 && ends[0] >= x.dims[2] && ends[1] >= x.dims[3];
  if (!halves) throw Unsupported(o, "anything but every second position of a map");
  const int node = t.builder.subsample(x.node, static_cast<int>(x.dims[1]));
  const MapShape& out = t.builder.shape(node);
  t.result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}, {}});
}

/// Nothing, or zero channels on both sides of a subsampled map.
void pad(Translation& t, const Operation& o) {
  const auto pads = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "pads", {});
  const bool none = std::all_of(pads.begin(), pads.end(), [](std::int64_t p) { return p == 0; });
  Changing x = t.changing(o, 0);
  if (none) return t.same_shape(o, x, x.node);
  const double fill = t.has(o, 2) ? t.floats(o, 2, 1).front() : real(o, "value", 0);
  const std::int64_t side = pads.size() == 8 ? pads[1] : 0;
  const bool channels = side > 0 && side < 1 << 20 && x.dims.size() == 4 && fill == 0 &&
                        text(o, "mode", "constant") == "constant" && !t.has(o, 3) &&
                        pads == std::vector<std::int64_t>{0, side, 0, 0, 0, side, 0, 0};
  if (!channels || !t.read_once(x) || !t.builder.widen_subsample(x.node, static_cast<int>(side))) {
    throw Unsupported(o, "padding outside a layer");
  }
  x.dims[1] += 2 * side;
  t.same_shape(o, x, x.node);
}

void constant(Translation& t, const Operation& o) { t.result(o, array(o, "value")); }

void shape(Translation& t, const Operation& o) {
  const Changing& x = t.changing(o, 0);
  if (o.attributes.contains("start") || o.attributes.contains("end")) {
    throw Unsupported(o, "a part of the shape");
  }
  t.result(o, integers_array(x.dims));
}

}  // namespace

void add_shapes(Handlers& handlers) {
  handlers["MaxPool"] = pool;
  handlers["AveragePool"] = pool;
  handlers["GlobalAveragePool"] = global_pool;
  handlers["GlobalMaxPool"] = global_pool;
  handlers["Flatten"] = flatten;
  handlers["Reshape"] = flatten;
  handlers["Concat"] = concat;
  handlers["Slice"] = slice;
  handlers["Pad"] = pad;
  handlers["Constant"] = constant;
  handlers["Shape"] = shape;
}

}  // namespace lightloom::nn::onnx
