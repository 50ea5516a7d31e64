#include <algorithm>
#include <map>
#include <numeric>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/translation/numbers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

/// Squeezing all axes of one element leaves an open number of images in place.
Operation squeeze_within(const Operation& o, const Dims& dims) {
  Attribute ones{.list = true};
  for (std::size_t a = 1; a < dims.size(); ++a)
    if (dims[a] == 1) ones.integers.push_back(static_cast<std::int64_t>(a));
  Operation other = o;
  other.inputs.resize(1);
  if (ones.integers.empty()) other.type = "Identity";
  other.attributes = {{"axes", std::move(ones)}};
  return other;
}

/// The operation as one on integers: its fill becomes 0.
Operation on_numbers(const Translation& t, const Operation& o, const Dims& dims) {
  const bool ones = o.type == "Squeeze" && !t.has(o, 1) && integers(o, "axes", {}).empty();
  if (ones && t.open_batch() && dims.front() == t.images()) return squeeze_within(o, dims);
  Operation other = o;
  if (o.type == "Pad") other.attributes.erase("value");
  return other;
}

std::vector<Array> run_on(const Translation& t, const Operation& o, const Array& numbers) {
  std::vector<const Array*> inputs{&numbers};
  for (std::size_t i = 1; i < o.inputs.size(); ++i)
    inputs.push_back(t.has(o, i) && !(o.type == "Pad" && i == 2) ? &t.fixed(o, i) : nullptr);
  return evaluate(on_numbers(t, o, numbers.dims), inputs, t.opset());
}

float fill_of(const Translation& t, const Operation& o) {
  if (o.type != "Pad") return 0;
  return t.has(o, 2) ? t.floats(o, 2, 1).front() : static_cast<float>(real(o, "value", 0));
}

std::vector<Changing> all_moved(const Translation& t, const Operation& o, Changing x) {
  if (t.builder.shape(x.node).size() * t.images() > most_elements)
    throw Unsupported(o, "a value of this size");
  if (o.type == "Pad") x.fill = fill_of(t, o);
  const Array numbers{
      .dims = x.dims, .floats = {}, .integers = numbers_of(t, x), .type = ElementType::int64};
  std::vector<Changing> all;
  for (Array& moved : run_on(t, o, numbers))
    all.push_back(arranged(t, x, moved.dims, std::move(moved.integers)));
  return all;
}

bool has_fill(const Changing& x) {
  if (x.scattered != nullptr)
    return std::find(x.scattered->begin(), x.scattered->end(), 0) != x.scattered->end();
  return x.order != nullptr && std::find(x.order->begin(), x.order->end(), -1) != x.order->end();
}

/// Flattening a map is a node of its own: weights behind it are known by the map's order.
bool flatten_map(Translation& t, const Operation& o, const Changing& x, const Changing& to) {
  if (x.order != nullptr || x.scattered != nullptr || x.dims.size() != 4 || x.dims[0] != t.images())
    return false;
  if (to.dims != std::vector<std::int64_t>{t.images(), size_of(x.dims) / t.images()}) return false;
  Changing out = x;
  const MapShape in = t.builder.shape(x.node);
  out.node = t.builder.flatten(x.node);
  out.dims = to.dims;
  t.result(o, seen(out, map_places(in), t.builder.shape(out.node), t.images()));
  return true;
}

/// One operand of a Concat: constants get a node.
Changing joined_operand(Translation& t, const Operation& o, std::size_t input) {
  if (std::holds_alternative<Changing>(t.value(o, input))) return t.applied(t.viewed(o, input));
  const Array& array = t.fixed(o, input);
  const std::int64_t images = t.images(), each = array.size() / std::max<std::int64_t>(1, images);
  if (array.integer() || array.dims.empty() || array.size() == 0 || array.dims[0] % images != 0)
    throw Unsupported(o, "a constant of this type or shape");
  for (std::int64_t i = each; i < array.size(); ++i)
    if (array.floats[static_cast<std::size_t>(i)] !=
        array.floats[static_cast<std::size_t>(i % each)])
      throw Unsupported(o, "a constant that differs between images");
  const int node =
      t.builder.constant(t.layer_name(o) + ".constant", {1, 1, static_cast<int>(each)});
  t.imported.norms[node] = {
      {}, {array.floats.begin(), array.floats.begin() + static_cast<std::ptrdiff_t>(each)}, {}, {}};
  std::vector<int> places(static_cast<std::size_t>(each));
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int>(i);
  return t.at(node, array.dims, std::move(places));
}

/// Channels of maps one after the other need no table.
bool concat_channels(Translation& t, const Operation& o, const std::vector<Changing>& parts) {
  const std::int64_t axis = integer(o, "axis", 1);
  if ((axis != 1 && axis != -3) || parts.front().dims.size() != 4) return false;
  std::vector<int> nodes;
  Changing out = parts.front();
  out.dims[1] = 0;
  for (const Changing& part : parts) {
    if (part.dims.size() != 4 || part.dims[0] != t.images() || part.order != nullptr ||
        part.scattered != nullptr ||
        t.builder.shape(part.node) != usual_shape(part.dims, t.images()) ||
        part.dims[2] != out.dims[2] || part.dims[3] != out.dims[3])
      return false;
    nodes.push_back(part.node);
    out.dims[1] += part.dims[1];
  }
  out.node = t.builder.concat(nodes);
  t.result(o, out);
  return true;
}

/// Numbers on the joined memory of several nodes, where that of the part begins at `first` of
/// `each`.
Numbers renumbered(const Translation& t, const Changing& part,
                   const std::pair<std::int64_t, std::int64_t>& place) {
  const auto& [first, each] = place;
  const std::int64_t own = t.builder.shape(part.node).size();
  Numbers numbers = numbers_of(t, part);
  for (std::int64_t& number : numbers)
    if (number > 0) number = 1 + (number - 1) / own * each + first + (number - 1) % own;
  return numbers;
}

