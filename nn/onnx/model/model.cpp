#include "nn/onnx/model/model.hpp"

#include "core/error.hpp"
#include "nn/onnx/model/proto.hpp"

#ifdef LIGHTLOOM_HAS_ONNX
#include <fstream>

#include "nn/onnx/model/branches.hpp"
#include "nn/onnx/model/functions.hpp"
#include "nn/onnx/model/order.hpp"
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

const std::string& input_of(const Operation& operation, std::size_t input) {
  static const std::string none;
  return input < operation.inputs.size() ? operation.inputs[input] : none;
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

Attribute attribute_of(const ::onnx::AttributeProto& from, const std::string& path) {
  Attribute to;
  using Kind = ::onnx::AttributeProto;
  to.integers.assign(from.ints().begin(), from.ints().end());
  to.floats.assign(from.floats().begin(), from.floats().end());
  if (from.type() == Kind::INT) to.integers = {from.i()};
  if (from.type() == Kind::FLOAT) to.floats = {from.f()};
  to.text = from.s();
  to.texts.assign(from.strings().begin(), from.strings().end());
  if (from.type() == Kind::TENSOR) to.array = array_of(from.t(), path);
  to.list = from.type() == Kind::INTS || from.type() == Kind::FLOATS;
  to.graph = from.type() == Kind::GRAPH || from.type() == Kind::GRAPHS;
  to.reference = from.ref_attr_name();
  return to;
}

/// An operator's type: with its domain if that is not ONNX's own.
std::string type_of(const std::string& domain, const std::string& name) {
  return domain.empty() || domain == "ai.onnx" ? name : domain + "." + name;
}

/// The texts of a field that the library knows, or its messages as bytes.
std::vector<std::string> known_fields(const google::protobuf::Message& message,
                                      const google::protobuf::FieldDescriptor& field) {
  using Field = google::protobuf::FieldDescriptor;
  const auto* reflection = message.GetReflection();
  const bool one = !field.is_repeated() && reflection->HasField(message, &field);
  const int count = field.is_repeated() ? reflection->FieldSize(message, &field) : int{one};
  std::vector<std::string> found;
  for (int i = 0; i < count; ++i) {
    if (field.cpp_type() == Field::CPPTYPE_STRING)
      found.push_back(one ? reflection->GetString(message, &field)
                          : reflection->GetRepeatedString(message, &field, i));
    else if (field.cpp_type() == Field::CPPTYPE_MESSAGE)
      found.push_back(one ? reflection->GetMessage(message, &field).SerializeAsString()
                          : reflection->GetRepeatedMessage(message, &field, i).SerializeAsString());
  }
  return found;
}

/// Fields by their number, whether the library's own list of them has them yet (ONNX 1.17) or is
/// older (ONNX 1.12).
std::vector<std::string> newer_fields(const google::protobuf::Message& message, int number) {
  if (const auto* field = message.GetDescriptor()->FindFieldByNumber(number))
    return known_fields(message, *field);
  std::vector<std::string> found;
  const auto& fields = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    const bool bytes = field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED;
    if (field.number() == number && bytes) found.push_back(field.length_delimited());
  }
  return found;
}

/// NodeProto.overload and FunctionProto.overload, since IR 10: functions of one name apart.
std::string overloaded(std::string type, const google::protobuf::Message& message, int number) {
  for (const std::string& name : newer_fields(message, number))
    if (!name.empty()) type += ":" + name;
  return type;
}

void add_branches(const ::onnx::NodeProto& from, Operation& to, const std::string& path);

Operation operation_of(const ::onnx::NodeProto& from, const std::string& path) {
  Operation to{.type = overloaded(type_of(from.domain(), from.op_type()), from, 8),
               .name = from.name()};
  require(from.output_size() > 0, "'{}': node '{}' ({}) has no output (the file is damaged)", path,
          from.name(), from.op_type());
  to.inputs.assign(from.input().begin(), from.input().end());
  to.outputs.assign(from.output().begin(), from.output().end());
  for (const auto& attribute : from.attribute()) {
    to.attributes[attribute.name()] = attribute_of(attribute, path);
  }
  if (to.type == "If") add_branches(from, to, path);
  return to;
}

