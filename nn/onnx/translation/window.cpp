#include "nn/onnx/translation/window.hpp"

#include <algorithm>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Total padding that SAME needs along one axis.
std::int64_t same_padding(std::int64_t size, std::int64_t reach, std::int64_t stride) {
  const std::int64_t positions = (size + stride - 1) / stride;
  return std::max<std::int64_t>(0, (positions - 1) * stride + reach - size);
}

/// What a window of one axis leaves open of two: one row.
void as_rows(std::vector<std::int64_t>& kernel, std::vector<std::int64_t>& strides,
             std::vector<std::int64_t>& dilations, std::vector<std::int64_t>& pads) {
  for (auto* sides : {&kernel, &strides, &dilations}) sides->insert(sides->begin(), 1);
  pads.insert(pads.begin(), 0);
  pads.insert(pads.begin() + 2, 0);
}

int whole(const Operation& o, std::int64_t number, std::int64_t least) {
  if (number < least || number > 1 << 16) throw Unsupported(o, "a window of impossible size");
  return static_cast<int>(number);
}

}  // namespace

Window window_of(const Operation& o, const std::vector<std::int64_t>& dims,
                 std::vector<std::int64_t> kernel) {
  const std::size_t axes = kernel.size();
  if (axes < 1 || axes > 2 || dims.size() != axes + 2)
    throw Unsupported(o, "only windows of one or two dimensions");
  auto strides = integers(o, "strides", std::vector<std::int64_t>(axes, 1));
  auto dilations = integers(o, "dilations", std::vector<std::int64_t>(axes, 1));
  auto pads = integers(o, "pads", std::vector<std::int64_t>(2 * axes, 0));
  if (strides.size() != axes || dilations.size() != axes || pads.size() != 2 * axes)
    throw Unsupported(o, "attributes of another rank than the window");
  for (std::size_t axis = 0; axis < axes; ++axis) {
    whole(o, strides[axis], 1);
    const int steps = whole(o, kernel[axis], 1) - 1;
    whole(o, std::int64_t{whole(o, dilations[axis], 1)} * steps + 1, 1);
  }
  const std::string same = text(o, "auto_pad", "NOTSET");
  if (same == "SAME_UPPER" || same == "SAME_LOWER") {
    for (std::size_t axis = 0; axis < axes; ++axis) {
      const std::int64_t all =
          same_padding(dims[axis + 2], dilations[axis] * (kernel[axis] - 1) + 1, strides[axis]);
      const std::int64_t less = all / 2, more = all - less;
      pads[axis] = same == "SAME_UPPER" ? less : more;
      pads[axis + axes] = all - pads[axis];
    }
  } else if (same == "VALID") {
    pads.assign(2 * axes, 0);
  }
  if (axes == 1) as_rows(kernel, strides, dilations, pads);
  return {.height = whole(o, kernel[0], 1),
          .width = whole(o, kernel[1], 1),
          .stride = {whole(o, strides[0], 1), whole(o, strides[1], 1)},
          .padding = {whole(o, pads[0], 0), whole(o, pads[1], 0), whole(o, pads[2], 0),
                      whole(o, pads[3], 0)},
          .dilation = {whole(o, dilations[0], 1), whole(o, dilations[1], 1)}};
}

}  // namespace lightloom::nn::onnx
