#include <algorithm>
#include <cmath>

#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

constexpr int largest_side = 1 << 16;

/// How positions of the output are found in the input, along one axis.
struct Axis {
  std::int64_t in, out;
  double scale;
  bool whole = true;  // the scale is out / in, but for its rounding to a float

  /// A place of the output, counted in pixels of the input from its edge.
  [[nodiscard]] double back(double place) const {
    return whole ? place * static_cast<double>(in) / static_cast<double>(out) : place / scale;
  }
};

struct How {
  std::string mode, coordinates, nearest;
  double cubic;
  bool exclude_outside;
};

/// Where output position `at` lies in the input (ONNX, Resize,
/// coordinate_transformation_mode).
double place_of(const Operation& o, const How& how, const Axis& a, std::int64_t at) {
  const auto x = static_cast<double>(at), in = static_cast<double>(a.in),
             out = static_cast<double>(a.out);
  if (how.coordinates == "asymmetric") return a.back(x);
  if (how.coordinates == "align_corners") return a.out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (how.coordinates == "pytorch_half_pixel" && a.out <= 1) return 0;
  if (how.coordinates == "half_pixel_symmetric") {
    const double adjusted = out / (a.scale * in);
    return in / 2 * (1 - adjusted) + a.back(x + 0.5) - 0.5;
  }
  if (how.coordinates == "half_pixel" || how.coordinates == "pytorch_half_pixel")
    return a.back(x + 0.5) - 0.5;
  throw Unsupported(o, "the coordinates " + how.coordinates);
}

double nearest_to(const Operation& o, const std::string& how, double x) {
  if (how == "round_prefer_floor") return std::ceil(x - 0.5);
  if (how == "round_prefer_ceil") return std::floor(x + 0.5);
  if (how == "floor") return std::floor(x);
  if (how == "ceil") return std::ceil(x);
  throw Unsupported(o, "the nearest_mode " + how);
}

