#include <algorithm>
#include <cmath>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/translation/window.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

Dims sides_behind(const Translation& t, int node, std::size_t rank) {
  const MapShape& map = t.builder.shape(node);
  return rank == 3 ? Dims{map.width} : Dims{map.height, map.width};
}

Window pool_window(const Operation& o, const Dims& dims) {
  Window window = window_of(o, dims, integers(o, "kernel_shape", {}));
  window.ceiling = integer(o, "ceil_mode", 0) != 0;
  const Sides& p = window.padding;
  const int down = window.dilation.height * (window.height - 1) + 1,
            across = window.dilation.width * (window.width - 1) + 1;
  if (std::max(p.top, p.bottom) >= down || std::max(p.left, p.right) >= across)
    throw Unsupported(o, "windows within the padding alone");
  return window;
}

FunctionPointer raised(double exponent) {
  using Code = Function::Code;
  const Function size = composed(Code::absolute, argument());
  if (exponent == 1) return std::make_shared<const Function>(size);
  if (exponent == 2)
    return std::make_shared<const Function>(composed(Code::multiply, argument(), argument()));
  return std::make_shared<const Function>(
      composed(Code::power, size, constant(static_cast<float>(exponent))));
}

/// (sum |x|^p)^(1/p) over every window.
int norm_pool(Translation& t, const Operation& o, int from, const Window& window) {
  using Code = Function::Code;
  if (window.ceiling) throw Unsupported(o, "ceiling windows");
  const double p = static_cast<double>(integer(o, "p", 2));
  const Changing powers = t.applied({.node = from, .dims = {}, .function = raised(p)});
  const int mean = t.builder.average_pool(powers.node, window, true);
  const Function sum =
      composed(Code::multiply, argument(),
               constant(static_cast<float>(window.height) * static_cast<float>(window.width)));
  const Function root = p == 2 ? composed(Code::root, sum)
                               : composed(Code::power, sum, constant(static_cast<float>(1 / p)));
  return t.applied({.node = mean, .dims = {}, .function = std::make_shared<const Function>(root)})
      .node;
}

/// A pool along the first of three axes alone, as of neighbouring channels, is one of maps whose
/// columns are the two others.
bool is_deep(const Operation& o, const Dims& dims) {
  const auto idle = [&](const char* key, std::int64_t nothing) {
    const Dims all = integers(o, key, {});
    for (std::size_t i = 0; i < all.size(); ++i)
      if (i % 3 != 0 && all[i] != nothing) return false;
    return true;
  };
  return dims.size() == 5 && text(o, "auto_pad", "NOTSET") == "NOTSET" && idle("kernel_shape", 1) &&
         idle("strides", 1) && idle("pads", 0) && idle("dilations", 1);
}

void deep_pool(Translation& t, const Operation& o) {
  Changing x = t.viewed(o, 0);
  Operation flat = o;
  for (auto& [key, attribute] : flat.attributes)
    if (attribute.integers.size() % 3 == 0 && attribute.list) {
      Dims kept;
      for (std::size_t i = 0; i < attribute.integers.size(); ++i)
        if (i % 3 != 2) kept.push_back(attribute.integers[i]);
      attribute.integers = std::move(kept);
    }
  const Dims sides{x.dims[3], x.dims[4]};
  x.dims = {x.dims[0], x.dims[1], x.dims[2], sides[0] * sides[1]};
  const Window window = pool_window(flat, x.dims);
  const int from = as_map(t, o, x).node;
  const int node = o.type == "MaxPool" ? t.builder.max_pool(from, window)
                                       : t.builder.average_pool(
                                             from, window, integer(o, "count_include_pad", 0) != 0);
  t.result(o, of_map(t, node, {t.builder.shape(node).height, sides[0], sides[1]}));
}

void pool(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const std::size_t rank = x.dims.size();
  if (o.type != "LpPool" && is_deep(o, x.dims)) return deep_pool(t, o);
  if (rank != 3 && rank != 4) throw Unsupported(o, "an input that is not a batch of maps");
  const Window window = pool_window(o, x.dims);
  const int from = as_map(t, o, x).node;
  int node = 0;
  if (o.type == "MaxPool") node = t.builder.max_pool(from, window);
  if (o.type == "LpPool") node = norm_pool(t, o, from, window);
  if (o.type == "AveragePool")
    node = t.builder.average_pool(from, window, integer(o, "count_include_pad", 0) != 0);
  t.result(o, of_map(t, node, sides_behind(t, node, rank)));
}

