// Products and convolutions of integers that stand for numbers.

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/operators/integers.hpp"

namespace lightloom::nn::onnx {
namespace {

/// The integers less their zero point, one for all or one for each place along `axis`.
Array centred(const OperatorCall& call, std::size_t number, std::size_t zero, std::size_t axis) {
  const Array& x = integer_input(call, number);
  Array out = zeros(x.dims, ElementType::float64);
  const bool many = has(call, zero) && input(call, zero).size() > 1;
  require(!many || axis < x.dims.size(), "{} has a list of zero points for axis {} of {} axes",
          call.operation.type, axis, x.dims.size());
  const Dims strides = strides_of(x.dims);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t at = many ? i / strides[axis] % x.dims[axis] : 0;
    out.floats[static_cast<std::size_t>(i)] =
        static_cast<float>(value(x, i) - zero_at(call, zero, at));
  }
  return out;
}

/// Runs a floating operator on integers that have lost their zero points. Exact: products of 9 bits
/// are summed in double, and results below 2^24 are held without rounding.
Array floating(const OperatorCall& call, const char* type, const std::vector<Array>& inputs) {
  Operation plain = call.operation;
  plain.type = type;
  plain.outputs.resize(1);
  std::vector<const Array*> all;
  for (const Array& one : inputs) all.push_back(&one);
  return evaluate(plain, all, call.opset).front();
}

/// Where a vector of zero points of the right operand of a matrix product counts: its columns.
std::size_t last_axis(const OperatorCall& call, std::size_t number) {
  return input(call, number).dims.size() - 1;
}
std::size_t row_axis(const OperatorCall& call, std::size_t number) {
  const std::size_t rank = input(call, number).dims.size();
  return rank > 1 ? rank - 2 : 0;
}

/// sums scale / out_scale + out_zero, rounded; `axis` is where the right scales count.
std::vector<Array> requantised(const OperatorCall& call, const Array& sums, std::size_t axis) {
  const Array &left = float_input(call, 1), &right = float_input(call, 4),
              &out_scale = float_input(call, 6);
  support(call, left.size() == 1 && out_scale.size() == 1, "scales per row");
  require(right.size() == 1 || axis < sums.dims.size(), "{} has a list of scales for one number",
          call.operation.type);
  const ElementType type = integer_input(call, 7).type;
  Array out = zeros(sums.dims, type);
  const Dims strides = strides_of(sums.dims);
  for (std::int64_t i = 0; i < sums.size(); ++i) {
    const std::int64_t at = right.size() == 1 ? 0 : i / strides[axis] % sums.dims[axis];
    require(at < right.size(), "{} has fewer scales than channels", call.operation.type);
    const auto factor = static_cast<float>(value(left, 0)) * static_cast<float>(value(right, at)) /
                        static_cast<float>(value(out_scale, 0));
    out.integers[static_cast<std::size_t>(i)] = rounded_into(
        std::nearbyint(double{static_cast<float>(value(sums, i)) * factor}) + zero_at(call, 7, 0),
        type);
  }
  return {out};
}

std::vector<Array> qlinear_matmul(const OperatorCall& call) {
  const Array sums =
      floating(call, "MatMul",
               {centred(call, 0, 2, row_axis(call, 0)), centred(call, 3, 5, last_axis(call, 3))});
  return requantised(call, sums, sums.dims.empty() ? 0 : sums.dims.size() - 1);
}

std::vector<Array> qlinear_conv(const OperatorCall& call) {
  std::vector<Array> inputs{centred(call, 0, 2, 1), centred(call, 3, 5, 0)};
  if (has(call, 8)) inputs.push_back(cast(integer_input(call, 8), ElementType::float64));
  return requantised(call, floating(call, "Conv", inputs), 1);
}

}  // namespace

void add_integer_products(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"QLinearMatMul", qlinear_matmul},
      {"QLinearConv", qlinear_conv},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
