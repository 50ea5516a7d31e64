// Means, sums and maxima over axes: pooling over a whole map, whichever axes are named and kept.

#include <fmt/format.h>

#include <algorithm>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

/// Which axes vanish.
std::vector<bool> vanishing(Translation& t, const Operation& o, std::size_t rank) {
  const Dims axes = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "axes", {});
  const bool none = axes.empty() && integer(o, "noop_with_empty_axes", 0) != 0;
  std::vector<bool> gone(rank, axes.empty() && !none);
  for (std::int64_t axis : axes) {
    if (axis < 0) axis += static_cast<std::int64_t>(rank);
    if (axis < 0 || axis >= static_cast<std::int64_t>(rank))
      throw Unsupported(o, fmt::format("axis {} of {}", axis, rank));
    gone[static_cast<std::size_t>(axis)] = true;
  }
  if (gone.front()) throw Unsupported(o, "a reduction over the images");
  return gone;
}

/// The places of the elements, those that are reduced together next to one another.
std::vector<int> grouped(Translation& t, const Changing& x, const std::vector<bool>& gone) {
  Attribute perm{.list = true};
  for (const bool last : {false, true})
    for (std::size_t axis = 0; axis < gone.size(); ++axis)
      if (gone[axis] == last) perm.integers.push_back(static_cast<std::int64_t>(axis));
  const Operation turn{"Transpose", "", {"x"}, {"y"}, {{"perm", perm}}};
  const Array numbers = numbered(x.dims);
  const std::vector<int> places = places_of(x, t.builder.shape(x.node));
  const Array turned = evaluate(turn, {&numbers}, t.opset()).front();
  std::vector<int> out;
  for (const std::int64_t number : turned.integers)
    out.push_back(places[static_cast<std::size_t>(number)]);
  return out;
}

/// The channel of each group if every group is one channel of the whole map, else nothing.
std::vector<int> channels_of(const std::vector<int>& places, const MapShape& map) {
  const auto each = static_cast<std::size_t>(map.height) * static_cast<std::size_t>(map.width);
  std::vector<int> channels;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i % each == 0) channels.push_back(places[i] % map.channels);
    if (places[i] % map.channels != channels.back()) return {};
  }
  return channels;
}

int pooled(Translation& t, const std::string& type, int from) {
  const MapShape map = t.builder.shape(from);
  if (type == "ReduceMax")
    return t.builder.max_pool(from, {.height = map.height, .width = map.width});
  return t.builder.global_pool(from);
}

/// A sum is a mean times the number of its terms.
void scaled_to_sum(Translation& t, const Operation& o, std::int64_t terms) {
  const Operation times{"Mul", o.name, {o.outputs.front(), ""}, o.outputs, {}};
  multiply_by(t, times, static_cast<float>(terms));
}

void reduce(Translation& t, const Operation& o) {
  Changing x = t.viewed(o, 0);
  if (x.coded) throw Unsupported(o, "arithmetic on integers");
  const std::vector<bool> gone = vanishing(t, o, x.dims.size());
  const std::vector<int> places = grouped(t, x, gone);
  Dims kept, dims;
  std::int64_t groups = 1, each = 1;
  for (std::size_t axis = 0; axis < gone.size(); ++axis) {
    if (axis > 0) (gone[axis] ? each : groups) *= x.dims[axis];
    dims.push_back(gone[axis] ? 1 : x.dims[axis]);
    if (!gone[axis]) kept.push_back(x.dims[axis]);
  }
  if (integer(o, "keepdims", 1) == 0) dims = kept;
  const MapShape map = t.builder.shape(x.node);
  std::vector<int> order(static_cast<std::size_t>(groups));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  if (each == 1) {
    order = places;
  } else if (map.channels == groups && !channels_of(places, map).empty()) {
    order = channels_of(places, map);
    x.node = pooled(t, o.type, x.node);
  } else {  // a map of one line of positions and the groups as channels
    const MapShape line{1, static_cast<int>(each), static_cast<int>(groups)};
    std::vector<int> turned(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::size_t group = i / static_cast<std::size_t>(each),
                        term = i % static_cast<std::size_t>(each);
      turned[term * order.size() + group] = places[i];
    }
    x.node = pooled(t, o.type, t.builder.rearrange(x.node, line, std::move(turned)));
  }
  x.dims = std::move(dims);
  t.result(o, seen(std::move(x), std::move(order), t.builder.shape(x.node)));
  if (o.type == "ReduceSum" && each > 1) scaled_to_sum(t, o, each);
}

}  // namespace

void pool_over_all(Translation& t, const Operation& o) {
  Operation over{o.type == "GlobalAveragePool" ? "ReduceMean" : "ReduceMax",
                 o.name,
                 {o.inputs[0]},
                 o.outputs,
                 {}};
  Attribute axes{.list = true};
  for (std::size_t axis = 2; axis < t.viewed(o, 0).dims.size(); ++axis)
    axes.integers.push_back(static_cast<std::int64_t>(axis));
  if (axes.integers.empty()) throw Unsupported(o, "an input without axes to pool over");
  over.attributes["axes"] = axes;
  reduce(t, over);
}

void add_reductions(Handlers& handlers) {
  handlers["ReduceMean"] = reduce;
  handlers["ReduceSum"] = reduce;
  handlers["ReduceMax"] = reduce;
}

}  // namespace lightloom::nn::onnx
