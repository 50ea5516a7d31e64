#include "nn/onnx/evaluate/operator_call.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

constexpr std::int64_t most_held = std::int64_t{1} << 28;  // elements of an array

}  // namespace

bool has(const OperatorCall& call, std::size_t input) {
  return input < call.inputs.size() && call.inputs[input] != nullptr;
}

void support(const OperatorCall& call, bool condition, const char* otherwise) {
  if (!condition) throw Unsupported(call.operation, otherwise);
}

const Array& input(const OperatorCall& call, std::size_t number) {
  require(has(call, number), "{} lacks its input {}", call.operation.type, number);
  const Array& array = *call.inputs[number];
  if (!held(array.type)) {
    throw Unsupported(call.operation, "the element type " + name_of(array.type));
  }
  support(call, array.complete(), "a constant without values");
  if (array.type == ElementType::uint64) {
    support(
        call,
        std::all_of(array.integers.begin(), array.integers.end(), [](auto v) { return v >= 0; }),
        "a number past 2^63");
  }
  return array;
}

const Array& float_input(const OperatorCall& call, std::size_t number) {
  const Array& array = input(call, number);
  if (array.integer()) {
    throw Unsupported(call.operation, "the element type " + name_of(array.type));
  }
  return array;
}

const Array& integer_input(const OperatorCall& call, std::size_t number) {
  const Array& array = input(call, number);
  if (!array.integer()) {
    throw Unsupported(call.operation, "the element type " + name_of(array.type));
  }
  return array;
}

bool wants(const OperatorCall& call, std::size_t output) {
  return output < call.operation.outputs.size() && !call.operation.outputs[output].empty();
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  require(axis >= -count && axis < count, "axis {} is outside of {} axes", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

std::size_t axis_of(const OperatorCall& call, std::int64_t otherwise, std::size_t rank) {
  return axis_of(integer(call.operation, "axis", otherwise), rank);
}

Dims axes_of(const OperatorCall& call, std::size_t number) {
  if (has(call, number)) return integer_input(call, number).integers;
  return integers(call.operation, "axes", {});
}

std::int64_t checked_size(const Dims& dims) {
  std::int64_t size = 1;
  bool any = true;
  for (const std::int64_t side : dims) {
    require(side >= 0, "a side of {} is impossible", side);
    any = any && side > 0;
    if (side == 0) continue;
    if (size > most_held / side) throw TooLarge("an array of more than 2^28 elements");
    size *= side;
  }
  return any ? size : 0;
}

const Dims& bounded(const char* key, const Dims& numbers) {
  for (const std::int64_t one : numbers)
    if (one < -most_held || one > most_held)
      throw TooLarge(fmt::format("{} holds the number {}, which", key, one));
  return numbers;
}

std::int64_t grown_size(std::int64_t from, const Dims& dims) {
  constexpr std::int64_t most_grown = std::int64_t{1} << 24, times = 64;
  const std::int64_t size = checked_size(dims);
  if (size > most_grown && size / times > from)
    throw TooLarge("an array of more than 2^24 elements, made of so few,");
  return size;
}

std::int64_t grown_size(const OperatorCall& call, const Dims& dims) {
  std::int64_t from = 0;
  for (const Array* one : call.inputs)
    if (one != nullptr)
      from += static_cast<std::int64_t>(one->floats.size() + one->integers.size());
  return grown_size(from, dims);
}

Dims strides_of(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
  return strides;
}

void advance(Dims& index, const Dims& dims) {
  for (std::size_t axis = dims.size(); axis-- > 0;) {
    if (++index[axis] < dims[axis]) return;
    index[axis] = 0;
  }
}

Array zeros(Dims dims, ElementType type) {
  const auto size = static_cast<std::size_t>(checked_size(dims));
  Array array{.dims = std::move(dims), .type = type};
  if (array.integer()) {
    array.integers.resize(size);
  } else {
    array.floats.resize(size);
  }
  return array;
}

Array taken(const Array& array, Dims dims, const Dims& from, double fill) {
  Array out = zeros(std::move(dims), array.type);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto at = static_cast<std::size_t>(from[i]);
    if (array.integer()) {
      out.integers[i] = from[i] < 0 ? whole(fill, out.type) : array.integers.at(at);
    } else {
      out.floats[i] = from[i] < 0 ? static_cast<float>(fill) : array.floats.at(at);
    }
  }
  return out;
}

Array reshaped(const Array& array, Dims dims) {
  require(checked_size(dims) == array.size(), "a reshape to another number of elements");
  Array out = array;
  out.dims = std::move(dims);
  return out;
}

Dims broadcast(const Dims& left, const Dims& right) {
  Dims dims(std::max(left.size(), right.size()), 1);
  const auto side = [&](const Dims& of, std::size_t axis) {
    const std::size_t missing = dims.size() - of.size();
    return axis < missing ? 1 : of[axis - missing];
  };
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const std::int64_t a = side(left, axis), b = side(right, axis);
    require(a == b || a == 1 || b == 1, "shapes that do not broadcast ({} and {} on an axis)", a,
            b);
    dims[axis] = a == 1 ? b : a;
  }
  grown_size(checked_size(left) + checked_size(right), dims);
  return dims;
}

Array broadcast_to(const Array& array, const Dims& dims) {
  if (array.dims == dims) return array;
  require(broadcast(array.dims, dims) == dims, "a shape that does not broadcast to the result");
  const std::size_t missing = dims.size() - array.dims.size();
  Dims strides = strides_of(array.dims);
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    if (array.dims[axis] == 1) strides[axis] = 0;
  }
  Dims from(static_cast<std::size_t>(checked_size(dims))), index(dims.size());
  for (std::int64_t& at : from) {
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
      at += index[axis + missing] * strides[axis];
    }
    advance(index, dims);
  }
  return taken(array, dims, from);
}

double value(const Array& array, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  require(at < (array.integer() ? array.integers.size() : array.floats.size()),
          "an input of {} numbers lacks number {}", array.size(), i);
  return array.integer() ? static_cast<double>(array.integers[at]) : double{array.floats[at]};
}

bool exact_in_double(const Array& array) {
  constexpr std::int64_t most = std::int64_t{1} << 53;
  return std::all_of(array.integers.begin(), array.integers.end(),
                     [](std::int64_t one) { return one >= -most && one <= most; });
}

std::int64_t whole(double number, ElementType type) {
  return std::abs(number) < 9e18 ? wrapped(static_cast<std::int64_t>(number), type) : lowest(type);
}

void round_floats(Array& array) {
  if (array.type == ElementType::float32 || array.type == ElementType::float64) return;
  for (float& one : array.floats) one = rounded(one, array.type);
}

Array cast(const Array& array, ElementType type) {
  Array out = zeros(array.dims, type);
  for (std::int64_t i = 0; i < array.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!out.integer()) {
      out.floats[at] = rounded(value(array, i), type);
    } else if (type == ElementType::boolean) {
      out.integers[at] = value(array, i) != 0;
    } else if (array.integer()) {
      out.integers[at] = wrapped(array.integers[at], type);
    } else {
      out.integers[at] = whole(double{array.floats[at]}, type);
    }
  }
  return out;
}

}  // namespace lightloom::nn::onnx
