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
  t.result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}});
}

void global_pool(Translation& t, const Operation& o) {
  if (t.viewed(o, 0).dims.size() != 4) return pool_over_all(t, o);
  const Changing x = t.map(o, 0);
  const MapShape in = t.builder.shape(x.node);
  const int node = o.type == "GlobalAveragePool"
                       ? t.builder.global_pool(x.node)
                       : t.builder.max_pool(x.node, {.height = in.height, .width = in.width});
  t.result(o, Changing{node, {x.dims[0], x.dims[1], 1, 1}});
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

}  // namespace

void add_shapes(Handlers& handlers) {
  handlers["MaxPool"] = pool;
  handlers["AveragePool"] = pool;
  handlers["GlobalAveragePool"] = global_pool;
  handlers["GlobalMaxPool"] = global_pool;
  handlers["Pad"] = pad;
}

}  // namespace lightloom::nn::onnx
