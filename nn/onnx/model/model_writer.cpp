#include "core/error.hpp"
#include "nn/onnx/model/model.hpp"

#ifdef LIGHTLOOM_HAS_ONNX
#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx_pb.h>

#include <cerrno>
#include <fstream>

#include "core/files/atomic_file.hpp"
#include "core/files/written.hpp"
#endif

namespace lightloom::nn::onnx {

#ifdef LIGHTLOOM_HAS_ONNX

namespace {

template <class T>
std::string raw_bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// 8-bit integers as the bytes they are, all others as int64.
std::string integer_bytes(const Array& array) {
  if (array.type != ElementType::int8 && array.type != ElementType::uint8)
    return raw_bytes(array.integers);
  return raw_bytes(std::vector<std::uint8_t>(array.integers.begin(), array.integers.end()));
}

/// Floats, int64 and 8-bit integers: all that a network of ours holds.
void write_array(const std::string& name, const Array& array, ::onnx::TensorProto& to) {
  to.set_name(name);
  for (const std::int64_t side : array.dims) to.add_dims(side);
  const bool small = array.type == ElementType::int8 || array.type == ElementType::uint8;
  to.set_data_type(!array.integer() ? ::onnx::TensorProto::FLOAT
                   : small          ? static_cast<int>(array.type)
                                    : ::onnx::TensorProto::INT64);
  to.set_raw_data(array.integer() ? integer_bytes(array) : raw_bytes(array.floats));
}

void write_attribute(const std::string& name, const Attribute& from, ::onnx::AttributeProto& to) {
  using Kind = ::onnx::AttributeProto;
  to.set_name(name);
  if (from.list) {
    to.set_type(Kind::INTS);
    for (const std::int64_t one : from.integers) to.add_ints(one);
  } else if (!from.integers.empty()) {
    to.set_type(Kind::INT);
    to.set_i(from.integers.front());
  } else if (!from.floats.empty()) {
    to.set_type(Kind::FLOAT);
    to.set_f(from.floats.front());
  } else {
    to.set_type(Kind::STRING);
    to.set_s(from.text);
  }
}

void write_operation(const Operation& from, ::onnx::NodeProto& to) {
  to.set_op_type(from.type);
  to.set_name(from.name);
  for (const std::string& input : from.inputs) to.add_input(input);
  for (const std::string& output : from.outputs) to.add_output(output);
  for (const auto& [name, attribute] : from.attributes) {
    write_attribute(name, attribute, *to.add_attribute());
  }
}

void write_value(const std::string& name, const std::vector<std::int64_t>& dims,
                 ::onnx::ValueInfoProto& to) {
  to.set_name(name);
  auto& tensor = *to.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(::onnx::TensorProto::FLOAT);
  for (const std::int64_t side : dims) {
    auto& open = *tensor.mutable_shape()->add_dim();
    if (side > 0) open.set_dim_value(side);
    if (side == 0) open.set_dim_param("N");
  }
}

}  // namespace

void write_model(const std::string& path, const Model& model) {
  ::onnx::ModelProto proto;
  proto.set_ir_version(8);
  proto.set_producer_name("lightloom");
  auto& opset = *proto.add_opset_import();
  opset.set_domain("");
  opset.set_version(model.opset);
  auto& graph = *proto.mutable_graph();
  graph.set_name("network");
  for (const Operation& operation : model.operations) write_operation(operation, *graph.add_node());
  for (const auto& [name, array] : model.constants) {
    write_array(name, array, *graph.add_initializer());
  }
  for (const Input& input : model.inputs) write_value(input.name, input.dims, *graph.add_input());
  for (const std::string& output : model.outputs) write_value(output, {}, *graph.add_output());
  AtomicFile whole(path);
  errno = 0;
  std::ofstream file(whole.temporary(), std::ios::binary);
  if (!proto.SerializeToOstream(&file)) file.setstate(std::ios::badbit);
  close_written(file, path);
  whole.commit();
}

#else

void write_model(const std::string& path, const Model&) {
  throw Error(fmt::format(
      "cannot write '{}' (this program was built without ONNX: install libonnx-dev and rebuild)",
      path));
}

#endif

}  // namespace lightloom::nn::onnx
