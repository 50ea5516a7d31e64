#pragma once

#include "nn/onnx/evaluate/operator_call.hpp"

namespace lightloom::nn::onnx {

/// Windows over a map with any number of axes.
struct Windows {
  Dims kernel, strides, dilations, before, after;  // per axis; pads before and after
  Dims positions;                                  // windows per axis

  [[nodiscard]] std::int64_t count() const { return checked_size(positions); }
  [[nodiscard]] std::int64_t kernel_size() const { return checked_size(kernel); }
};

/// Outside of the map: in its padding, or even past that (the last window of a ceiling mode).
inline constexpr std::int64_t padding_place = -1, past_padding = -2;

/// The windows that the attributes kernel_shape, strides, dilations, pads, auto_pad and ceil_mode
/// put on a map of `sides`. `kernel` overrides the attribute where it is not empty.
Windows windows_of(const OperatorCall& call, const Dims& sides, Dims kernel);

/// Strides, dilations and pads alone; positions stay open.
Windows window_attributes(const OperatorCall& call, std::size_t axes, Dims kernel);

/// For every window, the places in the map of its kernel elements: [count][kernel_size].
Dims window_places(const Windows& windows, const Dims& sides);

/// The axes of (images, channels, ...) after the first two. Throws `Error` for fewer than three.
Dims map_sides(const Array& x);

}  // namespace lightloom::nn::onnx
