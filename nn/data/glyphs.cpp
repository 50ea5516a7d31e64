#include "nn/data/glyphs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "core/parallel.hpp"
#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

struct Point {
  double x = 0, y = 0;
};
using Stroke = std::vector<Point>;
using Glyph = std::vector<Stroke>;

constexpr int side = 28;

Stroke ellipse(Point centre, double rx, double ry) {
  Stroke stroke;
  constexpr int corners = 14;
  for (int i = 0; i <= corners; ++i) {
    const double angle = 2 * std::numbers::pi * i / corners;
    stroke.push_back({centre.x + rx * std::sin(angle), centre.y - ry * std::cos(angle)});
  }
  return stroke;
}

Glyph turned(Glyph glyph) {
  for (Stroke& stroke : glyph) {
    for (Point& p : stroke) p = {1 - p.x, 1 - p.y};
  }
  return glyph;
}

/// The ten digits in the unit square, x to the right, y down.
const std::array<Glyph, 10>& alphabet() {
  static const std::array<Glyph, 10> glyphs = [] {
    const Glyph six{{{.66, .10},
                     {.42, .28},
                     {.28, .58},
                     {.33, .83},
                     {.52, .92},
                     {.71, .82},
                     {.73, .63},
                     {.55, .50},
                     {.33, .60}}};
    return std::array<Glyph, 10>{{
        {ellipse({.5, .5}, .27, .42)},
        {{{.34, .26}, {.53, .10}, {.53, .92}}},
        {{{.25, .28},
          {.32, .14},
          {.50, .08},
          {.68, .15},
          {.73, .30},
          {.65, .47},
          {.25, .90},
          {.77, .90}}},
        {{{.27, .15},
          {.50, .08},
          {.70, .18},
          {.70, .36},
          {.48, .47},
          {.72, .58},
          {.74, .78},
          {.52, .92},
          {.26, .84}}},
        {{{.62, .92}, {.62, .08}, {.22, .64}, {.80, .64}}},
        {{{.72, .10},
          {.32, .10},
          {.29, .45},
          {.50, .40},
          {.72, .52},
          {.74, .74},
          {.55, .91},
          {.26, .84}}},
        six,
        {{{.24, .10}, {.76, .10}, {.44, .92}}},
        {ellipse({.5, .29}, .20, .20), ellipse({.5, .71}, .25, .21)},
        turned(six),
    }};
  }();
  return glyphs;
}

/// Numbers of one image, drawn in order.
class Draws {
 public:
  Draws(const Stream& stream, std::uint64_t image) : stream_(stream), image_(image) {}
  double uniform(double low, double high) {
    return low + (high - low) * stream_.uniform(image_, next_++);
  }
  double normal() { return stream_.normal(image_, next_++); }

 private:
  const Stream& stream_;
  std::uint64_t image_, next_ = 0;
};

struct Pen {
  double width = 1;  // half width in pixels
  double ink = 1;
};

double distance(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double t =
      length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0.0;
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

using Canvas = std::array<double, side * side>;

/// Inks one segment with soft edges, pixels near it only.
void draw_segment(Point a, Point b, const Pen& pen, Canvas& canvas) {
  const double reach = pen.width + 1;
  const auto bound = [](double v) { return std::clamp(static_cast<int>(v), 0, side - 1); };
  const int left = bound(std::min(a.x, b.x) - reach), right = bound(std::max(a.x, b.x) + reach + 1);
  const int top = bound(std::min(a.y, b.y) - reach), bottom = bound(std::max(a.y, b.y) + reach + 1);
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      const double d = distance({x + 0.5, y + 0.5}, a, b);
      const double ink = pen.ink * std::clamp(pen.width + 0.5 - d, 0.0, 1.0);
      double& pixel = canvas[static_cast<std::size_t>(std::int64_t{y} * side + x)];
      pixel = std::max(pixel, ink);
    }
  }
}

/// A random affine map from the unit square to pixels.
struct Placement {
  double xx, xy, yx, yy, x, y;

  explicit Placement(Draws& draws) {
    const double angle = draws.uniform(-0.4, 0.4), shear = draws.uniform(-0.3, 0.3);
    const double wide = draws.uniform(13, 22), high = draws.uniform(16, 24);
    xx = wide * std::cos(angle);
    xy = high * (shear * std::cos(angle) - std::sin(angle));
    yx = wide * std::sin(angle);
    yy = high * (shear * std::sin(angle) + std::cos(angle));
    x = side / 2.0 + draws.uniform(-3, 3);
    y = side / 2.0 + draws.uniform(-3, 3);
  }
  [[nodiscard]] Point of(Point p) const {
    return {x + xx * (p.x - 0.5) + xy * (p.y - 0.5), y + yx * (p.x - 0.5) + yy * (p.y - 0.5)};
  }
};

void draw_glyph(const Glyph& glyph, Draws& draws, Canvas& canvas) {
  const Placement placement(draws);
  const Pen pen{draws.uniform(0.6, 1.7), draws.uniform(0.5, 1.0)};
  constexpr double wobble = 0.035;  // of the unit square, per corner
  for (const Stroke& stroke : glyph) {
    Point last;
    for (std::size_t i = 0; i < stroke.size(); ++i) {
      const Point shaken{stroke[i].x + wobble * draws.normal(),
                         stroke[i].y + wobble * draws.normal()};
      const Point at = placement.of(shaken);
      if (i > 0) draw_segment(last, at, pen, canvas);
      last = at;
    }
  }
}

/// A few short faint strokes that belong to no digit.
void draw_clutter(Draws& draws, Canvas& canvas) {
  const int strokes = static_cast<int>(draws.uniform(0, 4));
  for (int i = 0; i < strokes; ++i) {
    const Point a{draws.uniform(0, side), draws.uniform(0, side)};
    const Point b{a.x + draws.uniform(-7, 7), a.y + draws.uniform(-7, 7)};
    draw_segment(a, b, {draws.uniform(0.4, 1.0), draws.uniform(0.2, 0.7)}, canvas);
  }
}

}  // namespace

ImageSet make_glyphs(std::size_t count, std::uint64_t seed, std::uint32_t part) {
  ImageSet set{.image = {side, side, 1}};
  set.pixels.resize(count * side * side);
  set.labels.resize(count);
  const Stream stream({seed, Purpose::glyphs, 0, part});
  parallel_for(static_cast<std::ptrdiff_t>(count), [&](std::ptrdiff_t image) {
    const auto i = static_cast<std::size_t>(image);
    Draws draws(stream, i);
    Canvas canvas{};
    const auto label = static_cast<std::size_t>(draws.uniform(0, 10));
    set.labels[i] = static_cast<std::uint16_t>(label);
    draw_glyph(alphabet()[label], draws, canvas);
    draw_clutter(draws, canvas);
    const double noise = draws.uniform(0.03, 0.16);
    for (std::size_t p = 0; p < canvas.size(); ++p) {
      const double value = std::clamp(canvas[p] + noise * draws.normal(), 0.0, 1.0);
      set.pixels[i * canvas.size() + p] = static_cast<std::uint8_t>(std::lround(255 * value));
    }
  });
  return set;
}

}  // namespace lightloom::nn
