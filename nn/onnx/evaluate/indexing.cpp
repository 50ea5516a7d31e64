#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "nn/onnx/evaluate/lines.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Start, step and number of the elements that a slice takes of one axis.
struct Range {
  std::int64_t start = 0, step = 1, count = 0;
};

Range range_of(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t side) {
  require(step != 0, "Slice with a step of zero");
  const auto bound = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
    return std::clamp(at < 0 && at >= -side ? at + side : at, low, high);
  };
  const std::int64_t low = step < 0 ? -1 : 0, high = step < 0 ? side - 1 : side;
  if (side == 0) return {0, step, 0};
  start = bound(start, 0, high);
  // An end below the first element stays below it.
  end = end < -side ? low : bound(end, low, high);
  const std::int64_t away = step > 0 ? end - start : start - end;
  const std::int64_t stride = std::abs(step < -side ? -side : std::min(step, side));
  return {start, step, away <= 0 ? 0 : (away + stride - 1) / stride};
}

/// An input since opset 10, an attribute before.
Dims numbers(const OperatorCall& call, std::size_t number, const char* key) {
  if (has(call, number)) return integer_input(call, number).integers;
  return integers(call.operation, key, {});
}

std::vector<Array> slice(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const Dims starts = numbers(call, 1, "starts"), ends = numbers(call, 2, "ends");
  Dims axes = numbers(call, 3, "axes"), steps = numbers(call, 4, "steps");
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  require(starts.size() == ends.size() && axes.size() == ends.size() && steps.size() == ends.size(),
          "Slice names different numbers of starts, ends, axes and steps");
  std::vector<Range> ranges;
  for (const std::int64_t side : x.dims) ranges.push_back({0, 1, side});
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], x.dims.size());
    ranges[axis] = range_of(starts[i], ends[i], steps[i], x.dims[axis]);
  }
  Dims dims;
  for (const Range& range : ranges) dims.push_back(range.count);
  const Dims strides = strides_of(x.dims);
  Dims from(static_cast<std::size_t>(checked_size(dims))), index(dims.size());
  for (std::int64_t& at : from) {
    for (std::size_t a = 0; a < dims.size(); ++a) {
      at += (ranges[a].start + index[a] * ranges[a].step) * strides[a];
    }
    advance(index, dims);
  }
  return {taken(x, dims, from)};
}

/// Where a padded position comes from along one axis; -1 for the constant.
std::int64_t padded_from(std::int64_t at, std::int64_t side, const std::string& mode) {
  if (at >= 0 && at < side) return at;
  if (mode == "constant" || side == 0) return -1;
  if (mode == "edge") return std::clamp<std::int64_t>(at, 0, side - 1);
  const auto modulo = [](std::int64_t a, std::int64_t b) { return (a % b + b) % b; };
  if (mode == "wrap") return modulo(at, side);
  if (side == 1) return 0;
  const std::int64_t back = modulo(at, 2 * side - 2);
  return back < side ? back : 2 * side - 2 - back;
}

std::vector<Array> pad(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const std::string mode = text(call.operation, "mode", "constant");
  support(call, mode == "constant" || mode == "edge" || mode == "reflect" || mode == "wrap",
          "this padding mode");
  const Dims pads = bounded("pads", numbers(call, 1, "pads"));
  const double fill = has(call, 2) ? value(input(call, 2), 0) : real(call.operation, "value", 0);
  Dims axes = has(call, 3) ? integer_input(call, 3).integers : Dims{};
  if (!has(call, 3)) {
    axes.resize(x.dims.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  require(pads.size() == 2 * axes.size(), "Pad names {} pads for {} axes", pads.size(),
          axes.size());
  Dims dims = x.dims, before(dims.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], dims.size());
    before[axis] = pads[i];
    dims[axis] += pads[i] + pads[i + axes.size()];
  }
  const Dims strides = strides_of(x.dims);
  Dims from(static_cast<std::size_t>(grown_size(call, dims))), index(dims.size());
  for (std::int64_t& at : from) {
    for (std::size_t a = 0; a < dims.size() && at >= 0; ++a) {
      const std::int64_t place = padded_from(index[a] - before[a], x.dims[a], mode);
      at = place < 0 ? -1 : at + place * strides[a];
    }
    advance(index, dims);
  }
  return {taken(x, dims, from, fill)};
}

