#include <algorithm>

#include "core/error.hpp"
#include "nn/onnx/evaluate/products.hpp"
#include "nn/onnx/evaluate/windows.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

/// The sizes of one grouped convolution.
struct Groups {
  std::int64_t images, groups, in, out;  // channels per group
};

void set(Array& array, std::int64_t at, double number) {
  if (array.integer()) {
    array.integers[static_cast<std::size_t>(at)] = whole(number, array.type);
  } else {
    array.floats[static_cast<std::size_t>(at)] = rounded(number, array.type);
  }
}

double bias_of(const OperatorCall& call, std::size_t number, std::int64_t channel) {
  return has(call, number) ? value(input(call, number), channel) : 0;
}

Dims joined(std::int64_t images, std::int64_t channels, const Dims& sides) {
  Dims dims{images, channels};
  dims.insert(dims.end(), sides.begin(), sides.end());
  return dims;
}

/// Whether there are as many channels as groups.
bool fits(std::int64_t groups, const Array& map) {
  return groups >= 1 && groups <= std::max<std::int64_t>(1, map.dims[1]);
}

/// y[n, m, p] = bias[m] + sum over c, k of w[m, c, k] x[n, c, place(p, k)].
Array convolved(const OperatorCall& call, const Array& x, const Array& w, std::size_t bias) {
  const Dims sides = map_sides(x);
  require(w.dims.size() == x.dims.size(), "a weight of another rank than the map");
  const Windows windows = windows_of(call, sides, map_sides(w));
  const std::int64_t groups = integer(call.operation, "group", 1);
  require(fits(groups, x) && w.dims[1] * groups == x.dims[1] && w.dims[0] % groups == 0,
          "a weight that does not fit the map");
  const Groups g{x.dims[0], groups, w.dims[1], w.dims[0] / groups};
  const Dims places = window_places(windows, sides);
  const Dims dims = joined(g.images, w.dims[0], windows.positions);
  grown_size(call, dims);
  Array y = zeros(dims, x.type);
  const std::int64_t count = windows.count(), kernel = windows.kernel_size();
  const std::int64_t area = checked_size(sides);
  require_work(checked_size({y.size()}) * g.in * kernel);
  for (std::int64_t nm = 0; nm < g.images * g.groups * g.out; ++nm) {
    const std::int64_t m = nm % (g.groups * g.out), n = nm / (g.groups * g.out);
    const std::int64_t first = n * x.dims[1] + m / g.out * g.in;  // channel of the first image row
    for (std::int64_t p = 0; p < count; ++p) {
      double sum = bias_of(call, bias, m);
      for (std::int64_t ck = 0; ck < g.in * kernel; ++ck) {
        const std::int64_t place = places[static_cast<std::size_t>(p * kernel + ck % kernel)];
        if (place < 0) continue;
        sum += value(w, m * g.in * kernel + ck) * value(x, (first + ck / kernel) * area + place);
      }
      set(y, nm * count + p, sum);
    }
  }
  return y;
}

std::vector<Array> convolution(const OperatorCall& call) {
  return {convolved(call, float_input(call, 0), float_input(call, 1), 2)};
}

/// As int32 less a zero point, which may differ by channel of the weight.
Array without_zero(const OperatorCall& call, std::size_t operand, std::size_t zero_point) {
  Array x = cast(integer_input(call, operand), ElementType::int32);
  if (!has(call, zero_point)) return x;
  Array zero = cast(integer_input(call, zero_point), ElementType::int32);
  if (zero.size() > 1) {
    zero.dims.resize(x.dims.size(), 1);
  }
  const Array spread = broadcast_to(zero, x.dims);
  for (std::size_t i = 0; i < x.integers.size(); ++i) x.integers[i] -= spread.integers[i];
  return x;
}

std::vector<Array> convolution_integer(const OperatorCall& call) {
  return {convolved(call, without_zero(call, 0, 2), without_zero(call, 1, 3), 4)};
}

/// The sides of the output; pads that give a wanted one, from output_shape or SAME.
Dims settle_transposed(const OperatorCall& call, const Dims& sides, const Dims& added, Windows& w) {
  Dims out(sides.size());
  const std::string automatic = text(call.operation, "auto_pad", "NOTSET");
  const bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  Dims wanted = bounded("output_shape", integers(call.operation, "output_shape", {}));
  if (wanted.size() == sides.size() + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  require(wanted.empty() || wanted.size() == sides.size(), "output_shape of another rank");
  if (automatic == "VALID") w.before = w.after = Dims(sides.size(), 0);
  for (std::size_t a = 0; a < sides.size(); ++a) {
    const std::int64_t full =
        w.strides[a] * (sides[a] - 1) + added[a] + (w.kernel[a] - 1) * w.dilations[a] + 1;
    out[a] = full - w.before[a] - w.after[a];
    if (wanted.empty() && !same) continue;
    out[a] = wanted.empty() ? sides[a] * w.strides[a] : wanted[a];
    const std::int64_t all = full - out[a];
    w.before[a] = automatic == "SAME_UPPER" ? all / 2 : all - all / 2;
    w.after[a] = all - w.before[a];
  }
  return out;
}

/// The adjoint of a convolution: every element of x spreads over a window of y.
std::vector<Array> transposed_convolution(const OperatorCall& call) {
  const Array &x = float_input(call, 0), &weight = float_input(call, 1);
  const Dims sides = map_sides(x);
  require(weight.dims.size() == x.dims.size(), "a weight of another rank than the map");
  Windows w = window_attributes(call, sides.size(), map_sides(weight));
  const Dims added =
      bounded("output_padding", integers(call.operation, "output_padding", Dims(sides.size(), 0)));
  require(added.size() == sides.size(), "output_padding of another rank");
  const Dims out = settle_transposed(call, sides, added, w);
  w.positions = sides;
  const std::int64_t groups = integer(call.operation, "group", 1);
  require(fits(groups, x) && weight.dims[0] == x.dims[1] && x.dims[1] % groups == 0,
          "a weight that does not fit the map");
  const Groups g{x.dims[0], groups, x.dims[1] / groups, weight.dims[1]};
  const std::int64_t area = checked_size(sides), out_area = checked_size(out);
  const std::int64_t kernel = w.kernel_size();
  const Dims dims = joined(g.images, g.groups * g.out, out);
  grown_size(call, dims);
  grown_size(call, {area, kernel});
  const Dims places = window_places(w, out);
  Array y = zeros(dims, x.type);
  require_work(checked_size({x.size()}) * g.out * kernel);
  std::vector<double> sums(static_cast<std::size_t>(y.size()));
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t p = i % area, c = i / area % x.dims[1], n = i / area / x.dims[1];
    for (std::int64_t mk = 0; mk < g.out * kernel; ++mk) {
      const std::int64_t place = places[static_cast<std::size_t>(p * kernel + mk % kernel)];
      if (place < 0) continue;
      const std::int64_t m = c / g.in * g.out + mk / kernel;
      sums[static_cast<std::size_t>((n * g.groups * g.out + m) * out_area + place)] +=
          value(x, i) * value(weight, c * g.out * kernel + mk);
    }
  }
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const std::int64_t m = i / out_area % (g.groups * g.out);
    set(y, i, sums[static_cast<std::size_t>(i)] + bias_of(call, 2, m));
  }
  return {y};
}

}  // namespace

void add_convolutions(OperatorTable& table) {
  table["Conv"] = convolution;
  table["ConvInteger"] = convolution_integer;
  table["ConvTranspose"] = transposed_convolution;
}

}  // namespace lightloom::nn::onnx
