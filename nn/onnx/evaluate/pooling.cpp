#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/evaluate/windows.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

/// What a pooling needs: the map as planes, and its windows.
struct Pool {
  const Array& x;
  Dims sides;
  Windows windows;
  Dims dims, places;  // of the output
  std::int64_t area, count, kernel, planes;

  Pool(const OperatorCall& call, Dims whole)
      : x(input(call, 0)),
        sides(map_sides(x)),
        windows(windows_of(call, sides, std::move(whole))),
        dims(output_dims()),
        places(window_places(windows, sides)),
        area(checked_size(sides)),
        count(windows.count()),
        kernel(windows.kernel_size()),
        planes(x.dims[0] * x.dims[1]) {
    grown_size(call, dims);
  }

  [[nodiscard]] Dims output_dims() const {
    Dims all{x.dims[0], x.dims[1]};
    all.insert(all.end(), windows.positions.begin(), windows.positions.end());
    return all;
  }
  [[nodiscard]] Array output(ElementType type) const { return zeros(dims, type); }
  [[nodiscard]] std::int64_t place(std::int64_t window, std::int64_t k) const {
    return places[static_cast<std::size_t>(window * kernel + k)];
  }
};

/// Number of a place in its map when columns are stored one after the other.
std::int64_t by_columns(std::int64_t place, const Dims& sides) {
  std::int64_t number = 0, stride = checked_size(sides);
  for (std::size_t a = sides.size(); a-- > 0;) {
    stride /= sides[a];
    number += place % sides[a] * stride;
    place /= sides[a];
  }
  return number;
}

std::vector<Array> max_pool(const OperatorCall& call) {
  const Pool pool(call, {});
  const bool columns = integer(call.operation, "storage_order", 0) != 0;
  Array out = pool.output(pool.x.type), indices = pool.output(ElementType::int64);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const std::int64_t plane = i / pool.count * pool.area;
    std::int64_t best = -1;
    for (std::int64_t k = 0; k < pool.kernel; ++k) {
      const std::int64_t at = pool.place(i % pool.count, k);
      if (at >= 0 && (best < 0 || value(pool.x, plane + at) > value(pool.x, plane + best))) {
        best = at;
      }
    }
    require(best >= 0, "a window of MaxPool that holds nothing but padding");
    const auto to = static_cast<std::size_t>(i), from = static_cast<std::size_t>(plane + best);
    indices.integers[to] = plane + (columns ? by_columns(best, pool.sides) : best);
    if (out.integer()) {
      out.integers[to] = pool.x.integers[from];
    } else {
      out.floats[to] = pool.x.floats[from];
    }
  }
  return {out, indices};
}

std::vector<Array> average(const OperatorCall& call, Dims whole) {
  float_input(call, 0);
  const Pool pool(call, std::move(whole));
  const bool padded = integer(call.operation, "count_include_pad", 0) != 0;
  Array out = pool.output(pool.x.type);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    std::int64_t members = 0;
    for (std::int64_t k = 0; k < pool.kernel; ++k) {
      const std::int64_t at = pool.place(i % pool.count, k);
      if (at >= 0) sum += value(pool.x, i / pool.count * pool.area + at);
      if (at >= 0 || (padded && at == padding_place)) ++members;
    }
    out.floats[static_cast<std::size_t>(i)] = rounded(sum / static_cast<double>(members), out.type);
  }
  return {out};
}

std::vector<Array> norm(const OperatorCall& call, Dims whole) {
  float_input(call, 0);
  const Pool pool(call, std::move(whole));
  const double p = static_cast<double>(integer(call.operation, "p", 2));
  Array out = pool.output(pool.x.type);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    for (std::int64_t k = 0; k < pool.kernel; ++k) {
      const std::int64_t at = pool.place(i % pool.count, k);
      if (at >= 0) sum += std::pow(std::abs(value(pool.x, i / pool.count * pool.area + at)), p);
    }
    out.floats[static_cast<std::size_t>(i)] = rounded(std::pow(sum, 1 / p), out.type);
  }
  return {out};
}

std::vector<Array> average_pool(const OperatorCall& call) { return average(call, {}); }
std::vector<Array> norm_pool(const OperatorCall& call) { return norm(call, {}); }
std::vector<Array> global_average(const OperatorCall& call) {
  return average(call, map_sides(input(call, 0)));
}
std::vector<Array> global_norm(const OperatorCall& call) {
  return norm(call, map_sides(input(call, 0)));
}

std::vector<Array> global_max(const OperatorCall& call) {
  Operation whole = call.operation;
  whole.attributes["kernel_shape"].integers = map_sides(input(call, 0));
  return {max_pool({whole, call.inputs, call.opset}).front()};
}

}  // namespace

void add_pooling(OperatorTable& table) {
  table["MaxPool"] = max_pool;
  table["AveragePool"] = average_pool;
  table["LpPool"] = norm_pool;
  table["GlobalMaxPool"] = global_max;
  table["GlobalAveragePool"] = global_average;
  table["GlobalLpPool"] = global_norm;
}

}  // namespace lightloom::nn::onnx
