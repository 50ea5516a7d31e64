#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

using Values = std::span<const double>;
using Reduction = double (*)(Values);

/// Which axes vanish: named ones, or all, or none where the operator says so.
std::vector<bool> reduced_axes(const OperatorCall& call, std::size_t rank) {
  const Dims axes = axes_of(call, 1);
  const bool none = axes.empty() && integer(call.operation, "noop_with_empty_axes", 0) != 0;
  std::vector<bool> reduced(rank, axes.empty() && !none);
  for (const std::int64_t axis : axes) reduced[axis_of(axis, rank)] = true;
  return reduced;
}

/// The values behind every element of the result. Sums of integers are exact up to 2^53.
std::vector<std::vector<double>> gathered(const Array& x, const std::vector<bool>& reduced,
                                          const Dims& kept) {
  std::vector<std::vector<double>> groups(static_cast<std::size_t>(checked_size(kept)));
  const Dims strides = strides_of(kept);
  Dims index(x.dims.size());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t at = 0;
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      if (!reduced[axis]) at += index[axis] * strides[axis];
    }
    groups[static_cast<std::size_t>(at)].push_back(value(x, i));
    advance(index, x.dims);
  }
  return groups;
}

std::vector<Array> reduce(const OperatorCall& call, Reduction f) {
  const Array& x = input(call, 0);
  const std::vector<bool> reduced = reduced_axes(call, x.dims.size());
  Dims kept = x.dims, squeezed;
  for (std::size_t axis = 0; axis < kept.size(); ++axis) {
    if (reduced[axis]) kept[axis] = 1;
    if (!reduced[axis]) squeezed.push_back(kept[axis]);
  }
  // Of nothing come as many numbers as the other axes say.
  if (x.size() == 0 && checked_size(kept) > 1 << 20) throw TooLarge("so many numbers of nothing");
  Array out = zeros(kept, x.type);
  support(call, exact_in_double(x), "integers past 2^53");
  const auto groups = gathered(x, reduced, kept);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const double found = f(groups[i]);
    if (!out.integer()) {
      out.floats[i] = rounded(found, out.type);
    } else {
      const bool fits = std::abs(found) < 9e18;
      out.integers[i] = fits        ? wrapped(static_cast<std::int64_t>(found), out.type)
                        : found < 0 ? lowest(out.type)
                                    : highest(out.type);
    }
  }
  if (integer(call.operation, "keepdims", 1) == 0) out.dims = squeezed;
  return {out};
}

double sum(Values x) { return std::accumulate(x.begin(), x.end(), 0.0); }
double mean(Values x) { return sum(x) / static_cast<double>(x.size()); }
double product(Values x) { return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>()); }
double largest(Values x) { return x.empty() ? -INFINITY : *std::max_element(x.begin(), x.end()); }
double smallest(Values x) { return x.empty() ? INFINITY : *std::min_element(x.begin(), x.end()); }
double sum_of_squares(Values x) { return std::inner_product(x.begin(), x.end(), x.begin(), 0.0); }
double norm_1(Values x) {
  return std::accumulate(x.begin(), x.end(), 0.0,
                         [](double s, double v) { return s + std::abs(v); });
}
double norm_2(Values x) { return std::sqrt(sum_of_squares(x)); }
double log_sum(Values x) { return std::log(sum(x)); }
double log_sum_exp(Values x) {
  const double top = largest(x);
  if (!std::isfinite(top)) return top;
  double total = 0;
  for (const double one : x) total += std::exp(one - top);
  return top + std::log(total);
}

template <Reduction F>
std::vector<Array> reduced(const OperatorCall& call) {
  return reduce(call, F);
}

}  // namespace

void add_reductions(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"ReduceSum", reduced<sum>},        {"ReduceMean", reduced<mean>},
      {"ReduceProd", reduced<product>},   {"ReduceMax", reduced<largest>},
      {"ReduceMin", reduced<smallest>},   {"ReduceSumSquare", reduced<sum_of_squares>},
      {"ReduceL1", reduced<norm_1>},      {"ReduceL2", reduced<norm_2>},
      {"ReduceLogSum", reduced<log_sum>}, {"ReduceLogSumExp", reduced<log_sum_exp>},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
