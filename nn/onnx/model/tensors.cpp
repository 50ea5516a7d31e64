#include "nn/onnx/model/proto.hpp"

#ifdef LIGHTLOOM_HAS_ONNX

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/error.hpp"

namespace lightloom::nn::onnx {
namespace {

using Proto = ::onnx::TensorProto;

/// A tensor and its raw bytes, wherever they are.
struct Source {
  const Proto& tensor;
  const std::string& raw;
};

/// Elements from raw little-endian bytes of type T.
template <class T, class Out>
void append_raw(const std::string& raw, std::vector<Out>& out) {
  out.reserve(out.size() + raw.size() / sizeof(T));
  for (std::size_t at = 0; at + sizeof(T) <= raw.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, raw.data() + at, sizeof value);
    out.push_back(static_cast<Out>(value));
  }
}

template <class Bits, float (*Value)(std::uint16_t)>
void append_halves(const Source& from, Array& array) {
  std::vector<Bits> bits(from.tensor.int32_data().begin(), from.tensor.int32_data().end());
  append_raw<Bits>(from.raw, bits);
  for (const Bits one : bits) array.floats.push_back(Value(one));
}

void read_floats(const Source& from, Array& array) {
  if (array.type == ElementType::float16) {
    append_halves<std::uint16_t, half_value>(from, array);
  } else if (array.type == ElementType::bfloat16) {
    append_halves<std::uint16_t, brain_value>(from, array);
  } else if (array.type == ElementType::float64) {
    array.floats.assign(from.tensor.double_data().begin(), from.tensor.double_data().end());
    append_raw<double>(from.raw, array.floats);
  } else {
    array.floats.assign(from.tensor.float_data().begin(), from.tensor.float_data().end());
    append_raw<float>(from.raw, array.floats);
  }
}

template <class T>
void read_as(const Source& from, Array& array) {
  if constexpr (sizeof(T) == 8 && std::is_signed_v<T>) {
    array.integers.assign(from.tensor.int64_data().begin(), from.tensor.int64_data().end());
  } else if constexpr (sizeof(T) >= 4 && !std::is_signed_v<T>) {
    array.integers.assign(from.tensor.uint64_data().begin(), from.tensor.uint64_data().end());
  } else {
    array.integers.assign(from.tensor.int32_data().begin(), from.tensor.int32_data().end());
  }
  append_raw<T>(from.raw, array.integers);
}

/// Numbers of 2 or 4 bits: the first in the lowest bits of a byte, the last byte filled up.
template <int Bits>
void read_packed(const Source& from, Array& array) {
  std::vector<std::uint8_t> bytes(from.tensor.int32_data().begin(), from.tensor.int32_data().end());
  append_raw<std::uint8_t>(from.raw, bytes);
  const auto count = static_cast<std::size_t>(array.size());
  constexpr std::size_t each = 8 / Bits;
  if (bytes.size() != (count + each - 1) / each) return;  // the count of values will not fit
  for (std::size_t i = 0; i < count; ++i) {
    const int bits = bytes[i / each] >> (Bits * static_cast<int>(i % each));
    array.integers.push_back(wrapped(bits, array.type));
  }
}

void read_integers(const Source& from, Array& array) {
  using T = ElementType;
  static const std::map<T, void (*)(const Source&, Array&)> readers{
      {T::int8, read_as<std::int8_t>},     {T::uint8, read_as<std::uint8_t>},
      {T::int16, read_as<std::int16_t>},   {T::uint16, read_as<std::uint16_t>},
      {T::int32, read_as<std::int32_t>},   {T::uint32, read_as<std::uint32_t>},
      {T::int64, read_as<std::int64_t>},   {T::uint64, read_as<std::uint64_t>},
      {T::boolean, read_as<std::uint8_t>}, {T::int4, read_packed<4>},
      {T::uint4, read_packed<4>},          {T::int2, read_packed<2>},
      {T::uint2, read_packed<2>},
  };
  readers.at(array.type)(from, array);
}

std::vector<std::int64_t> dims_of(const auto& proto, const std::string& where) {
  std::vector<std::int64_t> dims(proto.dims().begin(), proto.dims().end());
  std::int64_t product = 1;  // of the sides that there are: nothing along one bounds the others too
  for (const std::int64_t side : dims) {
    require(side >= 0 && (side == 0 || product <= (std::int64_t{1} << 40) / side),
            "{} has an impossible shape", where);
    product *= std::max<std::int64_t>(1, side);
  }
  return dims;
}

}  // namespace

Array array_of(const Proto& tensor, const std::string& path) {
  const std::string where = fmt::format("'{}': tensor '{}'", path, tensor.name());
  Array array{.type = static_cast<ElementType>(tensor.data_type())};
  array.dims = dims_of(tensor, where);
  if (!held(array.type)) return array;  // whoever needs its values finds none
  const bool external = tensor.data_location() == Proto::EXTERNAL;
  const std::string bytes = external ? external_bytes(tensor, path) : std::string();
  const Source from{tensor, external ? bytes : tensor.raw_data()};
  if (array.integer()) {
    read_integers(from, array);
    const bool fits = array.type != ElementType::uint64 ||
                      std::ranges::all_of(array.integers, [](auto value) { return value >= 0; });
    require(fits, "{} holds whole numbers past 2^63, which are not read", where);
  } else {
    read_floats(from, array);
  }
  require(array.complete(), "{} has too few or too many data", where);
  return array;
}

Array array_of(const ::onnx::SparseTensorProto& tensor, const std::string& path) {
  const std::string where = fmt::format("'{}': sparse tensor '{}'", path, tensor.values().name());
  const Array values = array_of(tensor.values(), path), indices = array_of(tensor.indices(), path);
  Array dense{.dims = dims_of(tensor, where), .type = values.type};
  const std::int64_t size = dense.size();
  const auto count = static_cast<std::size_t>(values.size()), rank = dense.dims.size();
  const bool linear = indices.dims.size() == 1;
  require(size <= std::int64_t{1} << 28 && values.complete() && indices.complete() &&
              indices.type == ElementType::int64 && rank > 0 &&
              indices.integers.size() == (linear ? count : count * rank),
          "{} has other indices than values (the file is damaged)", where);
  (dense.integer() ? dense.integers.resize(static_cast<std::size_t>(size))
                   : dense.floats.resize(static_cast<std::size_t>(size)));
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t at = linear ? indices.integers[i] : 0;
    for (std::size_t axis = 0; !linear && axis < rank; ++axis) {
      const std::int64_t index = indices.integers[i * rank + axis];
      require(index >= 0 && index < dense.dims[axis], "{} has an index outside of it", where);
      at = at * dense.dims[axis] + index;
    }
    require(at >= 0 && at < size, "{} has an index outside of it", where);
    if (dense.integer()) dense.integers[static_cast<std::size_t>(at)] = values.integers[i];
    if (!dense.integer()) dense.floats[static_cast<std::size_t>(at)] = values.floats[i];
  }
  return dense;
}

}  // namespace lightloom::nn::onnx

#endif
