#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

Array floats_array(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {.dims = {count}, .floats = std::move(values)};
}

std::vector<Array> constant(const OperatorCall& call) {
  const auto& attributes = call.operation.attributes;
  const auto find = [&](const char* key) {
    const auto found = attributes.find(key);
    return found == attributes.end() ? nullptr : &found->second;
  };
  if (find("value")) return {array(call.operation, "value")};
  for (const char* key : {"value_float", "value_floats"}) {
    if (const Attribute* one = find(key)) {
      Array out = floats_array(one->floats);
      if (key == std::string_view("value_float")) out.dims.clear();
      return {reshaped(out, out.dims)};
    }
  }
  for (const char* key : {"value_int", "value_ints"}) {
    if (const Attribute* one = find(key)) {
      Array out = integers_array(one->integers);
      if (key == std::string_view("value_int")) out.dims.clear();
      return {reshaped(out, out.dims)};
    }
  }
  throw Unsupported(call.operation, "a constant of this kind");
}

std::vector<Array> constant_of_shape(const OperatorCall& call) {
  const Dims& dims = integer_input(call, 0).integers;
  grown_size(call, dims);
  const auto found = call.operation.attributes.find("value");
  if (found == call.operation.attributes.end()) return {zeros(dims, ElementType::float32)};
  const Array& fill = array(call.operation, "value");
  require(fill.size() == 1, "ConstantOfShape holds one number");
  return {taken(fill, dims, Dims(static_cast<std::size_t>(checked_size(dims)), 0))};
}

std::vector<Array> shape(const OperatorCall& call) {
  require(has(call, 0), "Shape of nothing");
  const Dims& dims = call.inputs[0]->dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto bound = [&](const char* key, std::int64_t otherwise) {
    const std::int64_t at = integer(call.operation, key, otherwise);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  return {integers_array({dims.begin() + start, dims.begin() + end})};
}

std::vector<Array> size(const OperatorCall& call) {
  require(has(call, 0), "Size of nothing");
  Array out = integers_array({call.inputs[0]->size()});
  out.dims.clear();
  return {out};
}

std::vector<Array> cast_to(const OperatorCall& call) {
  const auto type = static_cast<ElementType>(integer(call.operation, "to", 0));
  if (!held(type)) throw Unsupported(call.operation, "the element type " + name_of(type));
  return {cast(input(call, 0), type)};
}

std::vector<Array> cast_like(const OperatorCall& call) {
  return {cast(input(call, 0), input(call, 1).type)};
}

std::vector<Array> range(const OperatorCall& call) {
  const Array& first = input(call, 0);
  const double start = value(first, 0), limit = value(input(call, 1), 0),
               step = value(input(call, 2), 0);
  require(step != 0, "Range with a step of zero");
  const double count = std::max(0.0, std::ceil((limit - start) / step));
  require(count < 1 << 24, "Range is too long");
  Array out = zeros({static_cast<std::int64_t>(count)}, first.type);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const double found = start + static_cast<double>(i) * step;
    if (out.integer()) {
      out.integers[i] = wrapped(std::llround(found), out.type);
    } else {
      out.floats[i] = rounded(found, out.type);
    }
  }
  return {out};
}

std::vector<Array> eye_like(const OperatorCall& call) {
  const Array& x = input(call, 0);
  require(x.dims.size() == 2, "EyeLike of something that is no matrix");
  const auto type =
      static_cast<ElementType>(integer(call.operation, "dtype", static_cast<std::int64_t>(x.type)));
  if (!held(type)) throw Unsupported(call.operation, "the element type " + name_of(type));
  const std::int64_t k = integer(call.operation, "k", 0);
  Array ones = zeros(x.dims, ElementType::int64);
  for (std::int64_t i = 0; i < ones.size(); ++i) {
    const std::int64_t columns = x.dims[1];
    ones.integers[static_cast<std::size_t>(i)] = i % columns - i / columns == k;
  }
  return {cast(ones, type)};
}

}  // namespace

void add_constants(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"Constant", constant}, {"ConstantOfShape", constant_of_shape},
      {"Shape", shape},       {"Size", size},
      {"Cast", cast_to},      {"CastLike", cast_like},
      {"Range", range},       {"EyeLike", eye_like},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
