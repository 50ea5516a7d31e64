#include "nn/onnx/import/translation.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "core/error.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/passes/input_form.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Each element once, and all of them.
bool is_permutation(std::vector<int> places, std::int64_t size) {
  if (static_cast<std::int64_t>(places.size()) != size) return false;
  std::sort(places.begin(), places.end());
  return std::adjacent_find(places.begin(), places.end()) == places.end();
}

}  // namespace

Translation::Translation(const Model& model)
    : builder("onnx", input_form(model).image), model_(model) {
  imported.input_dims = model.inputs[0].dims;
  for (const auto& [name, array] : model.constants) values_[name] = array;
  for (const Operation& operation : model.operations)
    for (const std::string& name : operation.inputs) ++readers_[name];
  for (const std::string& name : model.outputs) ++readers_[name];
  Changing input{0, model.inputs[0].dims};
  if (input.dims[0] == 0) input.dims[0] = open_batch;
  const MapShape image = builder.shape(0);
  imported.channels_last = input_form(model).channels_last;
  if (imported.channels_last) {  // as they are stored
    std::vector<int> places(static_cast<std::size_t>(image.size()));
    std::iota(places.begin(), places.end(), 0);
    input = seen(input, std::move(places), image);
  } else if (input.dims.size() != 4 && image.height * image.width > 1) {  // rows of a map
    const Changing map{0, {1, image.channels, image.height, image.width}};
    input = seen(input, places_of(map, image), image);
  }
  values_[model.inputs[0].name] = std::move(input);
}

Imported Translation::finish() && {
  require(model_.outputs.size() >= 1, "the model has no output");
  const auto last = values_.find(model_.outputs[0]);
  const auto* output = last == values_.end() ? nullptr : std::get_if<Changing>(&last->second);
  require(output != nullptr, "the model's output does not depend on its input");
  require(!output->coded, "the model's output is integers (dequantise it)");
  const Changing last_value = output->order == nullptr ? *output : settled(*output);
  require(last_value.node + 1 == static_cast<int>(builder.size()),
          "the model computes something after its first output");
  imported.output_dims = last_value.dims;
  if (model_.inputs[0].dims[0] == 0 && imported.output_dims[0] == open_batch)
    imported.output_dims[0] = 0;
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

const Changing& Translation::viewed(const Operation& o, std::size_t input) const {
  const auto* changing = std::get_if<Changing>(&value(o, input));
  if (changing == nullptr) throw Unsupported(o, "a constant here");
  return *changing;
}

const Changing& Translation::changing(const Operation& o, std::size_t input) {
  const Changing& value = viewed(o, input);
  if (value.coded) throw Unsupported(o, "arithmetic on integers");
  if (value.order != nullptr) values_[o.inputs[input]] = settled(Changing(value));
  return value;
}

const Changing& Translation::map(const Operation& o, std::size_t input) {
  if (viewed(o, input).dims.size() != 4)
    throw Unsupported(o, "an input that is not a batch of maps");
  return changing(o, input);
}

Changing Translation::settled(const Changing& value) {
  const MapShape stored = builder.shape(value.node), wanted = usual_shape(value.dims);
  if (value.order == nullptr && stored == wanted) return value;
  const std::vector<int> from = places_of(value, stored);
  const std::vector<int> to = places_of({value.node, value.dims}, wanted);
  std::vector<int> places(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) places[static_cast<std::size_t>(to[i])] = from[i];
  return {builder.rearrange(value.node, wanted, std::move(places)), value.dims, nullptr,
          value.coded};
}

Changing Translation::repeated(const Changing& value, const std::vector<std::int64_t>& dims) {
  const Operation expand{"Expand", "", {"x", "shape"}, {"y"}, {}};
  std::vector<std::int64_t> image = dims;
  image.front() = 1;
  const Array numbers = numbered(value.dims), shape = integers_array(std::move(image));
  return gathered(value, dims, evaluate(expand, {&numbers, &shape}, opset()).front().integers);
}

Changing Translation::gathered(const Changing& value, std::vector<std::int64_t> dims,
                               const std::vector<std::int64_t>& numbers) {
  require(numbers.size() <= 1 << 26, "the model repeats its maps to more than 2^26 numbers");
  const MapShape stored = builder.shape(value.node);
  const std::vector<int> from = places_of(value, stored);
  std::vector<int> places;
  places.reserve(numbers.size());
  for (const std::int64_t number : numbers)
    places.push_back(from[static_cast<std::size_t>(number)]);
  Changing out = value;
  out.dims = std::move(dims);
  if (is_permutation(places, stored.size())) return seen(std::move(out), std::move(places), stored);
  const MapShape shape = usual_shape(out.dims);
  const std::vector<int> to = places_of({value.node, out.dims}, shape);
  std::vector<int> moved(places.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    moved[static_cast<std::size_t>(to[i])] = places[i];
  out.node = builder.rearrange(value.node, shape, std::move(moved));
  out.order = nullptr;
  return out;
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
    if (readers_.contains(o.outputs[i])) throw Unsupported(o, "a second output that is read");
  }
  values_[o.outputs.at(0)] = std::move(value);
}

void Translation::result(const Operation& o, std::size_t output, Value value) {
  if (!o.outputs[output].empty()) values_[o.outputs[output]] = std::move(value);
}

void Translation::results(const Operation& o, std::vector<Array> arrays) {
  for (std::size_t i = 0; i < std::min(arrays.size(), o.outputs.size()); ++i) {
    if (!o.outputs[i].empty()) values_[o.outputs[i]] = std::move(arrays[i]);
  }
}

void Translation::same_shape(const Operation& o, const Changing& input, int node) {
  Changing out = input;
  out.node = node;
  result(o, std::move(out));
}

void Translation::done(const Operation& o) {
  for (const std::string& name : o.inputs) --readers_[name];
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
