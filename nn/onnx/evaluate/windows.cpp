#include "nn/onnx/evaluate/windows.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

constexpr std::int64_t most = 1 << 20;  // of any window attribute: far above what a map can need

/// What a number of an attribute is where none is given, and what it must at least be.
struct Bounds {
  std::int64_t otherwise, least;
};

Dims attribute(const OperatorCall& call, const char* key, std::size_t count, const Bounds& bounds) {
  const auto [otherwise, least] = bounds;
  Dims found = integers(call.operation, key, Dims(count, otherwise));
  require(found.size() == count, "{} names {} numbers for {} axes", key, found.size(), count);
  for (const std::int64_t one : found) {
    require(one >= least && one <= most, "{} holds the impossible number {}", key, one);
  }
  return found;
}

/// Padding so that there are ceil(side / stride) windows; the odd one goes to one end.
void pad_same(const Dims& sides, bool upper, Windows& w) {
  for (std::size_t a = 0; a < sides.size(); ++a) {
    w.positions[a] = (sides[a] + w.strides[a] - 1) / w.strides[a];
    const std::int64_t reach = w.dilations[a] * (w.kernel[a] - 1) + 1;
    const std::int64_t all =
        std::max<std::int64_t>(0, (w.positions[a] - 1) * w.strides[a] + reach - sides[a]);
    w.before[a] = upper ? all / 2 : all - all / 2;
    w.after[a] = all - w.before[a];
  }
}

void count_positions(const OperatorCall& call, const Dims& sides, Windows& w) {
  const bool ceiling = integer(call.operation, "ceil_mode", 0) != 0;
  for (std::size_t a = 0; a < sides.size(); ++a) {
    const std::int64_t reach = w.dilations[a] * (w.kernel[a] - 1) + 1;
    const std::int64_t room = sides[a] + w.before[a] + w.after[a] - reach;
    require(room >= 0, "a window of {} does not fit a map of {}", reach, sides[a]);
    w.positions[a] = room / w.strides[a] + 1;
    if (!ceiling || room % w.strides[a] == 0) continue;
    // No window may start in the padding behind the map.
    if (w.positions[a] * w.strides[a] < sides[a] + w.before[a]) ++w.positions[a];
  }
}

}  // namespace

Dims map_sides(const Array& x) {
  require(x.dims.size() >= 3, "a map needs images, channels and one more axis");
  return {x.dims.begin() + 2, x.dims.end()};
}

Windows window_attributes(const OperatorCall& call, std::size_t axes, Dims kernel) {
  Windows w;
  w.kernel = kernel.empty() ? attribute(call, "kernel_shape", axes, {1, 1}) : std::move(kernel);
  require(w.kernel.size() == axes, "a window of {} axes on a map of {}", w.kernel.size(), axes);
  for (const std::int64_t side : w.kernel) {
    require(side >= 1 && side <= most, "a window of {} is impossible", side);
  }
  w.strides = attribute(call, "strides", axes, {1, 1});
  w.dilations = attribute(call, "dilations", axes, {1, 1});
  const Dims pads = attribute(call, "pads", 2 * axes, {0, 0});
  w.before = {pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes)};
  w.after = {pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end()};
  w.positions.resize(axes);
  return w;
}

Windows windows_of(const OperatorCall& call, const Dims& sides, Dims kernel) {
  Windows w = window_attributes(call, sides.size(), std::move(kernel));
  const std::string automatic = text(call.operation, "auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    pad_same(sides, automatic == "SAME_UPPER", w);
  } else {
    if (automatic == "VALID") w.before = w.after = Dims(sides.size(), 0);
    count_positions(call, sides, w);
  }
  grown_size(call, {w.count(), w.kernel_size()});
  return w;
}

Dims window_places(const Windows& w, const Dims& sides) {
  const Dims strides = strides_of(sides);
  Dims places(static_cast<std::size_t>(checked_size({w.count(), w.kernel_size()})));
  Dims window(sides.size()), element(sides.size());
  for (std::int64_t& at : places) {
    bool padded = false, past = false;
    for (std::size_t a = 0; a < sides.size(); ++a) {
      const std::int64_t p = window[a] * w.strides[a] + element[a] * w.dilations[a] - w.before[a];
      const bool inside = p >= 0 && p < sides[a];
      padded = padded || !inside;
      past = past || p >= sides[a] + w.after[a];
      if (inside) at += p * strides[a];
    }
    if (padded) at = past ? past_padding : padding_place;
    advance(element, w.kernel);
    if (std::all_of(element.begin(), element.end(), [](auto e) { return e == 0; })) {
      advance(window, w.positions);
    }
  }
  return places;
}

}  // namespace lightloom::nn::onnx
