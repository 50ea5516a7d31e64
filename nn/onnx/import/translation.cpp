#include "nn/onnx/import/translation.hpp"

#include <algorithm>
#include <utility>

#include "core/error.hpp"

namespace lightloom::nn::onnx {
namespace {

/// The image shape of an input: rank 4 is a map, any other rank images of one row of numbers.
MapShape image_of(const Model& model) {
  require(model.inputs.size() == 1, "the model has {} changing inputs (one is needed)",
          model.inputs.size());
  const std::vector<std::int64_t>& dims = model.inputs[0].dims;
  require(!dims.empty(), "the model's input is a single number (images are needed)");
  std::int64_t row = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    require(i == 0 || (dims[i] > 0 && dims[i] < 1 << 24),
            "the model leaves the size of its images open");
    if (i > 0) row *= dims[i];
    require(row < 1 << 28, "the model's images are too large");
  }
  if (dims.size() != 4) return {1, 1, static_cast<int>(row)};
  return {static_cast<int>(dims[2]), static_cast<int>(dims[3]), static_cast<int>(dims[1])};
}

}  // namespace

Translation::Translation(const Model& model) : builder("onnx", image_of(model)), model_(model) {
  imported.input_dims = model.inputs[0].dims;
  for (const auto& [name, array] : model.constants) values_[name] = array;
  for (const Operation& operation : model.operations)
    for (const std::string& name : operation.inputs) ++readers_[name];
  for (const std::string& name : model.outputs) ++readers_[name];
  values_[model.inputs[0].name] = Changing{0, model.inputs[0].dims, {}};
}

Imported Translation::finish() && {
  require(model_.outputs.size() >= 1, "the model has no output");
  const auto last = values_.find(model_.outputs[0]);
  const auto* output = last == values_.end() ? nullptr : std::get_if<Changing>(&last->second);
  require(output != nullptr, "the model's output does not depend on its input");
  require(output->node + 1 == static_cast<int>(builder.size()),
          "the model computes something after its first output");
  imported.output_dims = output->dims;
  imported.flattened = output->flattened;
  imported.graph = std::move(builder).finish();
  return std::move(imported);
}

std::optional<std::vector<const Array*>> Translation::all_constant(const Operation& o) const {
  std::vector<const Array*> inputs;
  for (const std::string& name : o.inputs) {
    const auto found = values_.find(name);
    const auto* array = found == values_.end() ? nullptr : std::get_if<Array>(&found->second);
    if (array == nullptr && !name.empty()) return std::nullopt;
    inputs.push_back(array);
  }
  return inputs;
}

bool Translation::has(const Operation& o, std::size_t input) const {
  return input < o.inputs.size() && !o.inputs[input].empty();
}

const Value& Translation::value(const Operation& o, std::size_t input) const {
  const auto found = has(o, input) ? values_.find(o.inputs[input]) : values_.end();
  if (found == values_.end()) throw Unsupported(o, "a missing input");
  const auto* array = std::get_if<Array>(&found->second);
  if (array != nullptr && !held(array->type))
    throw Unsupported(o, "the element type " + name_of(array->type));
  if (array != nullptr && !array->complete()) throw Unsupported(o, "a constant without values");
  return found->second;
}

const Changing& Translation::changing(const Operation& o, std::size_t input) const {
  const auto* changing = std::get_if<Changing>(&value(o, input));
  if (changing == nullptr) throw Unsupported(o, "a constant here");
  return *changing;
}

const Changing& Translation::map(const Operation& o, std::size_t input) const {
  const Changing& value = changing(o, input);
  if (value.dims.size() != 4) throw Unsupported(o, "an input that is not a batch of maps");
  return value;
}

const Array& Translation::fixed(const Operation& o, std::size_t input) const {
  const auto* array = std::get_if<Array>(&value(o, input));
  if (array == nullptr) throw Unsupported(o, "a parameter that changes");
  return *array;
}

std::vector<float> Translation::floats(const Operation& o, std::size_t input,
                                       std::int64_t size) const {
  const Array& array = fixed(o, input);
  if (array.integer() || static_cast<std::int64_t>(array.floats.size()) != size) {
    throw Unsupported(o, "a parameter of this type or size");
  }
  return array.floats;
}

void Translation::result(const Operation& o, Value value) {
  for (std::size_t i = 1; i < o.outputs.size(); ++i) {
    if (!o.outputs[i].empty() && o.type != "Dropout" && o.type != "BatchNormalization") {
      throw Unsupported(o, "a second output");
    }
  }
  values_[o.outputs.at(0)] = std::move(value);
}

void Translation::results(const Operation& o, std::vector<Array> arrays) {
  for (std::size_t i = 0; i < std::min(arrays.size(), o.outputs.size()); ++i) {
    if (!o.outputs[i].empty()) values_[o.outputs[i]] = std::move(arrays[i]);
  }
}

void Translation::same_shape(const Operation& o, const Changing& input, int node) {
  result(o, Changing{node, input.dims, input.flattened});
}

bool Translation::read_once(const Changing& value) const {
  int readers = 0;
  for (const auto& [name, other] : values_) {
    const auto* changing = std::get_if<Changing>(&other);
    const auto found = readers_.find(name);
    if (changing != nullptr && changing->node == value.node && found != readers_.end())
      readers += found->second;
  }
  return readers == 1;
}

std::string Translation::layer_name(const Operation& o) {
  std::string name = o.name.empty() ? "node" + std::to_string(builder.size()) : o.name;
  std::replace(name.begin(), name.end(), '/', '.');
  while (!names_.insert(name).second) name += "_";
  return name;
}

}  // namespace lightloom::nn::onnx
