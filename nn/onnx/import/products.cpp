#include <algorithm>

#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/translation/window.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

Dims sides_of(const Dims& dims) { return {dims.begin() + 2, dims.end()}; }

/// The sides of a map as an array of so many axes has them.
Dims as_sides(const MapShape& map, std::size_t rank) {
  return rank == 3 ? Dims{map.width} : Dims{map.height, map.width};
}

const Array& weight_of(const Translation& t, const Operation& o, std::size_t rank) {
  const Array& weight = t.fixed(o, 1);
  if (weight.dims.size() != rank || rank < 3 || rank > 4 || weight.integer() || weight.size() == 0)
    throw Unsupported(o, "a weight of this rank");
  return weight;
}

ConvolutionOptions options_of(const Window& window, std::int64_t channels, std::int64_t groups) {
  return {.channels = static_cast<int>(channels),
          .kernel = window.height,
          .stride = window.stride,
          .padding = window.padding,
          .groups = static_cast<int>(groups),
          .dilation = window.dilation,
          .kernel_width = window.width};
}

void convolution(Translation& t, const Operation& o) {
  const Changing seen_x = t.viewed(o, 0);
  const std::size_t rank = seen_x.dims.size();
  const Array& weight = weight_of(t, o, rank);
  Window window = window_of(o, seen_x.dims, sides_of(weight.dims));
  const Bordered x = without_border(t, seen_x);
  window.padding += x.border;
  const std::int64_t groups = integer(o, "group", 1);
  if (groups < 1 || groups > seen_x.dims[1] || weight.dims[1] * groups != seen_x.dims[1] ||
      weight.dims[0] % groups != 0)
    throw Unsupported(o, "a weight that does not fit the input");
  LayerValues values{weight.floats, {}};
  if (t.has(o, 2)) values.bias = t.floats(o, 2, weight.dims[0]);
  const Changing map = as_map(t, o, x.inner);
  ConvolutionOptions options = options_of(window, weight.dims[0], groups);
  options.bias = t.has(o, 2);
  const int node = t.builder.convolution(t.layer_name(o), map.node, options);
  t.imported.layers[node] = std::move(values);
  t.result(o, of_map(t, node, as_sides(t.builder.shape(node), rank)));
}

/// A transposed convolution along one axis: y[i stride + k dilation - before] += x[i] w[k].
struct Spread {
  int in, kernel, stride, dilation, before, out;

  [[nodiscard]] int reach() const { return dilation * (kernel - 1) + 1; }
  /// Of the output without its crop.
  [[nodiscard]] int full() const { return stride * (in - 1) + reach(); }
  /// Whether the kernel is whole strides, and the output all within reach of the input.
  [[nodiscard]] bool in_phases() const {
    return dilation == 1 && kernel % stride == 0 && before >= 0 && before + out <= full();
  }
};

struct Spreads {
  Spread down, across;
  std::int64_t groups, channels;  // of the output, of a group
  bool bias;
};

/// A number of pixels that may be added to others.
int side(const Operation& o, std::int64_t pixels) {
  constexpr std::int64_t largest = 1 << 24;
  if (pixels < -largest || pixels > largest) throw Unsupported(o, "an output of this size");
  return static_cast<int>(pixels);
}

/// Of a map whose places are listed.
void require_small(const Operation& o, const MapShape& map) {
  const double size = double{1} * map.height * map.width * map.channels;
  if (size > static_cast<double>(most_elements)) throw Unsupported(o, "an output of this size");
}

/// One of the axes of a map, whose value has `rank` axes.
struct MapAxis {
  bool down;
  std::size_t rank;
};

