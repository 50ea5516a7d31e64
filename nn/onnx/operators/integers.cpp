// Operators on integers that stand for numbers: (integer - zero point) scale.

#include "nn/onnx/operators/integers.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Which scale belongs to an element: one for all, one for each place along `axis`, or one for each
/// block of `block` places.
class ScaleOf {
 public:
  ScaleOf(const OperatorCall& call, const Array& x, const Array& scale)
      : dims_(x.dims), scale_dims_(scale.dims), size_(scale.size()) {
    if (size_ == 1) return;
    axis_ = axis_of(call, 1, x.dims.size());
    block_ = integer(call.operation, "block_size", 0);
    const bool blocks = scale.dims.size() == x.dims.size() && x.dims.size() > 1;
    require(
        blocks ? block_ > 0 && block_ <= 1 << 28 : scale.dims.size() == 1 && size_ == x.dims[axis_],
        "{} has {} scales for an axis of {}", call.operation.type, size_, x.dims[axis_]);
    for (std::size_t axis = 0; blocks && axis < x.dims.size(); ++axis) {
      const std::int64_t side = axis == axis_ ? (x.dims[axis] + block_ - 1) / block_ : x.dims[axis];
      require(scale.dims[axis] == side, "{} has scales of another shape than its blocks",
              call.operation.type);
    }
    if (!blocks) block_ = 0;
    strides_ = strides_of(dims_);
    scale_strides_ = strides_of(scale_dims_);
  }

  [[nodiscard]] std::int64_t of(std::int64_t element) const {
    if (size_ == 1) return 0;
    if (block_ == 0) return element / strides_[axis_] % dims_[axis_];
    std::int64_t at = 0;
    for (std::size_t axis = 0; axis < dims_.size(); ++axis) {
      const std::int64_t index = element / strides_[axis] % dims_[axis];
      at += (axis == axis_ ? index / block_ : index) * scale_strides_[axis];
    }
    return at;
  }

 private:
  Dims dims_, scale_dims_, strides_, scale_strides_;
  std::int64_t size_, block_ = 0;
  std::size_t axis_ = 0;
};

}  // namespace

double zero_at(const OperatorCall& call, std::size_t number, std::int64_t at) {
  if (!has(call, number)) return 0;
  const Array& zero = input(call, number);
  require(at < zero.size(), "{} has fewer zero points than scales", call.operation.type);
  return value(zero, at);
}

std::int64_t rounded_into(double number, ElementType type) {
  require(!std::isnan(number), "what is no number cannot be rounded to {}", name_of(type));
  const double wanted = std::nearbyint(number);
  if (wanted <= static_cast<double>(lowest(type))) return lowest(type);
  if (wanted >= static_cast<double>(highest(type))) return highest(type);  // 2^63 is no int64
  return static_cast<std::int64_t>(wanted);
}

namespace {

std::vector<Array> quantise_linear(const OperatorCall& call) {
  const Array &x = input(call, 0), &scale = float_input(call, 1);
  const std::int64_t given = integer(call.operation, "output_dtype", 0);
  const ElementType type = has(call, 2) ? call.inputs[2]->type
                           : given != 0 ? static_cast<ElementType>(given)
                                        : ElementType::uint8;
  if (!held(type) || !is_integer(type))
    throw Unsupported(call.operation, "the element type " + name_of(type));
  const ScaleOf scales(call, x, scale);
  Array out = zeros(x.dims, type);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t at = scales.of(i);
    // The division is one of single precision, as everybody computes it.
    const auto quotient = static_cast<float>(value(x, i)) / static_cast<float>(value(scale, at));
    out.integers[static_cast<std::size_t>(i)] =
        rounded_into(std::nearbyint(double{quotient}) + zero_at(call, 2, at), type);
  }
  return {out};
}

