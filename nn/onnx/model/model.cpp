#include "nn/onnx/model/model.hpp"

#include "core/error.hpp"

#ifdef LIGHTLOOM_HAS_ONNX
#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx_pb.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <type_traits>
#endif

namespace lightloom::nn::onnx {

std::int64_t Array::size() const {
  std::int64_t product = 1;
  for (const std::int64_t side : dims) product *= side;
  return product;
}

bool Array::complete() const {
  return held(type) &&
         static_cast<std::int64_t>(integer() ? integers.size() : floats.size()) == size();
}

Array integers_array(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {.dims = {count}, .integers = std::move(values), .type = ElementType::int64};
}

#ifdef LIGHTLOOM_HAS_ONNX

namespace {

using Proto = ::onnx::TensorProto;

template <class Message>
Message parse_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), "cannot read '{}' (the file is missing or not readable)", path);
  Message message;
  require(message.ParseFromIstream(&file), "'{}' is not an ONNX file (or it is damaged)", path);
  return message;
}

/// Elements from raw little-endian bytes of type T.
template <class T, class Out>
void append_raw(const std::string& raw, std::vector<Out>& out) {
  for (std::size_t at = 0; at + sizeof(T) <= raw.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, raw.data() + at, sizeof value);
    out.push_back(static_cast<Out>(value));
  }
}

template <class Bits, float (*Value)(std::uint16_t)>
void append_halves(const Proto& tensor, Array& array) {
  std::vector<Bits> bits(tensor.int32_data().begin(), tensor.int32_data().end());
  append_raw<Bits>(tensor.raw_data(), bits);
  for (const Bits one : bits) array.floats.push_back(Value(one));
}

void read_floats(const Proto& tensor, Array& array) {
  if (array.type == ElementType::float16) {
    append_halves<std::uint16_t, half_value>(tensor, array);
  } else if (array.type == ElementType::bfloat16) {
    append_halves<std::uint16_t, brain_value>(tensor, array);
  } else if (array.type == ElementType::float64) {
    array.floats.assign(tensor.double_data().begin(), tensor.double_data().end());
    append_raw<double>(tensor.raw_data(), array.floats);
  } else {
    array.floats.assign(tensor.float_data().begin(), tensor.float_data().end());
    append_raw<float>(tensor.raw_data(), array.floats);
  }
}

template <class T>
void read_as(const Proto& tensor, Array& array) {
  if constexpr (sizeof(T) == 8 && std::is_signed_v<T>) {
    array.integers.assign(tensor.int64_data().begin(), tensor.int64_data().end());
  } else if constexpr (sizeof(T) >= 4 && !std::is_signed_v<T>) {
    array.integers.assign(tensor.uint64_data().begin(), tensor.uint64_data().end());
  } else {
    array.integers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
  }
  append_raw<T>(tensor.raw_data(), array.integers);
}

void read_integers(const Proto& tensor, Array& array) {
  static const std::map<ElementType, void (*)(const Proto&, Array&)> readers{
      {ElementType::int8, read_as<std::int8_t>},     {ElementType::uint8, read_as<std::uint8_t>},
      {ElementType::int16, read_as<std::int16_t>},   {ElementType::uint16, read_as<std::uint16_t>},
      {ElementType::int32, read_as<std::int32_t>},   {ElementType::uint32, read_as<std::uint32_t>},
      {ElementType::int64, read_as<std::int64_t>},   {ElementType::uint64, read_as<std::uint64_t>},
      {ElementType::boolean, read_as<std::uint8_t>},
  };
  readers.at(array.type)(tensor, array);
}

Array array_of(const Proto& tensor, const std::string& path) {
  require(tensor.data_location() != Proto::EXTERNAL,
          "'{}' keeps the data of '{}' in another file (save it as one file)", path, tensor.name());
  Array array{.type = static_cast<ElementType>(tensor.data_type())};
  array.dims.assign(tensor.dims().begin(), tensor.dims().end());
  std::int64_t product = 1;
  for (const std::int64_t side : array.dims) {
    require(side >= 0 && (side == 0 || product <= (std::int64_t{1} << 40) / side),
            "'{}' has an impossible shape for '{}'", path, tensor.name());
    product *= side;
  }
  if (!held(array.type)) return array;  // whoever needs its values finds none
  if (array.integer()) {
    read_integers(tensor, array);
  } else {
    read_floats(tensor, array);
  }
  const std::size_t found = array.integer() ? array.integers.size() : array.floats.size();
  require(static_cast<std::int64_t>(found) == product, "'{}' has too few or too many data for '{}'",
          path, tensor.name());
  return array;
}

Attribute attribute_of(const ::onnx::AttributeProto& from, const std::string& path) {
  Attribute to;
  using Kind = ::onnx::AttributeProto;
  to.integers.assign(from.ints().begin(), from.ints().end());
  to.floats.assign(from.floats().begin(), from.floats().end());
  if (from.type() == Kind::INT) to.integers = {from.i()};
  if (from.type() == Kind::FLOAT) to.floats = {from.f()};
  to.text = from.s();
  if (from.type() == Kind::TENSOR) to.array = array_of(from.t(), path);
  to.list = from.type() == Kind::INTS || from.type() == Kind::FLOATS;
  to.graph = from.type() == Kind::GRAPH || from.type() == Kind::GRAPHS;
  return to;
}

Operation operation_of(const ::onnx::NodeProto& from, const std::string& path) {
  Operation to{.type = from.op_type(), .name = from.name()};
  if (!from.domain().empty() && from.domain() != "ai.onnx") {
    to.type = from.domain() + "." + from.op_type();
  }
  require(from.output_size() > 0, "'{}': node '{}' ({}) has no output (the file is damaged)", path,
          from.name(), from.op_type());
  to.inputs.assign(from.input().begin(), from.input().end());
  to.outputs.assign(from.output().begin(), from.output().end());
  for (const auto& attribute : from.attribute()) {
    to.attributes[attribute.name()] = attribute_of(attribute, path);
  }
  return to;
}

Input input_of(const ::onnx::ValueInfoProto& from) {
  Input input{from.name(), {}, from.type().has_tensor_type()};
  for (const auto& side : from.type().tensor_type().shape().dim()) {
    input.dims.push_back(side.has_dim_value() ? side.dim_value() : 0);
  }
  return input;
}

}  // namespace

bool available() { return true; }

Model read_model(const std::string& path) {
  const auto proto = parse_file<::onnx::ModelProto>(path);
  require(proto.has_graph(), "'{}' holds no network", path);
  Model model;
  for (const auto& set : proto.opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") model.opset = set.version();
  }
  require(model.opset > 0, "'{}' does not say its opset (it is damaged)", path);
  for (const auto& tensor : proto.graph().initializer()) {
    model.constants[tensor.name()] = array_of(tensor, path);
  }
  for (const auto& node : proto.graph().node()) {
    model.operations.push_back(operation_of(node, path));
  }
  for (const auto& input : proto.graph().input()) {
    if (!model.constants.contains(input.name())) model.inputs.push_back(input_of(input));
  }
  for (const auto& output : proto.graph().output()) model.outputs.push_back(output.name());
  return model;
}

Array read_array(const std::string& path) { return array_of(parse_file<Proto>(path), path); }

#else

bool available() { return false; }

Model read_model(const std::string& path) {
  throw Error(fmt::format(
      "cannot read '{}' (this program was built without ONNX: install libonnx-dev and rebuild)",
      path));
}

Array read_array(const std::string& path) {
  (void)read_model(path);
  return {};
}

#endif

}  // namespace lightloom::nn::onnx
