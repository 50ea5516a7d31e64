#include "nn/onnx/translation/translation.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "core/error.hpp"
#include "nn/onnx/passes/input_form.hpp"
#include "nn/onnx/translation/live_nodes.hpp"
#include "nn/ops/function_steps.hpp"

namespace lightloom::nn::onnx {

Translation::Translation(const Model& model)
    : builder("onnx", input_form(model).image), model_(model) {
  imported.input_dims = model.inputs[0].dims;
  imported.channels_last = input_form(model).channels_last;
  images_ = std::max<std::int64_t>(1, imported.input_dims[0]);
  for (const auto& [name, array] : model.constants) values_[name] = array;
  for (const Operation& operation : model.operations) {
    for (const std::string& name : operation.inputs) ++readers_[name];
    for (const std::string& name : operation.outputs)
      if (!name.empty()) makers_[name] = &operation;
  }
  for (const std::string& name : model.outputs) ++readers_[name];
  values_[model.inputs[0].name] = whole_input();
}

/// Channels last as they are stored, anything else channel by channel.
Changing Translation::whole_input() const {
  std::vector<std::int64_t> dims = imported.input_dims;
  dims[0] = images_;
  const MapShape image = builder.shape(0);
  if (dims.size() == 4 && !imported.channels_last) return {.node = 0, .dims = std::move(dims)};
  return at(0, std::move(dims),
            imported.channels_last ? counting(image.size()) : map_places(image));
}

Imported Translation::finish() && {
  require(model_.outputs.size() >= 1, "the model has no output");
  const auto last = values_.find(model_.outputs[0]);
  const auto* output = last == values_.end() ? nullptr : std::get_if<Changing>(&last->second);
  require(output != nullptr, "the model's output does not depend on its input");
  require(!output->coded, "the model's output is integers (dequantise it)");
  const Changing settled_output = settled(*output);
  imported.output_dims = settled_output.dims;
  if (open_batch() && imported.output_dims[0] == images_) imported.output_dims[0] = 0;
  imported.graph = std::move(builder).finish();
  keep_what_leads_to(settled_output.node, imported);
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

const Changing& Translation::coded(const Operation& o, std::size_t input) const {
  const auto* changing = std::get_if<Changing>(&value(o, input));
  if (changing == nullptr) throw Unsupported(o, "a constant here");
  return *changing;
}

const Changing& Translation::viewed(const Operation& o, std::size_t input) const {
  const Changing& changing = coded(o, input);
  if (changing.coded) throw Unsupported(o, "arithmetic on integers");
  return changing;
}

const Changing& Translation::changing(const Operation& o, std::size_t input) {
  Changing usual = settled(viewed(o, input));
  if (usual.dims[0] != images()) throw Unsupported(o, "a first axis that does not count images");
  Value& own = values_[o.inputs[input]];
  own = std::move(usual);
  return std::get<Changing>(own);
}

const Changing& Translation::map(const Operation& o, std::size_t input) {
  if (viewed(o, input).dims.size() != 4)
    throw Unsupported(o, "an input that is not a batch of maps");
  return changing(o, input);
}

const Operation* Translation::maker(const std::string& name) const {
  const auto found = makers_.find(name);
  return found == makers_.end() ? nullptr : found->second;
}

Changing Translation::applied(Changing value) {
  if (value.function == nullptr) return value;
  const auto key = std::pair(value.node, value.function);
  const auto found = applied_.find(key);
  if (found == applied_.end()) {
    const auto named = named_activation(*value.function);
    if (is_argument(*value.function))
      applied_[key] = value.node;
    else
      applied_[key] = named ? builder.activation(value.node, *named)
                            : builder.apply(value.node, value.function);
  }
  value.node = applied_[key];
  value.function = nullptr;
  return value;
}

Changing Translation::settled(Changing value) {
  value = applied(std::move(value));
  const MapShape stored = builder.shape(value.node), wanted = usual_shape(value.dims, images());
  if (value.order == nullptr && value.scattered == nullptr && stored == wanted) return value;
  const std::vector<int> from = places(value);
  std::vector<int> to = places_of({.dims = value.dims}, wanted, images());
  std::vector<int> table(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) table[static_cast<std::size_t>(to[i])] = from[i];
  return {.node = gathered(value, wanted, table), .dims = value.dims, .coded = value.coded};
}

int Translation::gathered(const Changing& value, const MapShape& shape,
                          const std::vector<int>& places) {
  if (builder.shape(value.node) == shape && is_counting(places)) return value.node;
  for (const Gathered& one : gathered_)
    if (one.from == value.node && builder.shape(one.node) == shape && one.fill == value.fill &&
        one.places == places)
      return one.node;
  const int node = builder.rearrange({value.node}, shape, {.from = places, .fill = value.fill});
  gathered_.push_back({value.node, node, places, value.fill});
  return node;
}

Changing Translation::at(int node, std::vector<std::int64_t> dims, std::vector<int> places) const {
  return seen({.node = node, .dims = std::move(dims)}, std::move(places), builder.shape(node),
              images());
}

std::vector<int> Translation::places(const Changing& value) const {
  if (value.scattered != nullptr)
    throw Unsupported(in_hand != nullptr ? *in_hand : Operation{},
                      "images that are not along the first axis");
  return places_of(value, builder.shape(value.node), images());
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
  if (output < o.outputs.size() && !o.outputs[output].empty())
    values_[o.outputs[output]] = std::move(value);
}

void Translation::results(const Operation& o, std::vector<Array> arrays) {
  for (std::size_t i = 0; i < std::min(arrays.size(), o.outputs.size()); ++i) {
    if (!o.outputs[i].empty()) values_[o.outputs[i]] = std::move(arrays[i]);
  }
}

void Translation::same_shape(const Operation& o, const Changing& input, int node) {
  Changing out = input;
  out.node = node;
  out.function = nullptr;
  result(o, std::move(out));
}

bool Translation::read_once(const Changing& value) const {
  int readers = 0, unmade = 0;
  std::set<const Operation*> makers;  // one that splits reads once for all of its names
  for (const auto& [name, other] : values_) {
    const auto* changing = std::get_if<Changing>(&other);
    const auto found = readers_.find(name);
    if (changing == nullptr || changing->node != value.node) continue;
    if (const Operation* made_by = maker(name))
      makers.insert(made_by);
    else
      ++unmade;
    if (found != readers_.end()) readers += found->second;
  }
  // Every further operation read another's name.
  return readers - (static_cast<int>(makers.size()) + unmade - 1) == 1;
}

std::string Translation::layer_name(const Operation& o) {
  std::string name = o.name.empty() ? "node" + std::to_string(builder.size()) : o.name;
  std::replace(name.begin(), name.end(), '/', '.');
  while (!names_.insert(name).second) name += "_";
  return name;
}

}  // namespace lightloom::nn::onnx
