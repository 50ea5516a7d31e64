// Operators that give the elements of an image other places or another shape, without arithmetic.
// Shapes cost nothing: the value keeps its node and is seen in another way.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

/// The same elements in the same order under other dimensions.
void with_dims(Translation& t, const Operation& o, Changing x, Dims dims) {
  if (dims.empty() || dims.front() != x.dims.front() || image_size(dims) != image_size(x.dims)) {
    throw Unsupported(o, fmt::format("a shape of [{}] from [{}], which mixes images (the first "
                                     "axis must stay the number of images)",
                                     fmt::join(dims, ", "), fmt::join(x.dims, ", ")));
  }
  const MapShape stored = t.builder.shape(x.node);
  std::vector<int> places = places_of(x, stored);
  const bool to_rows = dims.size() == 2 && x.dims.size() > 2;
  x.dims = std::move(dims);
  if (to_rows) x.node = t.builder.flatten(x.node);
  t.result(o, seen(std::move(x), std::move(places), t.builder.shape(x.node)));
}

/// `given` with its zeros and its -1 filled in.
Dims target_of(const Operation& o, const Dims& given, const Dims& from, std::int64_t all) {
  const bool zeros_stay = integer(o, "allowzero", 0) != 0;
  Dims dims = given;
  std::int64_t known = 1, open = -1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !zeros_stay && i < from.size()) dims[i] = from[i];
    if (dims[i] < -1 || dims[i] > 1 << 28 || known > 1 << 30)
      throw Unsupported(o, fmt::format("a side of {}", given[i]));
    if (dims[i] == -1 && open >= 0) throw Unsupported(o, "a shape with two open sides");
    if (dims[i] == -1) open = static_cast<std::int64_t>(i);
    if (dims[i] != -1) known *= dims[i];
  }
  if (open >= 0 && (known <= 0 || all % known != 0))
    throw Unsupported(o, "a shape that does not hold the elements");
  if (open >= 0) dims[static_cast<std::size_t>(open)] = all / known;
  return dims;
}

void reshape(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const Dims given = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "shape", {});
  with_dims(t, o, x, target_of(o, given, x.dims, x.dims.front() * image_size(x.dims)));
}

void flatten(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  std::int64_t axis = integer(o, "axis", 1);
  if (axis < 0) axis += static_cast<std::int64_t>(x.dims.size());
  if (axis != 1) throw Unsupported(o, "another axis than 1, which mixes images");
  with_dims(t, o, x, {x.dims.front(), image_size(x.dims)});
}

/// Axes of an attribute, or of an input since opset 13.
Dims axes_of(Translation& t, const Operation& o) {
  return t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "axes", {});
}

std::vector<bool> marked(const Operation& o, const Dims& axes, std::size_t rank) {
  std::vector<bool> marks(rank, false);
  for (std::int64_t axis : axes) {
    if (axis < 0) axis += static_cast<std::int64_t>(rank);
    if (axis < 0 || axis >= static_cast<std::int64_t>(rank))
      throw Unsupported(o, fmt::format("axis {} of {}", axis, rank));
    marks[static_cast<std::size_t>(axis)] = true;
  }
  return marks;
}

void squeeze(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const Dims axes = axes_of(t, o);
  std::vector<bool> gone = marked(o, axes, x.dims.size());
  Dims dims;
  for (std::size_t i = 0; i < x.dims.size(); ++i) {
    if (axes.empty()) gone[i] = i > 0 && x.dims[i] == 1;  // the images stay, be it one
    if (gone[i] && x.dims[i] != 1) throw Unsupported(o, "an axis that is longer than 1");
    if (!gone[i]) dims.push_back(x.dims[i]);
  }
  with_dims(t, o, x, std::move(dims));
}