/// A body, its constants as operations of their own.
Body body_of(const ::onnx::GraphProto& from, const std::string& path) {
  Body body;
  for (const auto& tensor : from.initializer())
    body.operations.push_back({.type = "Constant",
                               .outputs = {tensor.name()},
                               .attributes = {{"value", {.array = array_of(tensor, path)}}}});
  for (const auto& node : from.node()) body.operations.push_back(operation_of(node, path));
  body.operations = in_order(std::move(body.operations));
  for (const auto& output : from.output()) body.outputs.push_back(output.name());
  body.inputs = read_from_around(body);
  return body;
}

void add_branches(const ::onnx::NodeProto& from, Operation& to, const std::string& path) {
  for (const char* name : {"then_branch", "else_branch"}) {
    for (const auto& attribute : from.attribute()) {
      if (attribute.name() != name || !attribute.has_g()) continue;
      const auto body = std::make_shared<const Body>(body_of(attribute.g(), path));
      to.attributes[name] = {.branch = body};
      to.inputs.insert(to.inputs.end(), body->inputs.begin(), body->inputs.end());
    }
  }
}

Input input_of(const ::onnx::ValueInfoProto& from) {
  Input input{from.name(), {}, from.type().has_tensor_type()};
  for (const auto& side : from.type().tensor_type().shape().dim()) {
    input.dims.push_back(side.has_dim_value() ? side.dim_value() : 0);
  }
  return input;
}

Body function_of(const ::onnx::FunctionProto& from, const std::string& path) {
  Body to;
  to.inputs.assign(from.input().begin(), from.input().end());
  to.outputs.assign(from.output().begin(), from.output().end());
  for (const auto& node : from.node()) to.operations.push_back(operation_of(node, path));
  constexpr int attribute_proto = 11;  // attributes with a default, since ONNX 1.13
  for (const std::string& bytes : newer_fields(from, attribute_proto)) {
    ::onnx::AttributeProto attribute;
    require(attribute.ParseFromString(bytes), "'{}' is damaged in its function {}", path,
            from.name());
    to.defaults[attribute.name()] = attribute_of(attribute, path);
  }
  to.operations = in_order(std::move(to.operations));
  return to;
}

/// The operations of the graph, its functions inlined, in order.
std::vector<Operation> operations_of(const ::onnx::ModelProto& proto, const std::string& path) {
  Functions functions;
  for (const auto& one : proto.functions()) {
    functions[overloaded(type_of(one.domain(), one.name()), one, 13)] = function_of(one, path);
  }
  std::vector<Operation> operations;
  for (const auto& node : proto.graph().node()) operations.push_back(operation_of(node, path));
  try {
    return in_order(inlined(operations, functions));
  } catch (const Error& problem) {
    throw Error(fmt::format("'{}': {}", path, problem.what()));
  }
}

}  // namespace

bool available() { return true; }

Model read_model(const std::string& path) {
  const auto proto = parse_file<::onnx::ModelProto>(path);
  require(proto.has_graph(), "'{}' holds no network", path);
  Model model{.ir = proto.ir_version()};
  for (const auto& set : proto.opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") model.opset = set.version();
  }
  require(model.opset > 0, "'{}' does not say its opset (it is damaged)", path);
  for (const auto& tensor : proto.graph().initializer()) {
    model.constants[tensor.name()] = array_of(tensor, path);
  }
  for (const auto& tensor : proto.graph().sparse_initializer()) {
    model.constants[tensor.values().name()] = array_of(tensor, path);
  }
  model.operations = operations_of(proto, path);
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
