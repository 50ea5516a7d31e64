#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "nn/onnx/evaluate/lines.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

std::vector<Array> reshape(const OperatorCall& call) {
  const Array& x = input(call, 0);
  Dims to = has(call, 1) ? integer_input(call, 1).integers : integers(call.operation, "shape", {});
  const bool zero = integer(call.operation, "allowzero", 0) != 0;
  std::int64_t known = 1, open = 0;
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    if (to[axis] == 0 && !zero) {
      require(axis < x.dims.size(), "Reshape copies a side that is not there");
      to[axis] = x.dims[axis];
    }
    require(to[axis] >= -1 && to[axis] < std::int64_t{1} << 31, "an impossible side");
    open += to[axis] == -1 ? 1 : 0;
    if (to[axis] >= 0) known = checked_size({known, to[axis]});
  }
  require(open <= 1, "Reshape with two open sides");
  for (std::int64_t& side : to) {
    if (side == -1) side = known > 0 ? x.size() / known : 0;
  }
  return {reshaped(x, to)};
}

std::vector<Array> flatten(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const std::int64_t given = integer(call.operation, "axis", 1);
  const std::size_t rank = x.dims.size();
  const std::size_t axis = given == static_cast<std::int64_t>(rank) ? rank : axis_of(given, rank);
  Dims to{1, 1};
  for (std::size_t a = 0; a < rank; ++a) to[a < axis ? 0 : 1] *= x.dims[a];
  return {reshaped(x, to)};
}

std::vector<Array> squeeze(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const Dims axes = axes_of(call, 1);
  std::vector<bool> gone(x.dims.size());
  for (std::size_t a = 0; a < gone.size(); ++a) gone[a] = axes.empty() && x.dims[a] == 1;
  for (const std::int64_t axis : axes) gone[axis_of(axis, x.dims.size())] = true;
  Dims to;
  for (std::size_t a = 0; a < gone.size(); ++a) {
    require(!gone[a] || x.dims[a] == 1, "Squeeze of an axis of {}", x.dims[a]);
    if (!gone[a]) to.push_back(x.dims[a]);
  }
  return {reshaped(x, to)};
}

std::vector<Array> unsqueeze(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const Dims axes = axes_of(call, 1);
  const std::size_t rank = x.dims.size() + axes.size();
  std::vector<bool> added(rank);
  for (const std::int64_t axis : axes) added[axis_of(axis, rank)] = true;
  require(std::count(added.begin(), added.end(), true) == static_cast<std::ptrdiff_t>(axes.size()),
          "Unsqueeze names an axis twice");
  Dims to;
  for (std::size_t a = 0, from = 0; a < rank; ++a) to.push_back(added[a] ? 1 : x.dims[from++]);
  return {reshaped(x, to)};
}

std::vector<Array> transpose(const OperatorCall& call) {
  const Array& x = input(call, 0);
  Dims order = integers(call.operation, "perm", {});
  if (order.empty()) {
    order.resize(x.dims.size());
    std::iota(order.rbegin(), order.rend(), 0);
  }
  Dims all(x.dims.size()), sorted = order;
  std::iota(all.begin(), all.end(), 0);
  std::sort(sorted.begin(), sorted.end());
  require(sorted == all, "Transpose does not name every axis once");
  const Dims strides = strides_of(x.dims);
  Dims dims, steps;
  for (const std::int64_t axis : order) {
    dims.push_back(x.dims[static_cast<std::size_t>(axis)]);
    steps.push_back(strides[static_cast<std::size_t>(axis)]);
  }
  Dims from(static_cast<std::size_t>(checked_size(dims))), index(dims.size());
  for (std::int64_t& at : from) {
    at = std::inner_product(index.begin(), index.end(), steps.begin(), std::int64_t{0});
    advance(index, dims);
  }
  return {taken(x, dims, from)};
}

std::vector<Array> expand(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const Dims to = broadcast(x.dims, integer_input(call, 1).integers);
  grown_size(call, to);
  return {broadcast_to(x, to)};
}

void append(const Array& part, std::int64_t first, std::int64_t count, Array& out) {
  const auto add = [&](const auto& from, auto& to) {
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first);
    to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
  };
  if (part.integer()) {
    add(part.integers, out.integers);
  } else {
    add(part.floats, out.floats);
  }
}

std::vector<Array> concat(const OperatorCall& call) {
  const Array& first = input(call, 0);
  const std::size_t axis = axis_of(call, 1, first.dims.size());
  Array out{.dims = first.dims, .type = first.type};
  out.dims[axis] = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    Dims dims = input(call, i).dims;
    require(dims.size() == out.dims.size() && input(call, i).type == out.type,
            "Concat joins arrays of different rank or type");
    out.dims[axis] += dims[axis];
    dims[axis] = out.dims[axis];
    require(dims == out.dims, "Concat joins arrays of different sides");
    checked_size(out.dims);
  }
  const Lines lines(out.dims, axis);
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      const Array& part = input(call, i);
      const std::int64_t row = part.dims[axis] * lines.inner;
      append(part, o * row, row, out);
    }
  }
  return {out};
}