std::vector<Array> dequantise_linear(const OperatorCall& call) {
  const Array &x = integer_input(call, 0), &scale = float_input(call, 1);
  const ScaleOf scales(call, x, scale);
  const std::int64_t given = integer(call.operation, "output_dtype", 0);
  const ElementType type = given != 0 ? static_cast<ElementType>(given) : scale.type;
  if (!held(type)) throw Unsupported(call.operation, "the element type " + name_of(type));
  Array out = zeros(x.dims, type);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t at = scales.of(i);
    out.floats.at(static_cast<std::size_t>(i)) =
        rounded((value(x, i) - zero_at(call, 2, at)) * value(scale, at), out.type);
  }
  return {out};
}

/// Bytes over the range of the values, zero included.
std::vector<Array> dynamic_quantise(const OperatorCall& call) {
  const Array& x = float_input(call, 0);
  float low = 0, high = 0;
  for (const float one : x.floats) low = std::min(low, one), high = std::max(high, one);
  const float scale = high > low ? (high - low) / 255 : 1;
  const auto zero = rounded_into(double{-low / scale}, ElementType::uint8);
  Array y = zeros(x.dims, ElementType::uint8);
  for (std::size_t i = 0; i < x.floats.size(); ++i)
    y.integers[i] =
        rounded_into(std::nearbyint(double{x.floats[i] / scale}) + static_cast<double>(zero),
                     ElementType::uint8);
  return {y, Array{.floats = {scale}}, Array{.integers = {zero}, .type = ElementType::uint8}};
}

/// QONNX: rounded to integers of `bitwidth` bits and back.
std::vector<Array> quant(const OperatorCall& call) {
  const Array &x = float_input(call, 0), &scale = float_input(call, 1), &zero = input(call, 2);
  const double bits = value(input(call, 3), 0);
  support(call, bits >= 1 && bits <= 32, "this bit width");
  support(call, input(call, 3).size() == 1, "a bit width per channel");
  support(call, text(call.operation, "rounding_mode", "ROUND") == "ROUND", "this rounding mode");
  const bool sign = integer(call.operation, "signed", 1) != 0;
  const bool narrow = integer(call.operation, "narrow", 0) != 0;
  const double levels = std::exp2(bits), low = sign ? -levels / 2 + narrow : 0,
               high = sign ? levels / 2 - 1 : levels - 1 - narrow;
  const Array scales = broadcast_to(scale, broadcast(x.dims, scale.dims));
  const Array points = broadcast_to(zero, scales.dims);
  Array out = broadcast_to(x, scales.dims);
  for (std::size_t i = 0; i < out.floats.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const double point = value(points, at), step = value(scales, at);
    const double level = std::clamp(out.floats[i] / step + point, low, high);
    out.floats[i] = rounded((std::nearbyint(level) - point) * step, out.type);
  }
  return {out};
}

/// QONNX: the sign times a scale.
std::vector<Array> bipolar_quant(const OperatorCall& call) {
  const Array &x = float_input(call, 0), &scale = float_input(call, 1);
  const Array scales = broadcast_to(scale, broadcast(x.dims, scale.dims));
  Array out = broadcast_to(x, scales.dims);
  for (std::size_t i = 0; i < out.floats.size(); ++i)
    out.floats[i] = out.floats[i] < 0 ? -scales.floats[i] : scales.floats[i];
  return {out};
}

}  // namespace

void add_quantisers(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"QuantizeLinear", quantise_linear},
      {"DequantizeLinear", dequantise_linear},
      {"DynamicQuantizeLinear", dynamic_quantise},
      {"qonnx.custom_op.general.Quant", quant},
      {"qonnx.custom_op.general.IntQuant", quant},
      {"qonnx.custom_op.general.BipolarQuant", bipolar_quant},
      {"onnx.brevitas.Quant", quant},
      {"onnx.brevitas.BipolarQuant", bipolar_quant},
      {"finn.custom_op.general.Quant", quant},
      {"finn.custom_op.general.BipolarQuant", bipolar_quant},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
