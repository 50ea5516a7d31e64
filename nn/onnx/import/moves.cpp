#include <algorithm>
#include <map>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

/// No file may ask for more memory than a machine has.
constexpr std::int64_t most_elements = std::int64_t{1} << 27;

/// The elements of all images by number: 0 for a fill, else 1 + image * each + place.
Array numbers_of(const Changing& x, const std::vector<int>& places, std::int64_t images,
                 std::int64_t each) {
  Array numbers{.dims = x.dims, .type = ElementType::int64};
  for (std::int64_t image = 0; image < images; ++image)
    for (const int place : places)
      numbers.integers.push_back(place < 0 ? 0 : 1 + image * each + place);
  return numbers;
}

/// The places of the first image if every image has the same ones and holds only its own elements.
std::vector<int> places_in(const Operation& o, const Array& moved, std::int64_t images,
                           std::int64_t each) {
  if (moved.dims.empty() || moved.size() == 0 || moved.dims[0] % images != 0)
    throw Unsupported(o, "images that are not along the first axis");
  const std::size_t size = moved.integers.size() / static_cast<std::size_t>(images);
  std::vector<int> places(size);
  for (std::size_t i = 0; i < moved.integers.size(); ++i) {
    const std::int64_t number = moved.integers[i];
    const auto image = static_cast<std::int64_t>(i / size);
    const int place = number == 0 ? -1 : static_cast<int>(number - 1 - image * each);
    if (image == 0) places[i] = place;
    if (place != places[i % size] || place >= each || place < -1)
      throw Unsupported(o, "elements that change places between images");
  }
  return places;
}

/// The operation as one on integers: its fill becomes 0.
Operation on_numbers(const Operation& o) {
  Operation other = o;
  if (o.type == "Pad") other.attributes.erase("value");
  return other;
}

std::vector<Array> run_on(const Translation& t, const Operation& o, const Array& numbers) {
  std::vector<const Array*> inputs{&numbers};
  for (std::size_t i = 1; i < o.inputs.size(); ++i)
    inputs.push_back(t.has(o, i) && !(o.type == "Pad" && i == 2) ? &t.fixed(o, i) : nullptr);
  return evaluate(on_numbers(o), inputs, t.opset());
}

float fill_of(const Translation& t, const Operation& o) {
  if (o.type != "Pad") return 0;
  return t.has(o, 2) ? t.floats(o, 2, 1).front() : static_cast<float>(real(o, "value", 0));
}

std::vector<Changing> all_moved(const Translation& t, const Operation& o, Changing x) {
  const MapShape& stored = t.builder.shape(x.node);
  if (stored.size() * t.images() > most_elements) throw Unsupported(o, "a value of this size");
  if (o.type == "Pad") x.fill = fill_of(t, o);
  const Array numbers = numbers_of(x, t.places(x), t.images(), stored.size());
  std::vector<Changing> all;
  for (const Array& moved : run_on(t, o, numbers)) {
    std::vector<int> places = places_in(o, moved, t.images(), stored.size());
    x.dims = moved.dims;
    all.push_back(seen(x, std::move(places), stored, t.images()));
  }
  return all;
}

bool has_fill(const Changing& x) {
  return x.order != nullptr && std::find(x.order->begin(), x.order->end(), -1) != x.order->end();
}

/// Flattening a map is a node of its own: weights behind it are known by the map's order.
bool flatten_map(Translation& t, const Operation& o, const Changing& x, const Changing& to) {
  if (x.order != nullptr || x.dims.size() != 4 || x.dims[0] != t.images()) return false;
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
  if (axis != 1 && axis != -3) return false;
  std::vector<int> nodes;
  Changing out = parts.front();
  out.dims[1] = 0;
  for (const Changing& part : parts) {
    if (part.dims.size() != 4 || part.dims[0] != t.images() || part.order != nullptr ||
        t.builder.shape(part.node) != usual_shape(part.dims, t.images()))
      return false;
    nodes.push_back(part.node);
    out.dims[1] += part.dims[1];
  }
  out.node = t.builder.concat(nodes);
  t.result(o, out);
  return true;
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
  std::vector<Array> numbers;
  for (const Changing& part : parts) {
    std::vector<int> places = t.places(part);
    for (int& place : places) place += static_cast<int>(first[part.node]);
    numbers.push_back(numbers_of(part, places, t.images(), each));
  }
  if (each * t.images() > most_elements) throw Unsupported(o, "a value of this size");
  std::vector<const Array*> inputs;
  for (const Array& one : numbers) inputs.push_back(&one);
  const Array joined = evaluate(o, inputs, t.opset()).front();
  const std::vector<int> places = places_in(o, joined, t.images(), each);
  if (nodes.size() == 1) return t.result(o, t.at(nodes.front(), joined.dims, places));
  const MapShape shape = usual_shape(joined.dims, t.images());
  const std::vector<int> to = places_of({.dims = joined.dims}, shape, t.images());
  std::vector<int> from(places.size());
  for (std::size_t i = 0; i < from.size(); ++i) from[static_cast<std::size_t>(to[i])] = places[i];
  t.result(o, Changing{.node = t.builder.rearrange(nodes, shape, {.from = std::move(from)}),
                       .dims = joined.dims});
}

void shape_of(Translation& t, const Operation& o) {
  const std::vector<std::int64_t>& dims = t.viewed(o, 0).dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto place = [&](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const std::int64_t start = place(integer(o, "start", 0)), end = place(integer(o, "end", rank));
  if (end <= start) return t.result(o, integers_array({}));
  t.result(o, integers_array({dims.begin() + static_cast<std::ptrdiff_t>(start),
                              dims.begin() + static_cast<std::ptrdiff_t>(end)}));
}

}  // namespace

void move(Translation& t, const Operation& o) {
  Changing x = t.viewed(o, 0);
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
}

}  // namespace lightloom::nn::onnx
