#include "nn/onnx/import/window.hpp"

#include <algorithm>
#include <functional>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {
namespace {

bool all_equal(const std::vector<std::int64_t>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

/// Total padding that SAME needs along one axis.
std::int64_t same_padding(std::int64_t size, std::int64_t reach, std::int64_t stride) {
  const std::int64_t positions = (size + stride - 1) / stride;
  return std::max<std::int64_t>(0, (positions - 1) * stride + reach - size);
}

}  // namespace

Window window_of(const Operation& o, const std::vector<std::int64_t>& dims,
                 const std::vector<std::int64_t>& kernel) {
  if (kernel.size() != 2) throw Unsupported(o, "only two-dimensional windows");
  const auto strides = integers(o, "strides", {1, 1});
  const auto dilations = integers(o, "dilations", {1, 1});
  auto pads = integers(o, "pads", {0, 0, 0, 0});
  if (strides.size() != 2 || dilations.size() != 2 || pads.size() != 4) {
    throw Unsupported(o, "attributes of another rank than the window");
  }
  const std::string same = text(o, "auto_pad", "NOTSET");
  if (same == "SAME_UPPER" || same == "SAME_LOWER") {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t all =
          same_padding(dims[axis + 2], dilations[axis] * (kernel[axis] - 1) + 1, strides[axis]);
      const std::int64_t less = all / 2, more = all - less;
      pads[axis] = same == "SAME_UPPER" ? less : more;
      pads[axis + 2] = all - pads[axis];
    }
  } else if (same == "VALID") {
    pads = {0, 0, 0, 0};
  }
  if (!all_equal(pads)) throw Unsupported(o, "padding that differs between sides");
  if (!all_equal(strides) || !all_equal(dilations)) {
    throw Unsupported(o, "strides or dilations that differ between axes");
  }
  for (const std::int64_t number : {kernel[0], kernel[1], strides[0], dilations[0], pads[0] + 1}) {
    if (number < 1 || number > 1 << 16) throw Unsupported(o, "a window of impossible size");
  }
  return {static_cast<int>(kernel[0]), static_cast<int>(kernel[1]), static_cast<int>(strides[0]),
          static_cast<int>(pads[0]), static_cast<int>(dilations[0])};
}

}  // namespace lightloom::nn::onnx