void global_pool(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const int from = as_map(t, o, x).node;
  const MapShape in = t.builder.shape(from);
  const int node = o.type == "GlobalAveragePool"
                       ? t.builder.global_pool(from)
                       : t.builder.max_pool(from, {.height = in.height, .width = in.width});
  t.result(o, of_map(t, node, Dims(x.dims.size() - 2, 1)));
}

bool is_usual_map(const Translation& t, const Changing& x) {
  return x.dims.size() == 4 && x.dims[0] == t.images() && x.order == nullptr &&
         x.scattered == nullptr && t.builder.shape(x.node) == usual_shape(x.dims, t.images());
}

/// Every second position of both axes, the shortcut of CIFAR ResNets, has a node of its own.
void slice(Translation& t, const Operation& o) {
  const auto numbers = [&](std::size_t input, const char* key) {
    return t.has(o, input) ? t.fixed(o, input).integers : integers(o, key, Dims{});
  };
  const Changing x = t.coded(o, 0);
  const Dims axes = numbers(3, "axes"), ends = numbers(2, "ends");
  const bool halves = numbers(4, "steps") == Dims{2, 2} && numbers(1, "starts") == Dims{0, 0} &&
                      (axes == Dims{2, 3} || axes == Dims{-2, -1}) && !x.coded &&
                      is_usual_map(t, x) && ends.size() == 2 && ends[0] >= x.dims[2] &&
                      ends[1] >= x.dims[3];
  if (!halves) return move(t, o);
  const Changing map = t.map(o, 0);
  const int node = t.builder.subsample(map.node, static_cast<int>(map.dims[1]));
  t.result(o, of_map(t, node, sides_behind(t, node, 4)));
}

/// Zero channels on both sides of a subsampled map belong to its node.
void pad(Translation& t, const Operation& o) {
  const auto pads = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "pads", {});
  Changing x = t.coded(o, 0);
  if (std::all_of(pads.begin(), pads.end(), [](std::int64_t p) { return p == 0; }))
    return t.result(o, x);
  const std::int64_t side = pads.size() == 8 ? pads[1] : 0;
  const double fill = t.has(o, 2) ? t.floats(o, 2, 1).front() : real(o, "value", 0);
  const bool channels = side > 0 && side < 1 << 20 && is_usual_map(t, x) && fill == 0 &&
                        x.function == nullptr && text(o, "mode", "constant") == "constant" &&
                        !t.has(o, 3) && pads == Dims{0, side, 0, 0, 0, side, 0, 0};
  if (!channels || !t.read_once(x) || !t.builder.widen_subsample(x.node, static_cast<int>(side)))
    return move(t, o);
  x.dims[1] += 2 * side;
  t.result(o, x);
}

void pass(Translation& t, const Operation& o) {
  const bool trains = o.type == "Dropout" && t.has(o, 2) && t.fixed(o, 2).integers == Dims{1};
  if (trains && (!t.has(o, 1) || t.floats(o, 1, 1).front() != 0))
    throw Unsupported(o, "training mode");
  t.result(o, t.coded(o, 0));
}

/// Between floating types: the engine computes in single precision whatever the file rounds to.
void cast(Translation& t, const Operation& o) {
  const auto type =
      o.type == "CastLike" ? t.fixed(o, 1).type : static_cast<ElementType>(integer(o, "to", 0));
  if (!held(type) || is_integer(type))
    throw Unsupported(o, "a cast of changing values to " + name_of(type));
  t.result(o, t.viewed(o, 0));
}

void constant_value(Translation& t, const Operation& o) {
  t.result(o, evaluate(o, {}, t.opset()).front());
}

}  // namespace

void add_shapes(Handlers& handlers) {
  handlers["MaxPool"] = pool;
  handlers["AveragePool"] = pool;
  handlers["LpPool"] = pool;
  handlers["GlobalAveragePool"] = global_pool;
  handlers["GlobalMaxPool"] = global_pool;
  handlers["Slice"] = slice;
  handlers["Pad"] = pad;
  handlers["Dropout"] = pass;
  handlers["Identity"] = pass;
  handlers["Cast"] = cast;
  handlers["CastLike"] = cast;
  handlers["Constant"] = constant_value;
}

}  // namespace lightloom::nn::onnx
