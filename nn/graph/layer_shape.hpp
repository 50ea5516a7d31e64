#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lightloom::nn {

/// A number of each axis of a map; one number stands for both.
struct PerAxis {
  int height = 1, width = 1;

  constexpr PerAxis() = default;
  constexpr PerAxis(int both) : height(both), width(both) {}  // NOLINT(google-explicit-constructor)
  constexpr PerAxis(int h, int w) : height(h), width(w) {}
  bool operator==(const PerAxis&) const = default;
};

/// Pixels on each side of a map; one number stands for all four.
struct Sides {
  int top = 0, left = 0, bottom = 0, right = 0;

  constexpr Sides() = default;
  constexpr Sides(int all)  // NOLINT(google-explicit-constructor)
      : top(all), left(all), bottom(all), right(all) {}
  constexpr Sides(int t, int l, int b, int r) : top(t), left(l), bottom(b), right(r) {}
  constexpr Sides& operator+=(const Sides& more) {
    top += more.top, left += more.left, bottom += more.bottom, right += more.right;
    return *this;
  }
  bool operator==(const Sides&) const = default;
};

/// The geometry of one weight-carrying layer. A linear layer is a 1x1 convolution on a 1x1 map.
struct LayerShape {
  enum class Kind { convolution, linear };

  std::string name;
  Kind kind = Kind::convolution;
  int in_channels = 1;
  int out_channels = 1;
  int kernel_height = 1;
  int kernel_width = 1;
  PerAxis stride;
  Sides padding;
  PerAxis dilation;
  int groups = 1;
  bool bias = false;
  int in_height = 1, in_width = 1;    // of the input map
  int out_height = 1, out_width = 1;  // of the output map

  [[nodiscard]] int kernel_area() const { return kernel_height * kernel_width; }
  /// Weights: [out_channels, in_channels / groups, kernel_height, kernel_width], row-major.
  [[nodiscard]] std::int64_t weights() const {
    return std::int64_t{out_channels} * (in_channels / groups) * kernel_area();
  }
  /// The matrix of one group (im2col).
  [[nodiscard]] int matrix_rows() const { return out_channels / groups; }
  [[nodiscard]] int matrix_columns() const { return in_channels / groups * kernel_area(); }
  /// Input vectors per image.
  [[nodiscard]] std::int64_t positions() const { return std::int64_t{out_height} * out_width; }
  [[nodiscard]] std::int64_t macs() const { return weights() * positions(); }
  [[nodiscard]] bool depthwise() const {
    return groups > 1 && groups == in_channels && groups == out_channels;
  }
  friend bool operator==(const LayerShape&, const LayerShape&) = default;
};

/// Everything the parameter and memory accounting of a network needs: its weight layers and its
/// other parameters.
struct NetworkShape {
  std::string name;
  std::vector<LayerShape> layers;    // in order of execution
  std::int64_t norm_parameters = 0;  // gamma and beta of all normalisations
  std::int64_t norm_statistics = 0;  // running means and variances (counted in no published ratio)
};

}  // namespace lightloom::nn
