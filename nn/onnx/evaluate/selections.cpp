#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "nn/onnx/evaluate/lines.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Numbers of the elements of a line in order of preference; equal ones in order of place.
Dims ordered(const Array& x, const Lines& lines, std::int64_t line, bool largest) {
  Dims order(static_cast<std::size_t>(lines.count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const double left = value(x, lines.at(line, a)), right = value(x, lines.at(line, b));
    return largest ? left > right : left < right;
  });
  return order;
}

std::vector<Array> best_place(const OperatorCall& call, bool largest) {
  const Array& x = input(call, 0);
  const std::size_t axis = axis_of(call, 0, x.dims.size());
  const Lines lines(x.dims, axis);
  require(lines.count > 0, "{} of nothing", call.operation.type);
  const bool last = integer(call.operation, "select_last_index", 0) != 0;
  Dims dims = x.dims;
  dims[axis] = 1;
  Array out = zeros(dims, ElementType::int64);
  for (std::int64_t line = 0; line < lines.lines(); ++line) {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < lines.count; ++k) {
      const double now = value(x, lines.at(line, best)), next = value(x, lines.at(line, k));
      if (largest ? next > now : next < now) best = k;
      if (last && next == now) best = k;
    }
    out.integers[static_cast<std::size_t>(line)] = best;
  }
  if (integer(call.operation, "keepdims", 1) == 0) {
    out.dims.erase(out.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return {out};
}

std::vector<Array> arg_max(const OperatorCall& call) { return best_place(call, true); }
std::vector<Array> arg_min(const OperatorCall& call) { return best_place(call, false); }

std::vector<Array> top_k(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const std::size_t axis = axis_of(call, -1, x.dims.size());
  const Lines lines(x.dims, axis);
  const std::int64_t k = has(call, 1) ? std::lround(value(integer_input(call, 1), 0))
                                      : integer(call.operation, "k", 1);
  require(k >= 0 && k <= lines.count, "TopK of {} among {}", k, lines.count);
  const bool largest = integer(call.operation, "largest", 1) != 0;
  Dims dims = x.dims;
  dims[axis] = k;
  const Lines chosen(dims, axis);
  Array places = zeros(dims, ElementType::int64);
  Dims from(places.integers.size());
  for (std::int64_t line = 0; line < lines.lines() && k > 0; ++line) {
    const Dims order = ordered(x, lines, line, largest);
    for (std::int64_t i = 0; i < k; ++i) {
      const auto at = static_cast<std::size_t>(chosen.at(line, i));
      places.integers[at] = order[static_cast<std::size_t>(i)];
      from[at] = lines.at(line, places.integers[at]);
    }
  }
  return {taken(x, dims, from), places};
}

/// Before opset 13 softmax and its kin see a matrix, cut at the axis.
Lines softmax_lines(const OperatorCall& call, const Dims& dims) {
  if (call.opset >= 13) return {dims, axis_of(call, -1, dims.size())};
  const auto given = integer(call.operation, "axis", 1);
  const std::size_t axis =
      given == static_cast<std::int64_t>(dims.size()) ? dims.size() : axis_of(given, dims.size());
  Lines lines({}, 0);
  for (std::size_t a = 0; a < dims.size(); ++a) (a < axis ? lines.outer : lines.count) *= dims[a];
  return lines;
}

enum class Soft { softmax, log_softmax, hardmax };

void soften(Array& x, const Lines& lines, std::int64_t line, Soft kind) {
  const auto at = [&](std::int64_t k) { return static_cast<std::size_t>(lines.at(line, k)); };
  std::int64_t best = 0;
  for (std::int64_t k = 1; k < lines.count; ++k) {
    if (x.floats[at(k)] > x.floats[at(best)]) best = k;
  }
  const double top = x.floats[at(best)];
  double sum = 0;
  for (std::int64_t k = 0; k < lines.count; ++k) sum += std::exp(x.floats[at(k)] - top);
  for (std::int64_t k = 0; k < lines.count; ++k) {
    const double shifted = x.floats[at(k)] - top;
    const double found = kind == Soft::softmax       ? std::exp(shifted) / sum
                         : kind == Soft::log_softmax ? shifted - std::log(sum)
                                                     : (k == best ? 1 : 0);
    x.floats[at(k)] = rounded(found, x.type);
  }
}

template <Soft Kind>
std::vector<Array> softened(const OperatorCall& call) {
  Array x = float_input(call, 0);
  const Lines lines = softmax_lines(call, x.dims);
  for (std::int64_t line = 0; line < lines.lines() && lines.count > 0; ++line) {
    soften(x, lines, line, Kind);
  }
  return {x};
}

std::vector<Array> cumulative_sum(const OperatorCall& call) {
  const Array& x = input(call, 0);
  const auto place = std::lround(value(integer_input(call, 1), 0));
  const Lines lines(x.dims, axis_of(place, x.dims.size()));
  const bool exclusive = integer(call.operation, "exclusive", 0) != 0;
  const bool reverse = integer(call.operation, "reverse", 0) != 0;
  Array out = zeros(x.dims, x.type);
  for (std::int64_t line = 0; line < lines.lines(); ++line) {
    double sum = 0;
    for (std::int64_t k = 0; k < lines.count; ++k) {
      const std::int64_t at = lines.at(line, reverse ? lines.count - 1 - k : k);
      const double before = sum;
      sum += value(x, at);
      const double found = exclusive ? before : sum;
      if (out.integer()) {
        out.integers[static_cast<std::size_t>(at)] = whole(found, out.type);
      } else {
        out.floats[static_cast<std::size_t>(at)] = rounded(found, out.type);
      }
    }
  }
  return {out};
}

}  // namespace

void add_selections(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"ArgMax", arg_max},
      {"ArgMin", arg_min},
      {"TopK", top_k},
      {"Softmax", softened<Soft::softmax>},
      {"LogSoftmax", softened<Soft::log_softmax>},
      {"Hardmax", softened<Soft::hardmax>},
      {"CumSum", cumulative_sum},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
