#include "nn/weights/slices/layer_slice.hpp"

#include <algorithm>
#include <cassert>

namespace lightloom::nn {
namespace {

/// Calls body(place in the whole, place in the part) for every kernel that the slice has.
template <class Body>
void for_each_kernel(const LayerSlice& slice, const Body& body) {
  const std::ptrdiff_t area = slice.whole.kernel_area();
  const std::ptrdiff_t wide = slice.whole.in_channels / slice.whole.groups;
  const bool depthwise = slice.whole.depthwise();
  const std::size_t inputs = depthwise ? 1 : slice.inputs.size();
  std::ptrdiff_t to = 0;
  for (std::ptrdiff_t row = 0; row < slice.part.out_channels; ++row)
    for (std::size_t i = 0; i < inputs; ++i, to += area)
      body((row * wide + (depthwise ? 0 : slice.inputs[i])) * area, to);
}

}  // namespace

void gather(const LayerSlice& slice, std::span<const float> whole, std::span<float> part) {
  assert(static_cast<std::int64_t>(part.size()) == slice.part.weights());
  for_each_kernel(slice, [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    std::copy_n(whole.data() + from, slice.whole.kernel_area(), part.data() + to);
  });
}

void scatter(const LayerSlice& slice, std::span<const float> part, std::span<float> whole) {
  assert(static_cast<std::int64_t>(whole.size()) == slice.whole.weights());
  std::fill(whole.begin(), whole.end(), 0.0f);
  for_each_kernel(slice, [&](std::ptrdiff_t to, std::ptrdiff_t from) {
    std::copy_n(part.data() + from, slice.whole.kernel_area(), whole.data() + to);
  });
}

}  // namespace lightloom::nn