Spread spread_of(const Operation& o, const Window& w, const MapShape& in, const MapAxis& of) {
  const auto [down, rank] = of;
  Spread s{down ? in.height : in.width,
           down ? w.height : w.width,
           down ? w.stride.height : w.stride.width,
           down ? w.dilation.height : w.dilation.width,
           down ? w.padding.top : w.padding.left,
           0};
  side(o, std::int64_t{s.stride} * (s.in - 1) + s.reach());
  const std::size_t axis = rank == 4 && !down ? 1 : 0;
  const bool there = rank == 4 || !down;
  const Dims more = integers(o, "output_padding", {}), shape = integers(o, "output_shape", {});
  const int added = there && more.size() > axis ? side(o, more[axis]) : 0;
  const int behind = down ? w.padding.bottom : w.padding.right;
  s.out = s.full() + added - s.before - behind;
  const std::string how = text(o, "auto_pad", "NOTSET");
  const bool same = how == "SAME_UPPER" || how == "SAME_LOWER";
  if (!there || (shape.empty() && !same)) return s;
  s.out = same && shape.empty()
              ? s.in * s.stride
              : side(o, shape[shape.size() == axis + 1 || rank == 3 ? shape.size() - 1
                                                                    : shape.size() - 2 + axis]);
  const int all = s.full() + added - s.out;
  s.before = how == "SAME_UPPER" ? all / 2 : all - all / 2;
  return s;
}

/// [in, out/groups, kh, kw] as the convolution's [out, in/groups, kh, kw], turned around.
std::vector<float> adjoint_weight(const Array& w, const Spreads& s) {
  const std::int64_t groups = s.groups, in = w.dims[0] / groups, out = w.dims[1],
                     kh = s.down.kernel, kw = s.across.kernel;
  std::vector<float> to;
  for (std::int64_t o = 0; o < groups * out; ++o)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t k = kh * kw; k-- > 0;)
        to.push_back(
            w.floats[static_cast<std::size_t>(((o / out * in + i) * out + o % out) * kh * kw + k)]);
  return to;
}

/// x with stride - 1 zeros between its pixels, then a convolution.
int spread_by_zeros(Translation& t, const Operation& o, int from, const Spreads& s) {
  const MapShape in = t.builder.shape(from);
  // Pixels before and after the stuffed map; a negative border is cut off by the table.
  const auto before = [](const Spread& a) { return a.reach() - 1 - a.before; };
  const auto after = [&](const Spread& a) {
    return a.out + a.reach() - 1 - before(a) - (a.stride * (a.in - 1) + 1);
  };
  const auto cut = [](int border) { return std::max(0, -border); };
  const MapShape stuffed{
      s.down.stride * (in.height - 1) + 1 - cut(before(s.down)) - cut(after(s.down)),
      s.across.stride * (in.width - 1) + 1 - cut(before(s.across)) - cut(after(s.across)),
      in.channels};
  require_small(o, stuffed);
  std::vector<int> places;
  for (int h = cut(before(s.down)); h < stuffed.height + cut(before(s.down)); ++h)
    for (int w = cut(before(s.across)); w < stuffed.width + cut(before(s.across)); ++w)
      for (int c = 0; c < in.channels; ++c)
        places.push_back(h % s.down.stride == 0 && w % s.across.stride == 0
                             ? (h / s.down.stride * in.width + w / s.across.stride) * in.channels +
                                   c
                             : -1);
  const int wide = t.gathered({.node = from, .dims = {}}, stuffed, places);
  const Window window{.height = s.down.kernel,
                      .width = s.across.kernel,
                      .padding = {std::max(0, before(s.down)), std::max(0, before(s.across)),
                                  std::max(0, after(s.down)), std::max(0, after(s.across))},
                      .dilation = {s.down.dilation, s.across.dilation}};
  ConvolutionOptions options = options_of(window, s.channels * s.groups, s.groups);
  options.bias = s.bias;
  return t.builder.convolution(t.layer_name(o), wide, options);
}

/// The weights of all phases: output channel (o, phase) reads w at phase + j stride, turned around.
std::vector<float> phase_weight(const Array& w, const Spreads& s) {
  const std::int64_t in = w.dims[0] / s.groups, out = w.dims[1], kh = s.down.kernel,
                     kw = s.across.kernel, sh = s.down.stride, sw = s.across.stride, mh = kh / sh,
                     mw = kw / sw;
  std::vector<float> to;
  for (std::int64_t o = 0; o < s.groups * out; ++o)
    for (std::int64_t phase = 0; phase < sh * sw; ++phase)
      for (std::int64_t i = 0; i < in; ++i)
        for (std::int64_t j = mh * mw; j-- > 0;) {
          const std::int64_t row = phase / sw + j / mw * sh, column = phase % sw + j % mw * sw;
          to.push_back(w.floats[static_cast<std::size_t>(
              (((o / out * in + i) * out + o % out) * kh + row) * kw + column)]);
        }
  return to;
}