/// Keys' kernel (IEEE Trans. ASSP 29, 1981, Eq. 15 with a free parameter a).
double cubic_weight(double a, double distance) {
  const double d = std::abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

using Taps = std::vector<ResizeTap>;

void add_tap(const Axis& a, std::int64_t from, double weight, Taps& taps) {
  if (weight == 0) return;
  const int inside = static_cast<int>(std::clamp<std::int64_t>(from, 0, a.in - 1));
  for (ResizeTap& one : taps) {
    if (one.from != inside) continue;
    one.weight += static_cast<float>(weight);
    return;
  }
  taps.push_back({inside, static_cast<float>(weight)});
}

Taps taps_at(const Operation& o, const How& how, const Axis& a, double x) {
  Taps taps;
  if (how.mode == "nearest") {
    add_tap(a, static_cast<std::int64_t>(nearest_to(o, how.nearest, x)), 1, taps);
    return taps;
  }
  const double below = std::floor(x);
  const auto first = static_cast<std::int64_t>(below);
  if (how.mode == "linear") {
    add_tap(a, first, 1 - (x - below), taps);
    add_tap(a, first + 1, x - below, taps);
    return taps;
  }
  double sum = 0;
  for (std::int64_t k = first - 1; k <= first + 2; ++k) {
    const bool outside = k < 0 || k >= a.in;
    const double weight =
        how.exclude_outside && outside ? 0 : cubic_weight(how.cubic, x - static_cast<double>(k));
    sum += weight;
    add_tap(a, k, weight, taps);
  }
  if (how.exclude_outside)
    for (ResizeTap& tap : taps) tap.weight = static_cast<float>(tap.weight / sum);
  return taps;
}

ResizeAxis taps_of(const Operation& o, const How& how, const Axis& a) {
  ResizeAxis all;
  for (std::int64_t at = 0; at < a.out; ++at)
    all.push_back(a.in == a.out && a.scale == 1 ? Taps{{static_cast<int>(at), 1}}
                                                : taps_at(o, how, a, place_of(o, how, a, at)));
  return all;
}

How how_of(const Operation& o) {
  const bool old = o.type == "Upsample" || o.attributes.contains("old");
  How how{
      .mode = text(o, "mode", "nearest"),
      .coordinates = text(o, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
      .nearest = text(o, "nearest_mode", old ? "floor" : "round_prefer_floor"),
      .cubic = real(o, "cubic_coeff_a", -0.75),
      .exclude_outside = integer(o, "exclude_outside", 0) != 0};
  if (how.mode == "bilinear") how.mode = "linear";
  if (how.mode != "nearest" && how.mode != "linear" && how.mode != "cubic")
    throw Unsupported(o, "the mode " + how.mode);
  if (text(o, "keep_aspect_ratio_policy", "stretch") != "stretch")
    throw Unsupported(o, "a kept aspect ratio");
  return how;
}

/// All axes with their scales, from the inputs or attributes of any opset.
std::vector<Axis> axes_of(Translation& t, const Operation& o, const Dims& dims) {
  std::vector<Axis> all;
  for (const std::int64_t side : dims) all.push_back({side, side, 1});
  const bool early = o.type == "Upsample" || t.opset() < 11;
  Dims axes = integers(o, "axes", {});
  if (axes.empty())
    for (std::size_t a = 0; a < dims.size(); ++a) axes.push_back(static_cast<std::int64_t>(a));
  std::vector<float> scales;
  Dims sizes;
  if (t.has(o, early ? 1 : 2)) scales = t.fixed(o, early ? 1 : 2).floats;
  if (scales.empty() && o.attributes.contains("scales")) scales = o.attributes.at("scales").floats;
  if (!early && t.has(o, 3)) sizes = t.fixed(o, 3).integers;
  if (scales.size() != axes.size() && sizes.size() != axes.size())
    throw Unsupported(o, "another number of scales than axes");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t at =
        axes[i] < 0 ? axes[i] + static_cast<std::int64_t>(dims.size()) : axes[i];
    if (at < 0 || at >= static_cast<std::int64_t>(dims.size()))
      throw Unsupported(o, "an axis that is not there");
    Axis& axis = all[static_cast<std::size_t>(at)];
    if (sizes.empty()) {
      // Floats times floats, as exporters divide them: 7 * (11 / 7) is 11.
      const float out = static_cast<float>(axis.in) * scales[i];
      if (!(out >= 1 && out <= largest_side)) throw Unsupported(o, "an output of this size");
      axis = {axis.in, static_cast<std::int64_t>(out), scales[i], out == std::floor(out)};
    } else {
      axis = {axis.in, sizes[i], static_cast<double>(sizes[i]) / static_cast<double>(axis.in)};
    }
    if (axis.out < 1 || axis.out > largest_side) throw Unsupported(o, "an output of this size");
  }
  return all;
}

void resize(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const std::size_t rank = x.dims.size();
  if (rank != 3 && rank != 4) throw Unsupported(o, "an input that is not a batch of maps");
  Operation dated = o;
  if (t.opset() < 11) dated.attributes["old"] = {};
  const How how = how_of(dated);
  const std::vector<Axis> axes = axes_of(t, o, x.dims);
  if (axes[0].out != axes[0].in || axes[1].out != axes[1].in)
    throw Unsupported(o, "images or channels resized");
  const bool smaller =
      std::any_of(axes.begin(), axes.end(), [](const Axis& a) { return a.scale < 1; });
  if (integer(o, "antialias", 0) != 0 && smaller && how.mode != "nearest")
    throw Unsupported(o, "antialiasing");
  const int from = as_map(t, o, x).node;
  const Axis line{1, 1, 1};
  ResizeTable table{taps_of(o, how, rank == 4 ? axes[2] : line), taps_of(o, how, axes.back())};
  const int node = t.builder.resize(from, std::move(table));
  Dims sides;
  for (std::size_t a = 2; a < rank; ++a) sides.push_back(axes[a].out);
  t.result(o, of_map(t, node, sides));
}

}  // namespace

void add_resizing(Handlers& handlers) {
  handlers["Resize"] = resize;
  handlers["Upsample"] = resize;
}

}  // namespace lightloom::nn::onnx