void unsqueeze(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const Dims axes = axes_of(t, o);
  const std::vector<bool> added = marked(o, axes, x.dims.size() + axes.size());
  Dims dims;
  auto next = x.dims.begin();
  for (const bool one : added) {
    if (!one && next == x.dims.end()) throw Unsupported(o, "the same axis twice");
    dims.push_back(one ? 1 : *next++);
  }
  with_dims(t, o, x, std::move(dims));
}

/// Runs an operator that only moves elements on the numbers of the elements of one image.
void move(Translation& t, const Operation& o, std::vector<const Array*> inputs) {
  const Changing x = t.viewed(o, 0);
  const Array numbers = numbered(x.dims);
  inputs.front() = &numbers;
  const std::vector<Array> outputs = evaluate(o, inputs, t.opset());
  for (std::size_t i = 0; i < std::min(outputs.size(), o.outputs.size()); ++i) {
    Dims dims = outputs[i].dims;
    if (dims.empty() || dims.front() != 1 || outputs[i].size() == 0)
      throw Unsupported(o, "a result without an axis for the images");
    dims.front() = x.dims.front();
    t.result(o, i, t.gathered(x, std::move(dims), outputs[i].integers));
  }
}

/// With the other inputs as they are.
void move(Translation& t, const Operation& o) {
  std::vector<const Array*> inputs{nullptr};
  for (std::size_t i = 1; i < o.inputs.size(); ++i)
    inputs.push_back(t.has(o, i) ? &t.fixed(o, i) : nullptr);
  move(t, o, std::move(inputs));
}

void transpose(Translation& t, const Operation& o) {
  const auto rank = static_cast<std::int64_t>(t.viewed(o, 0).dims.size());
  const Dims perm = integers(o, "perm", {});
  if (perm.empty() ? rank > 1 : perm.front() != 0)
    throw Unsupported(o, "moving the axis of the images (it must stay the first)");
  move(t, o);
}

/// The axis of an operator that works along one.
std::int64_t counted_axis(std::int64_t axis, const Changing& x) {
  return axis < 0 ? axis + static_cast<std::int64_t>(x.dims.size()) : axis;
}

void along_axis(Translation& t, const Operation& o) {
  if (counted_axis(integer(o, "axis", 0), t.viewed(o, 0)) == 0)
    throw Unsupported(o, "cutting or choosing images");
  move(t, o);
}

/// Every second position of both axes of a map: the shortcut of CIFAR ResNets.
bool halves(Translation& t, const Operation& o, const Dims& starts) {
  const Changing& x = t.viewed(o, 0);
  const Dims axes = t.has(o, 3) ? t.fixed(o, 3).integers : Dims{}, two{2, 2};
  const Dims ends = t.fixed(o, 2).integers;
  return x.dims.size() == 4 && x.order == nullptr && !x.coded && t.has(o, 4) &&
         t.fixed(o, 4).integers == two && starts == Dims{0, 0} &&
         (axes == Dims{2, 3} || axes == Dims{-2, -1}) && ends.size() == 2 && ends[0] >= x.dims[2] &&
         ends[1] >= x.dims[3];
}

void slice(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const Dims starts = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "starts", {});
  if (t.has(o, 2) && halves(t, o, starts)) {
    const int node = t.builder.subsample(x.node, static_cast<int>(x.dims[1]));
    const MapShape& out = t.builder.shape(node);
    return t.result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}});
  }
  Dims axes = t.has(o, 3) ? t.fixed(o, 3).integers : integers(o, "axes", {});
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  const Dims ends = t.has(o, 2) ? t.fixed(o, 2).integers : integers(o, "ends", {});
  for (std::size_t i = 0; i < std::min({axes.size(), ends.size(), starts.size()}); ++i) {
    const bool all = starts[i] == 0 && ends[i] >= x.dims.front();
    if (counted_axis(axes[i], x) == 0 && !all) throw Unsupported(o, "cutting the images");
  }
  move(t, o);
}