/// Every phase has a bias of its own.
std::vector<float> phase_bias(const std::vector<float>& bias, const Spreads& s) {
  const int all_phases = s.down.stride * s.across.stride;
  const auto phases = static_cast<std::size_t>(all_phases);
  std::vector<float> all;
  for (const float one : bias) all.insert(all.end(), phases, one);
  return all;
}

/// A convolution that makes all phases of the stride at once, side by side, and a move that lays
/// them out: the same weights and products as the transposed one.
int spread_by_phases(Translation& t, const Operation& o, int from, const Spreads& s) {
  const int phases = s.down.stride * s.across.stride, mh = s.down.kernel / s.down.stride,
            mw = s.across.kernel / s.across.stride;
  const Window window{.height = mh, .width = mw, .padding = {mh - 1, mw - 1, mh - 1, mw - 1}};
  ConvolutionOptions options = options_of(window, s.channels * s.groups * phases, s.groups);
  options.bias = s.bias;
  return t.builder.convolution(t.layer_name(o), from, options);
}

/// The phases of `node` laid out side by side.
int laid_out(Translation& t, const Operation& o, int node, const Spreads& s) {
  const MapShape in = t.builder.shape(node);
  const int sh = s.down.stride, sw = s.across.stride, phases = sh * sw;
  const MapShape out{s.down.out, s.across.out, in.channels / phases};
  require_small(o, out);
  std::vector<int> places;
  for (int y = s.down.before; y < s.down.before + out.height; ++y)
    for (int x = s.across.before; x < s.across.before + out.width; ++x)
      for (int c = 0; c < out.channels; ++c)
        places.push_back((y / sh * in.width + x / sw) * in.channels + c * phases + y % sh * sw +
                         x % sw);
  return t.gathered({.node = node, .dims = {}}, out, places);
}

void transposed_convolution(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const std::size_t rank = x.dims.size();
  const Array& weight = weight_of(t, o, rank);
  const std::int64_t groups = integer(o, "group", 1);
  if (groups < 1 || weight.dims[0] != x.dims[1] || x.dims[1] % groups != 0)
    throw Unsupported(o, "a weight that does not fit the input");
  Operation plain = o;  // SAME means another padding here
  if (text(o, "auto_pad", "NOTSET") != "NOTSET") plain.attributes.erase("auto_pad");
  const Window window = window_of(plain, x.dims, sides_of(weight.dims));
  const int from = as_map(t, o, x).node;
  const MapShape in = t.builder.shape(from);
  const Spreads s{spread_of(o, window, in, {true, rank}), spread_of(o, window, in, {false, rank}),
                  groups, weight.dims[1], t.has(o, 2)};
  if (s.down.out < 1 || s.across.out < 1) throw Unsupported(o, "an output without pixels");
  LayerValues values;
  if (s.bias) values.bias = t.floats(o, 2, s.channels * groups);
  const bool phases = s.down.in_phases() && s.across.in_phases();
  values.weight = phases ? phase_weight(weight, s) : adjoint_weight(weight, s);
  if (phases) values.bias = phase_bias(values.bias, s);
  const int layer = phases ? spread_by_phases(t, o, from, s) : spread_by_zeros(t, o, from, s);
  t.imported.layers[layer] = std::move(values);
  const int node = phases ? laid_out(t, o, layer, s) : layer;
  t.result(o, of_map(t, node, as_sides(t.builder.shape(node), rank)));
}

}  // namespace

void add_products(Handlers& handlers) {
  handlers["Conv"] = convolution;
  handlers["ConvTranspose"] = transposed_convolution;
}

}  // namespace lightloom::nn::onnx
