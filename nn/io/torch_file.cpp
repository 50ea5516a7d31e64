#include "nn/io/torch_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/archives/array_file.hpp"
#include "core/archives/zip.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/file_kind.hpp"
#include "nn/files/pickle.hpp"

namespace lightloom::nn {
namespace {

using Kind = PickleValue::Kind;

constexpr const char* advice =
    "save plain tensors: torch.save(model.state_dict(), 'weights.pt'), or a .safetensors file";
// The low 64 bits of 0x1950a86a20f9469cfc6c.
constexpr std::int64_t legacy_magic = static_cast<std::int64_t>(0xa86a'20f9'469c'fc6cU);
constexpr int deepest = 4;  // dicts within dicts

/// A storage as the pickle names it: its type, its key, its elements.
struct StorageName {
  std::string type, key;
  std::int64_t count = 0;
};

/// Gives the bytes of a storage, as many as its elements take.
using StorageBytes = std::function<const std::string&(const StorageName&)>;

/// "torch FloatStorage", "torch.storage UntypedStorage", "torch float32" -> the type of an element;
/// none for those that are not read (complex, quantised, float8).
std::optional<NumberType> torch_type(std::string_view name) {
  static const std::map<std::string_view, NumberType> types{
      {"FloatStorage", {'f', 4}},    {"float32", {'f', 4}},
      {"HalfStorage", {'f', 2}},     {"float16", {'f', 2}},
      {"DoubleStorage", {'f', 8}},   {"float64", {'f', 8}},
      {"BFloat16Storage", {'B', 2}}, {"bfloat16", {'B', 2}},
      {"LongStorage", {'i', 8}},     {"int64", {'i', 8}},
      {"IntStorage", {'i', 4}},      {"int32", {'i', 4}},
      {"ShortStorage", {'i', 2}},    {"int16", {'i', 2}},
      {"CharStorage", {'i', 1}},     {"int8", {'i', 1}},
      {"ByteStorage", {'u', 1}},     {"uint8", {'u', 1}},
      {"BoolStorage", {'b', 1}},     {"bool", {'b', 1}}};
  const bool is_torchs = name.starts_with("torch ") || name.starts_with("torch.");
  const auto found = types.find(name.substr(name.rfind(' ') + 1));
  return is_torchs && found != types.end() ? std::optional(found->second) : std::nullopt;
}

/// Whole numbers of a tuple; none for anything else.
std::optional<std::vector<std::int64_t>> integers_of(const PickleValue& value) {
  const PickleValue* list = &value;
  if (value.is_call("torch Size") && value.items[1]->items.size() == 1)
    list = value.items[1]->items[0];
  if (list->kind != Kind::list) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const PickleValue* one : list->items) {
    if (one->kind != Kind::integer || one->integer < 0) return std::nullopt;
    numbers.push_back(one->integer);
  }
  return numbers;
}

std::optional<StorageName> storage_of(const PickleValue& value) {
  if (value.kind != Kind::persistent || value.items[0]->kind != Kind::list) return std::nullopt;
  const auto& parts = value.items[0]->items;
  const bool legal = parts.size() >= 5 && parts[0]->text == "storage" &&
                     parts[1]->kind == Kind::global && parts[2]->kind == Kind::text &&
                     parts[4]->kind == Kind::integer && parts[4]->integer >= 0;
  if (!legal) return std::nullopt;
  return StorageName{parts[1]->text, parts[2]->text, parts[4]->integer};
}

/// The arguments of the call that makes a tensor: storage, offset, sides, strides, and from version
/// 3 on the type. None for what is no tensor.
const PickleValue* tensor_arguments(const PickleValue* value) {
  constexpr int wrapped = 4;  // parameters around tensors
  for (int depth = 0; depth < wrapped && value->kind == Kind::call; ++depth) {
    const PickleValue* arguments = value->items[1];
    if (arguments->kind != Kind::list || arguments->items.empty()) return nullptr;
    for (const char* rebuild : {"torch._utils _rebuild_tensor_v2",
                                "torch._utils _rebuild_tensor_v3", "torch._utils _rebuild_tensor"})
      if (value->is_call(rebuild)) return arguments->items.size() >= 4 ? arguments : nullptr;
    // A tensor with attributes of its own: the function that makes it, its type, its arguments.
    if (value->is_call("torch._tensor _rebuild_from_type_v2")) {
      const bool plain = arguments->items.size() == 4 &&
                         arguments->items[0]->kind == Kind::global &&
                         arguments->items[0]->text.starts_with("torch._utils _rebuild_tensor") &&
                         arguments->items[2]->kind == Kind::list;
      return plain && arguments->items[2]->items.size() >= 4 ? arguments->items[2] : nullptr;
    }
    if (!value->is_call("torch._utils _rebuild_parameter") &&
        !value->is_call("torch._utils _rebuild_parameter_with_state"))
      return nullptr;
    value = arguments->items[0];
  }
  return nullptr;
}

/// How a tensor lies in its storage, in elements.
struct Strided {
  const std::vector<std::int64_t>&sides, &strides;
  std::int64_t offset;
};

/// Copies a tensor of `count` elements out of its storage.
std::vector<float> strided_values(const std::string& bytes, const NumberType& type,
                                  const Strided& lies, std::size_t count) {
  const auto& [sides, strides, offset] = lies;
  std::vector<float> values(count);
  std::vector<std::int64_t> at(sides.size(), 0);
  auto from = static_cast<std::size_t>(offset);
  const auto width = static_cast<std::size_t>(type.width);
  for (float& value : values) {
    value = static_cast<float>(
        number_of(reinterpret_cast<const std::uint8_t*>(bytes.data()) + from * width, type));
    for (std::size_t axis = sides.size(); axis-- > 0;) {
      from += static_cast<std::size_t>(strides[axis]);
      if (++at[axis] < sides[axis]) break;
      from -= static_cast<std::size_t>(strides[axis] * at[axis]);
      at[axis] = 0;
    }
  }
  return values;
}

/// Elements of a tensor, if its last one lies within a storage of `room` elements.
std::optional<std::size_t> fitting_count(const Strided& lies, std::int64_t room) {
  const auto& [sides, strides, offset] = lies;
  constexpr double most = 1e15;
  double count = 1, last = static_cast<double>(offset);
  for (std::size_t axis = 0; axis < sides.size(); ++axis) {
    count *= static_cast<double>(sides[axis]);
    last += static_cast<double>(std::max<std::int64_t>(sides[axis] - 1, 0)) *
            static_cast<double>(strides[axis]);
    if (count > most || last > most) return std::nullopt;
  }
  if (count == 0) return 0;
  // A stride of zero would make a tensor of any size from one element: as many as are stored do.
  const bool fits = last < static_cast<double>(room) && count <= static_cast<double>(room);
  return fits ? std::optional(static_cast<std::size_t>(count)) : std::nullopt;
}

NamedArray tensor_of(const std::string& name, const PickleValue& arguments,
                     const StorageBytes& bytes_of) {
  const auto& parts = arguments.items;
  const auto storage = storage_of(*parts[0]);
  const auto sides = integers_of(*parts[2]), strides = integers_of(*parts[3]);
  require(storage && parts[1]->kind == Kind::integer && parts[1]->integer >= 0 && sides &&
              strides && sides->size() == strides->size() && sides->size() <= 32,
          "the tensor '{}' is no plain strided one ({})", name, advice);
  const bool typed = parts.size() > 6 && parts[6]->kind == Kind::global;
  const std::string& type_name = typed ? parts[6]->text : storage->type;
  const auto type = torch_type(type_name);
  NamedArray array{.name = name, .shape = *sides, .values = {}, .type = type_name};
  if (!type) return array;
  array.type = type->name();
  if (type->whole()) return array;
  const std::string& bytes = bytes_of(*storage);
  const auto room = static_cast<std::int64_t>(bytes.size()) / type->width;
  const Strided lies{*sides, *strides, parts[1]->integer};
  const auto count = fitting_count(lies, room);
  require(count.has_value(), "the tensor '{}' lies outside its storage (a damaged file)", name);
  array.values = strided_values(bytes, *type, lies, *count);
  return array;
}

bool holds_tensors(const PickleValue& value) {
  const auto& pairs = value.pairs();
  for (std::size_t i = 0; value.maps() && i + 1 < pairs.size(); i += 2)
    if (tensor_arguments(pairs[i + 1]) != nullptr) return true;
  return false;
}

/// Whether a dict of tensors holds a weight: a training's own numbers (best_acc1, a tensor) do not
/// make its checkpoint a state dict.
bool holds_weights(const PickleValue& value) {
  const auto& pairs = value.pairs();
  for (std::size_t i = 0; value.maps() && i + 1 < pairs.size(); i += 2)
    if (pairs[i]->text.ends_with("weight") && tensor_arguments(pairs[i + 1]) != nullptr)
      return true;
  return false;
}

/// Dicts of tensors with a weight among them, within other dicts of any keys.
struct StatesWithin {
  std::vector<const PickleValue*> states;
  std::vector<std::string> keys;
  std::set<const PickleValue*> seen;  // values may be shared and stand in circles
};

void collect_states(const PickleValue& top, int depth, StatesWithin& found) {
  const auto& pairs = top.pairs();
  for (std::size_t i = 0; top.maps() && i + 1 < pairs.size(); i += 2) {
    const PickleValue& inner = *pairs[i + 1];
    if (pairs[i]->kind != Kind::text || !inner.maps() || !found.seen.insert(&inner).second)
      continue;
    if (holds_weights(inner)) {
      found.states.push_back(&inner);
      found.keys.push_back(pairs[i]->text);
    }
    if (depth > 1) collect_states(inner, depth - 1, found);
  }
}

/// The one state dict that is there under an unusual key; nullptr without one.
const PickleValue* only_state(const PickleValue& top) {
  StatesWithin found;
  collect_states(top, deepest, found);
  require(found.states.size() < 2, "it holds state dicts under {} (which of them? {})",
          fmt::join(found.keys, ", "), advice);
  return found.states.empty() ? nullptr : found.states.front();
}

/// The state dict itself, or the one under a key that trainings use: a dict that `is_one`.
const PickleValue* find_state(const PickleValue& top, int depth,
                              bool (*is_one)(const PickleValue&)) {
  if (is_one(top)) return &top;
  if (depth == 0) return nullptr;
  for (const char* key :
       {"state_dict", "model_state_dict", "model_state", "model", "net", "network", "module",
        "params", "weights", "state_dict_ema", "model_ema", "ema"})
    if (const PickleValue* inner = top.find(key))
      if (const PickleValue* state = find_state(*inner, depth - 1, is_one)) return state;
  return nullptr;
}

std::vector<NamedArray> arrays_of(const Pickle& pickle, const StorageBytes& bytes_of) {
  const PickleValue* state = find_state(*pickle.top, deepest, holds_weights);
  if (state == nullptr) state = only_state(*pickle.top);
  if (state == nullptr) state = find_state(*pickle.top, deepest, holds_tensors);
  const bool object = pickle.top->kind == Kind::call && pickle.top->entries.empty();
  require(state != nullptr, "it holds {} ({})",
          object ? "a whole model or another Python object, not a state dict"
                 : "no state dict of tensors",
          advice);
  std::vector<NamedArray> arrays;
  const auto& pairs = state->pairs();
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
    if (const PickleValue* arguments = tensor_arguments(pairs[i + 1]))
      arrays.push_back(tensor_of(pairs[i]->text, *arguments, bytes_of));
  return arrays;
}

/// An archive: <name>/data.pkl and <name>/data/<key>, each storage read once.
std::vector<NamedArray> read_archive(const std::string& path) {
  const std::vector<ZipMember> members = zip_members(path);
  const auto find = [&](const std::string& ending) {
    return std::find_if(members.begin(), members.end(), [&](const ZipMember& one) {
      return one.name == ending || one.name.ends_with("/" + ending);
    });
  };
  const auto pickle_member = find("data.pkl");
  require(pickle_member != members.end(), "it is a zip archive without a 'data.pkl' ({})", advice);
  require(find("constants.pkl") == members.end(), "it is a TorchScript archive ({})", advice);
  const std::string root =
      pickle_member->name.substr(0, pickle_member->name.size() - std::strlen("data.pkl"));
  if (const auto order = find("byteorder"); order != members.end())
    require(read_member(path, *order).starts_with("little"), "it is of a big-endian machine");
  const std::string program = read_member(path, *pickle_member);
  const Pickle pickle = read_pickle(program, path);
  std::map<std::string, std::string> storages;
  return arrays_of(pickle, [&](const StorageName& storage) -> const std::string& {
    const auto known = storages.find(storage.key);
    if (known != storages.end()) return known->second;
    for (const ZipMember& member : members)
      if (member.name == root + "data/" + storage.key)
        return storages[storage.key] = read_member(path, member);
    throw Error(fmt::format("its storage '{}' is missing (a damaged file)", storage.key));
  });
}

/// Before PyTorch 1.6: pickles of a magic number, the protocol, the machine, the object and the
/// keys of the storages, which follow, each with its number of elements in front.
std::vector<NamedArray> read_legacy(const std::string& bytes, const std::string& path) {
  std::string_view left(bytes);
  std::array<Pickle, 5> pickles;
  for (Pickle& pickle : pickles) {
    pickle = read_pickle(left, path);
    left.remove_prefix(pickle.size);
    require(pickles[0].top->integer == legacy_magic,
            "it is a pickle but not one of torch.save ({})", advice);
  }
  // Types by key, from wherever the object names a storage.
  std::map<std::string, NumberType> types;
  for (const PickleValue& value : pickles[3].values)
    if (const auto storage = storage_of(value))
      if (const auto type = torch_type(storage->type)) types[storage->key] = *type;
  std::map<std::string, std::string> storages;
  for (const PickleValue* key : pickles[4].top->items) {
    const auto type = types.find(key->text);
    require(left.size() >= 8 && type != types.end(), "its storage '{}' cannot be read", key->text);
    std::uint64_t count = 0;
    std::memcpy(&count, left.data(), 8);
    left.remove_prefix(8);
    const auto width = static_cast<std::uint64_t>(type->second.width);
    require(count <= left.size() / width, "its storage '{}' is cut off (truncated?)", key->text);
    storages[key->text] = left.substr(0, static_cast<std::size_t>(count * width));
    left.remove_prefix(static_cast<std::size_t>(count * width));
  }
  return arrays_of(pickles[3], [&](const StorageName& storage) -> const std::string& {
    const auto found = storages.find(storage.key);
    require(found != storages.end(), "its storage '{}' is missing", storage.key);
    return found->second;
  });
}

}  // namespace

std::vector<NamedArray> read_torch(const std::string& path) {
  constexpr std::size_t largest_file = std::size_t{1} << 36;
  std::string start;
  try {
    if (kind_of_file(path).starts_with("a zip")) return read_archive(path);
    return read_legacy(read_file(path, "weight file", largest_file), path);
  } catch (const Error& problem) {
    const std::string text = problem.what();
    if (text.find(path) != std::string::npos) throw;
    throw Error(fmt::format("'{}' is not read as PyTorch weights: {}", path, text));
  }
}

}  // namespace lightloom::nn