/// A shape that starts with the number of images, or with 1, is that of one image.
void expand(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  Array shape = t.fixed(o, 1);
  const bool images = shape.integers.size() == x.dims.size();
  if (shape.integers.size() > x.dims.size() || shape.integers.empty() ||
      (images && shape.integers.front() != 1 && shape.integers.front() != x.dims.front()))
    throw Unsupported(o, "a shape that repeats the images");
  if (images) shape.integers.front() = 1;
  move(t, o, {nullptr, &shape});
}

void tile(Translation& t, const Operation& o) {
  const Dims& repeats = t.fixed(o, 1).integers;
  if (repeats.empty() || repeats.front() != 1) throw Unsupported(o, "repeating the images");
  move(t, o);
}

/// Of maps along their channels without more ado; else as rows joined, seen in their order.
void concat(Translation& t, const Operation& o) {
  std::vector<Changing> parts;
  std::vector<Array> numbers;
  std::vector<const Array*> inputs;
  std::int64_t before = 0;
  const std::int64_t axis = counted_axis(integer(o, "axis", 1), t.viewed(o, 0));
  const std::size_t rank = t.viewed(o, 0).dims.size();
  const bool maps = rank == 4 && axis == 1, lines = rank == 3 && axis == 2;
  if (axis == 0) throw Unsupported(o, "joining images");
  for (std::size_t i = 0; i < o.inputs.size(); ++i) {
    if (t.viewed(o, i).coded) throw Unsupported(o, "joining integers");
    parts.push_back(maps || lines ? t.settled(t.changing(o, i)) : t.viewed(o, i));
    numbers.push_back(numbered(parts.back().dims));
    for (std::int64_t& number : numbers.back().integers) number += before;
    before += image_size(parts.back().dims);
  }
  for (const Array& one : numbers) inputs.push_back(&one);
  const Array joined = evaluate(o, inputs, t.opset()).front();
  Changing out{0, joined.dims};
  out.dims.front() = parts.front().dims.front();
  std::vector<int> nodes;
  for (const Changing& part : parts) {
    const MapShape& shape = t.builder.shape(part.node);
    const bool row = maps || lines || shape.height * shape.width == 1;
    nodes.push_back(row ? part.node : t.builder.flatten(part.node));
  }
  out.node = t.builder.concat(nodes);
  if (maps || lines) return t.result(o, out);
  std::vector<int> places, all;  // of the parts' elements, one part after the other
  for (const Changing& part : parts) {
    const int first = static_cast<int>(places.size());
    for (const int place : places_of(part, t.builder.shape(part.node)))
      places.push_back(first + place);
  }
  for (const std::int64_t number : joined.integers)
    all.push_back(places[static_cast<std::size_t>(number)]);
  t.result(o, seen(std::move(out), std::move(all), t.builder.shape(out.node)));
}

void constant(Translation& t, const Operation& o) {
  t.result(o, evaluate(o, {}, t.opset()).front());
}

/// Of the dimensions alone.
void shape(Translation& t, const Operation& o) {
  const Array dims{.dims = t.viewed(o, 0).dims};
  t.result(o, o.type == "Shape" ? evaluate(o, {&dims}, t.opset()).front()
                                : Array{.integers = {dims.size()}, .type = ElementType::int64});
}

}  // namespace

void add_layout(Handlers& handlers) {
  handlers["Reshape"] = reshape;
  handlers["Flatten"] = flatten;
  handlers["Squeeze"] = squeeze;
  handlers["Unsqueeze"] = unsqueeze;
  handlers["Transpose"] = transpose;
  handlers["Split"] = along_axis;
  handlers["Gather"] = along_axis;
  handlers["Slice"] = slice;
  handlers["Expand"] = expand;
  handlers["Tile"] = tile;
  handlers["Concat"] = concat;
  handlers["Constant"] = constant;
  handlers["Shape"] = shape;
  handlers["Size"] = shape;
}

}  // namespace lightloom::nn::onnx