std::int64_t wrapped_index(std::int64_t at, std::int64_t side) {
  require(at >= -side && at < side, "index {} is outside of {} elements", at, side);
  return at < 0 ? at + side : at;
}

std::vector<Array> gather(const OperatorCall& call) {
  const Array &x = input(call, 0), &indices = integer_input(call, 1);
  const std::size_t axis = axis_of(call, 0, x.dims.size());
  const Lines lines(x.dims, axis);
  Dims dims(x.dims.begin(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.dims.end());
  Dims from;
  from.reserve(static_cast<std::size_t>(grown_size(call, dims)));
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    for (const std::int64_t at : indices.integers) {
      const std::int64_t row = o * lines.count + wrapped_index(at, lines.count);
      for (std::int64_t i = 0; i < lines.inner; ++i) from.push_back(row * lines.inner + i);
    }
  }
  return {taken(x, dims, from)};
}

/// Places in `x` that `indices`, of the same rank, point to along `axis`.
Dims element_places(const Array& x, const Array& indices, std::size_t axis) {
  require(x.dims.size() == indices.dims.size(), "indices of another rank");
  const Dims strides = strides_of(x.dims);
  Dims from(indices.integers.size()), index(indices.dims.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    for (std::size_t a = 0; a < index.size(); ++a) {
      const std::int64_t at = wrapped_index(a == axis ? indices.integers[i] : index[a], x.dims[a]);
      from[i] += at * strides[a];
    }
    advance(index, indices.dims);
  }
  return from;
}

std::vector<Array> gather_elements(const OperatorCall& call) {
  const Array &x = input(call, 0), &indices = integer_input(call, 1);
  const std::size_t axis = axis_of(call, 0, x.dims.size());
  return {taken(x, indices.dims, element_places(x, indices, axis))};
}

/// First places of the slices that the last axis of `indices` points to, after `batch` axes.
Dims slice_places(const Array& x, const Array& indices, std::size_t batch, std::int64_t& slice) {
  require(!indices.dims.empty() && indices.dims.back() >= 0, "indices without an axis");
  const auto depth = static_cast<std::size_t>(indices.dims.back());
  require(batch + depth <= x.dims.size(), "indices deeper than the data");
  const Dims strides = strides_of(x.dims);
  slice = 1;
  for (std::size_t a = batch + depth; a < x.dims.size(); ++a) slice *= x.dims[a];
  const Dims outer(indices.dims.begin(), indices.dims.end() - 1);
  Dims places(static_cast<std::size_t>(checked_size(outer))), index(outer.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t a = 0; a < batch; ++a)
      places[i] += wrapped_index(index[a], x.dims[a]) * strides[a];
    for (std::size_t d = 0; d < depth; ++d) {
      const std::int64_t at = indices.integers[i * depth + d];
      places[i] += wrapped_index(at, x.dims[batch + d]) * strides[batch + d];
    }
    advance(index, outer);
  }
  return places;
}

std::vector<Array> gather_nd(const OperatorCall& call) {
  const Array &x = input(call, 0), &indices = integer_input(call, 1);
  const auto batch = static_cast<std::size_t>(
      std::clamp<std::int64_t>(integer(call.operation, "batch_dims", 0), 0, 64));
  require(batch < indices.dims.size() && batch <= x.dims.size(), "too many batch axes");
  std::int64_t slice = 1;
  const Dims places = slice_places(x, indices, batch, slice);
  Dims dims(indices.dims.begin(), indices.dims.end() - 1), from;
  const auto used = static_cast<std::ptrdiff_t>(batch) + indices.dims.back();
  dims.insert(dims.end(), x.dims.begin() + used, x.dims.end());
  from.reserve(static_cast<std::size_t>(grown_size(call, dims)));
  for (const std::int64_t first : places) {
    for (std::int64_t i = 0; i < slice; ++i) from.push_back(first + i);
  }
  return {taken(x, dims, from)};
}

/// Element `number` of an array.
struct Update {
  const Array& array;
  std::int64_t number;
};