/// Sides from an input, an attribute, or equal ones with a smaller last one.
Dims split_sides(const OperatorCall& call, std::int64_t side) {
  if (has(call, 1)) return integer_input(call, 1).integers;
  Dims given = integers(call.operation, "split", {});
  if (!given.empty()) return given;
  const auto parts = integer(call.operation, "num_outputs",
                             static_cast<std::int64_t>(call.operation.outputs.size()));
  require(parts > 0 && parts <= 1 << 16, "Split into {} parts", parts);
  const std::int64_t each = (side + parts - 1) / parts;
  Dims sides(static_cast<std::size_t>(parts), each);
  sides.back() = side - each * (parts - 1);
  return sides;
}

std::vector<Array> split(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const std::size_t axis = axis_of(call, 0, x.dims.size());
  const Dims sides = split_sides(call, x.dims[axis]);
  for (const std::int64_t side : sides)
    require(side >= 0 && side <= x.dims[axis], "Split of {} into a part of {}", x.dims[axis], side);
  require(std::accumulate(sides.begin(), sides.end(), std::int64_t{0}) == x.dims[axis],
          "the parts of Split do not add up");
  const Lines lines(x.dims, axis);
  std::vector<Array> parts;
  std::int64_t first = 0;
  for (const std::int64_t side : sides) {
    Array part{.dims = x.dims, .type = x.type};
    part.dims[axis] = side;
    for (std::int64_t o = 0; o < lines.outer; ++o) {
      append(x, (o * lines.count + first) * lines.inner, side * lines.inner, part);
    }
    first += side;
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<Array> tile(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const Dims& times = integer_input(call, 1).integers;
  require(times.size() == x.dims.size(), "Tile repeats {} of {} axes", times.size(), x.dims.size());
  Dims dims = x.dims;
  for (std::size_t a = 0; a < dims.size(); ++a) {
    dims[a] = checked_size({dims[a], times[a]});
  }
  const Dims strides = strides_of(x.dims);
  Dims from(static_cast<std::size_t>(grown_size(call, dims))), index(dims.size());
  for (std::int64_t& at : from) {
    for (std::size_t a = 0; a < dims.size(); ++a) at += index[a] % x.dims[a] * strides[a];
    advance(index, dims);
  }
  return {taken(x, dims, from)};
}

/// Moves between depth and blocks of space by two reshapes and a transposition.
std::vector<Array> move_blocks(const OperatorCall& call, bool to_space) {
  const Array& x = input(call, 0);
  const std::int64_t b = integer(call.operation, "blocksize", 1);
  require(x.dims.size() == 4, "{} needs a map", call.operation.type);
  require(b > 0 && b <= 1 << 14, "{} of blocks of {}", call.operation.type, b);
  const std::int64_t n = x.dims[0], c = x.dims[1], h = x.dims[2], w = x.dims[3];
  const bool crd = text(call.operation, "mode", "DCR") == "CRD";
  Operation turn{.type = "Transpose", .name = call.operation.name};
  Dims six, to;
  if (to_space) {
    require(c % (b * b) == 0, "channels that no block divides");
    six = crd ? Dims{n, c / b / b, b, b, h, w} : Dims{n, b, b, c / b / b, h, w};
    turn.attributes["perm"].integers = crd ? Dims{0, 1, 4, 2, 5, 3} : Dims{0, 3, 4, 1, 5, 2};
    to = {n, c / b / b, h * b, w * b};
  } else {
    require(h % b == 0 && w % b == 0, "a map that no block divides");
    six = {n, c, h / b, b, w / b, b};
    turn.attributes["perm"].integers = {0, 3, 5, 1, 2, 4};
    to = {n, c * b * b, h / b, w / b};
  }
  const Array cut = reshaped(x, six);
  return {reshaped(transpose({turn, {&cut}, call.opset}).front(), to)};
}

std::vector<Array> depth_to_space(const OperatorCall& call) { return move_blocks(call, true); }
std::vector<Array> space_to_depth(const OperatorCall& call) { return move_blocks(call, false); }

std::vector<Array> identity(const OperatorCall& call) { return {input(call, 0)}; }

/// Inference: everything passes. A mask of ones where it is asked for.
std::vector<Array> dropout(const OperatorCall& call) {
  const bool training = has(call, 2) && value(integer_input(call, 2), 0) != 0;
  const double rate = has(call, 1) ? value(input(call, 1), 0) : 0.5;
  support(call, !training || rate == 0, "dropping at random");
  const Array& x = input(call, 0);
  Array mask = zeros(x.dims, call.opset < 10 ? x.type : ElementType::boolean);
  std::fill(mask.integers.begin(), mask.integers.end(), 1);
  std::fill(mask.floats.begin(), mask.floats.end(), 1.0f);
  return {x, mask};
}

}  // namespace

void add_layout(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"Reshape", reshape},     {"Flatten", flatten},
      {"Squeeze", squeeze},     {"Unsqueeze", unsqueeze},
      {"Transpose", transpose}, {"Expand", expand},
      {"Concat", concat},       {"Split", split},
      {"Tile", tile},           {"DepthToSpace", depth_to_space},
      {"Identity", identity},   {"SpaceToDepth", space_to_depth},
      {"Dropout", dropout},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