/// Nodes whose elements of one image stand behind one another, `each` in all.
struct JoinedNodes {
  const std::vector<int>& nodes;
  std::int64_t each;
};

/// Elements of several nodes, by their numbers on the joined memory, on a node of their own.
Changing rearranged(Translation& t, const Operation& o, const JoinedNodes& memory,
                    const Array& joined) {
  const auto& [nodes, each] = memory;
  const std::int64_t images = t.images();
  const MapShape shape = usual_shape(joined.dims, images);
  const std::size_t size = joined.integers.size() / static_cast<std::size_t>(images);
  if (joined.dims[0] % images != 0 || size == 0)
    throw Unsupported(o, "images that are not along the first axis");
  const std::vector<int> to = places_of({.dims = joined.dims}, shape, images);
  std::vector<int> from(size);
  for (std::size_t i = 0; i < joined.integers.size(); ++i) {
    const std::int64_t place = joined.integers[i] - 1 - static_cast<std::int64_t>(i / size) * each;
    int& own = from[static_cast<std::size_t>(to[i % size])];
    if (place < 0 || place >= each || (i >= size && own != place))
      throw Unsupported(o, "images that are not along the first axis");
    own = static_cast<int>(place);
  }
  return {.node = t.builder.rearrange(nodes, shape, {.from = std::move(from)}),
          .dims = joined.dims};
}

void concat(Translation& t, const Operation& o) {
  std::vector<Changing> parts;
  for (std::size_t i = 0; i < o.inputs.size(); ++i) parts.push_back(joined_operand(t, o, i));
  if (concat_channels(t, o, parts)) return;
  std::vector<int> nodes;
  std::map<int, std::int64_t> first;  // place of a node in the joined memory
  std::int64_t each = 0;
  for (Changing& part : parts) {
    if (has_fill(part)) part = t.settled(part);
    if (first.contains(part.node)) continue;
    first[part.node] = each;
    each += t.builder.shape(part.node).size();
    nodes.push_back(part.node);
  }
  if (each * t.images() > most_elements) throw Unsupported(o, "a value of this size");
  std::vector<Array> numbers;
  for (const Changing& part : parts)
    numbers.push_back({.dims = part.dims,
                       .floats = {},
                       .integers = renumbered(t, part, {first[part.node], each}),
                       .type = ElementType::int64});
  std::vector<const Array*> inputs;
  for (const Array& one : numbers) inputs.push_back(&one);
  Array joined = evaluate(o, inputs, t.opset()).front();
  if (nodes.size() == 1)
    return t.result(o, arranged(t, parts.front(), joined.dims, std::move(joined.integers)));
  t.result(o, rearranged(t, o, {nodes, each}, joined));
}

void shape_of(Translation& t, const Operation& o) {
  const Dims& dims = t.coded(o, 0).dims;
  if (o.type == "Size")
    return t.result(o, Array{.integers = {size_of(dims)}, .type = ElementType::int64});
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto place = [&](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const std::int64_t start = place(integer(o, "start", 0)), end = place(integer(o, "end", rank));
  if (end <= start) return t.result(o, integers_array({}));
  t.result(o, integers_array({dims.begin() + static_cast<std::ptrdiff_t>(start),
                              dims.begin() + static_cast<std::ptrdiff_t>(end)}));
}

Dims counting_axes(std::size_t count) {
  Dims axes(count);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

/// Of an open number of images, which is counted as one here: what would choose among them.
void require_all_images(const Translation& t, const Operation& o, const Changing& x) {
  const bool chooses = o.type == "Gather" || o.type == "Split" || o.type == "Slice" ||
                       (o.type == "Flatten" && integer(o, "axis", 1) != 1);
  if (!t.open_batch() || !chooses || x.dims.front() != t.images()) return;
  Dims axes = o.type == "Slice" ? integers(o, "axes", {}) : Dims{integer(o, "axis", 0)};
  if (o.type == "Slice" && t.has(o, 3)) axes = t.fixed(o, 3).integers;
  const Dims starts = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "starts", {});
  const Dims ends = t.has(o, 2) ? t.fixed(o, 2).integers : integers(o, "ends", {});
  if (o.type == "Slice" && axes.empty()) axes = counting_axes(starts.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axis_in(o, axes[i], x.dims.size()) != 0) continue;
    const bool all = o.type == "Slice" && i < starts.size() && i < ends.size() && starts[i] == 0 &&
                     ends[i] >= t.images();
    if (!all) throw Unsupported(o, "cutting, choosing or joining images");
  }
}

}  // namespace

void move(Translation& t, const Operation& o) {
  Changing x = t.coded(o, 0);
  if (x.coded && o.type == "Pad") throw Unsupported(o, "a border around integers");
  require_all_images(t, o, x);
  if (o.type == "Pad" && has_fill(x) && x.fill != fill_of(t, o)) x = t.settled(x);
  const std::vector<Changing> all = all_moved(t, o, x);
  if (all.size() == 1 && flatten_map(t, o, x, all.front())) return;
  for (std::size_t i = 0; i < all.size(); ++i) t.result(o, i, all[i]);
}

Changing moved(const Translation& t, const Operation& o, const Changing& x) {
  return all_moved(t, o, x).front();
}

void add_moves(Handlers& handlers) {
  for (const char* type : {"Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Expand",
                           "Tile", "Split", "Gather", "DepthToSpace", "SpaceToDepth"})
    handlers[type] = move;
  handlers["Concat"] = concat;
  handlers["Shape"] = shape_of;
  handlers["Size"] = shape_of;
}

}  // namespace lightloom::nn::onnx