/// Puts an update on its place: alone, or combined with what is there.
void put(const OperatorCall& call, Array& x, std::int64_t to, const Update& of) {
  const std::string how = text(call.operation, "reduction", "none");
  const double now = value(x, to), update = value(of.array, of.number);
  const double found = how == "none"  ? update
                       : how == "add" ? now + update
                       : how == "mul" ? now * update
                       : how == "max" ? std::max(now, update)
                                      : std::min(now, update);
  if (x.integer()) {
    x.integers[static_cast<std::size_t>(to)] = whole(found, x.type);
  } else {
    x.floats[static_cast<std::size_t>(to)] = rounded(found, x.type);
  }
}

std::vector<Array> scatter_elements(const OperatorCall& call) {
  Array x = input(call, 0);
  const Array &indices = integer_input(call, 1), &updates = input(call, 2);
  require(updates.dims == indices.dims, "updates of another shape than the indices");
  const Dims places = element_places(x, indices, axis_of(call, 0, x.dims.size()));
  for (std::size_t i = 0; i < places.size(); ++i) {
    put(call, x, places[i], {updates, static_cast<std::int64_t>(i)});
  }
  return {x};
}

std::vector<Array> scatter_nd(const OperatorCall& call) {
  Array x = input(call, 0);
  const Array &indices = integer_input(call, 1), &updates = input(call, 2);
  std::int64_t slice = 1;
  const Dims places = slice_places(x, indices, 0, slice);
  require(updates.size() == static_cast<std::int64_t>(places.size()) * slice,
          "updates of another shape than the indices");
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::int64_t k = 0; k < slice; ++k) {
      put(call, x, places[i] + k, {updates, static_cast<std::int64_t>(i) * slice + k});
    }
  }
  return {x};
}

std::vector<Array> one_hot(const OperatorCall& call) {
  const Array &indices = input(call, 0), &values = input(call, 2);
  const std::int64_t depth = std::lround(value(input(call, 1), 0));
  require(values.size() == 2 && depth >= 0, "OneHot needs two values and a depth");
  const std::size_t axis = axis_of(call, -1, indices.dims.size() + 1);
  Dims dims = indices.dims;
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  Dims from(static_cast<std::size_t>(grown_size(call, dims)), 0);
  const Lines lines(dims, axis);
  for (std::int64_t line = 0; line < lines.lines(); ++line) {
    const std::int64_t at = std::lround(value(indices, line));
    if (at < -depth || at >= depth) continue;
    from[static_cast<std::size_t>(lines.at(line, at < 0 ? at + depth : at))] = 1;
  }
  return {taken(values, dims, from)};
}

/// Keeps one triangle of every matrix.
std::vector<Array> triangle(const OperatorCall& call) {
  const Array& x = input(call, 0);
  require(x.dims.size() >= 2, "Trilu of something that is no matrix");
  const std::int64_t k = has(call, 1) ? std::lround(value(integer_input(call, 1), 0)) : 0;
  const bool upper = integer(call.operation, "upper", 1) != 0;
  const std::int64_t rows = x.dims[x.dims.size() - 2], columns = x.dims.back();
  Dims from(static_cast<std::size_t>(x.size()));
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t right = at % columns - at / columns % rows;
    from[i] = (upper ? right >= k : right <= k) ? at : -1;
  }
  return {taken(x, x.dims, from)};
}

std::vector<Array> non_zero(const OperatorCall& call) {
  const Array& x = input(call, 0);
  std::vector<Dims> found;
  Dims index(x.dims.size());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (value(x, i) != 0) found.push_back(index);
    advance(index, x.dims);
  }
  Array out =
      zeros({static_cast<std::int64_t>(index.size()), static_cast<std::int64_t>(found.size())},
            ElementType::int64);
  for (std::size_t a = 0; a < index.size(); ++a) {
    for (std::size_t i = 0; i < found.size(); ++i) out.integers[a * found.size() + i] = found[i][a];
  }
  return {out};
}

}  // namespace

void add_indexing(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"Slice", slice},
      {"Pad", pad},
      {"Gather", gather},
      {"GatherElements", gather_elements},
      {"GatherND", gather_nd},
      {"Scatter", scatter_elements},
      {"ScatterElements", scatter_elements},
      {"ScatterND", scatter_nd},
      {"OneHot", one_hot},
      {"Trilu", triangle},
      {"NonZero", non_zero},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
