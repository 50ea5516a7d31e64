#include "nn/onnx/named_weights.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/error.hpp"
#include "nn/io/arrays_by_name.hpp"
#include "nn/io/torch_dialects.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/passes/tail.hpp"

namespace lightloom::nn::onnx {
namespace {

/// A constant that other files have too, under the name of a parameter.
struct Parameter {
  std::string constant;
  bool transposed = false;  // in the ONNX file
};

/// Where a constant is read.
struct Reader {
  const Operation* operation;
  std::size_t input;
};

/// Of the numbers that a network computes with, by name: those are in no checkpoint that merely
/// help it, as shapes.
std::map<std::string, std::vector<Reader>> readers_of(const Model& model) {
  std::map<std::string, std::vector<Reader>> readers;
  for (const Operation& o : model.operations) {
    for (std::size_t i = 0; i < o.inputs.size(); ++i) {
      const auto found = model.constants.find(o.inputs[i]);
      if (found != model.constants.end() && !found->second.integer() && found->second.size() > 0)
        readers[found->first].push_back({&o, i});
    }
  }
  return readers;
}

/// Names that exporters make for what is no parameter as it was: onnx::Conv_28, 28, _v_28.
bool is_made_up(const std::string& name) {
  const auto digits = [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return name.starts_with("onnx::") || digits(name) ||
         (name.starts_with("_v_") && digits(name.substr(3)));
}

/// The module that made a node of PyTorch's: layer1.0.conv1 of /layer1/layer1.0/conv1/Conv. Parts
/// of a list begin with the list's own name.
std::string module_of(const Operation& o) {
  std::vector<std::string> parts;
  std::size_t from = 1;
  if (!o.name.starts_with('/')) return "";
  for (std::size_t to = o.name.find('/', from); to != std::string::npos;
       from = to + 1, to = o.name.find('/', from)) {
    std::string part = o.name.substr(from, to - from);
    if (!parts.empty() && part.starts_with(parts.back() + ".")) parts.pop_back();
    parts.push_back(std::move(part));
  }
  std::string module;
  for (const std::string& part : parts) module += (module.empty() ? "" : ".") + part;
  return module;
}

/// Whether an operation takes a layer's weights in an input.
bool is_weight(const Reader& reader) {
  static const std::set<std::string> layers{"Conv", "ConvTranspose", "Gemm", "MatMul",
                                            "BatchNormalization"};
  return layers.contains(reader.operation->type);
}

/// The parameters of a model by the names that a checkpoint may have for them.
std::map<std::string, Parameter> parameters_of(const Model& model) {
  std::map<std::string, Parameter> parameters;
  for (const auto& [name, readers] : readers_of(model)) {
    if (!is_made_up(name)) {
      parameters[name] = {name};
      continue;
    }
    const Reader& reader = readers.front();
    const std::string module = module_of(*reader.operation);
    const bool linear = readers.size() == 1 && reader.operation->type == "MatMul" &&
                        model.constants.at(name).dims.size() == 2 && !module.empty();
    if (linear) parameters[module + ".weight"] = {name, reader.input == 1};
  }
  return parameters;
}

std::set<std::string> names_of(const std::map<std::string, Parameter>& parameters) {
  std::set<std::string> names;
  for (const auto& [name, parameter] : parameters) names.insert(name);
  return names;
}

/// The same by our spelling of the names, where no two become one.
std::map<std::string, Parameter> in_our_spelling(
    const std::map<std::string, Parameter>& parameters) {
  std::map<std::string, Parameter> ours;
  for (const auto& [name, parameter] : parameters) ours[our_resnet_name(name)] = parameter;
  return ours.size() == parameters.size() ? ours : parameters;
}

/// The names under which more of the arrays are found.
std::map<std::string, Parameter> best_names(const Model& model,
                                            const std::vector<NamedArray>& arrays) {
  const auto found = [&](const std::map<std::string, Parameter>& names) {
    return ArraysByName(arrays, "", names_of(names)).found();
  };
  std::map<std::string, Parameter> parameters = parameters_of(model),
                                   ours = in_our_spelling(parameters);
  return found(ours) > found(parameters) ? ours : parameters;
}

std::vector<float> transposed(const std::vector<float>& values, std::int64_t columns) {
  const auto width = static_cast<std::size_t>(columns), height = values.size() / width;
  std::vector<float> turned;
  turned.reserve(values.size());
  for (std::size_t c = 0; c < width; ++c)
    for (std::size_t r = 0; r < height; ++r) turned.push_back(values[r * width + c]);
  return turned;
}

void require_nothing_merged(const Model& model, const std::map<std::string, Parameter>& known) {
  std::set<std::string> placed;
  for (const auto& [name, parameter] : known) placed.insert(parameter.constant);
  for (const auto& [name, readers] : readers_of(model)) {
    if (placed.contains(name) || model.constants.at(name).size() == 1) continue;
    const auto weight = std::find_if(readers.begin(), readers.end(), is_weight);
    require(weight == readers.end(),
            "the network's '{}', of the {} '{}', is no parameter as a checkpoint has it: its "
            "exporter merged or moved it (export with do_constant_folding=False and "
            "training=TrainingMode.PRESERVE, or load the checkpoint before the export)",
            name, weight == readers.end() ? "" : weight->operation->type,
            weight == readers.end() ? "" : weight->operation->name);
  }
}

/// Whether constants of several numbers go by no name of a checkpoint: reshaped or moved ones.
bool has_made_up_constants(const Model& model, const std::map<std::string, Parameter>& known) {
  std::set<std::string> placed;
  for (const auto& [name, parameter] : known) placed.insert(parameter.constant);
  const auto readers = readers_of(model);
  return std::any_of(readers.begin(), readers.end(), [&](const auto& read) {
    return !placed.contains(read.first) && model.constants.at(read.first).size() > 1;
  });
}

/// Spellings that say more than names: kuangliu's joined maps, timm's smaller epsilon.
void require_same_network(const ArraysByName& given, const std::vector<NamedArray>& arrays,
                          const std::map<std::string, Parameter>& parameters) {
  std::vector<std::string> names;
  for (const NamedArray& one : arrays) names.push_back(one.name);
  const std::set<std::string> own = names_of(parameters);
  const bool other = given.newest_first() || (is_timm(names) && !is_timm({own.begin(), own.end()}));
  require(!other,
          "the names are of another implementation of the network, which computes it in another "
          "order or with another epsilon (export the network that the checkpoint belongs to)");
}

/// Single numbers that no layer reads are part of the functions of the imported graph, which the
/// network has already.
std::set<std::string> numbers_of_functions(const Model& model) {
  std::set<std::string> numbers;
  for (const auto& [name, readers] : readers_of(model))
    if (model.constants.at(name).size() == 1 &&
        std::none_of(readers.begin(), readers.end(), is_weight))
      numbers.insert(name);
  return numbers;
}

void place(const std::map<std::string, Parameter>& parameters, ArraysByName& given, Model& model) {
  const std::set<std::string> kept = numbers_of_functions(model);
  for (const auto& [name, parameter] : parameters) {
    Array& constant = model.constants.at(parameter.constant);
    std::vector<std::int64_t> shape = constant.dims;
    if (parameter.transposed) std::reverse(shape.begin(), shape.end());
    std::vector<float> values = given.get(name, shape);
    require(!kept.contains(parameter.constant) || values == constant.floats,
            "'{}' is {} where the network has {}, a single number that is part of its functions "
            "(load the checkpoint before the export)",
            name, values.front(), constant.floats.front());
    constant.floats = parameter.transposed ? transposed(values, shape[1]) : std::move(values);
  }
}

}  // namespace

bool has_names_of(const std::string& path, const std::vector<NamedArray>& arrays,
                  std::size_t others) {
  const Model model = up_to_logits(read_model(path));
  return others == 0 ||
         ArraysByName(arrays, "", names_of(best_names(model, arrays))).found() > others;
}

Imported import_with_weights(const std::string& path, const std::vector<NamedArray>& arrays) {
  Model model = up_to_logits(read_model(path));
  const std::map<std::string, Parameter> parameters = best_names(model, arrays);
  ArraysByName given(arrays, path, names_of(parameters));
  require_nothing_merged(model, parameters);
  require_same_network(given, arrays, parameters);
  place(parameters, given, model);
  try {
    given.require_all_used();
  } catch (const Error& problem) {
    require(!has_made_up_constants(model, parameters), "{}; or {}", problem.what(),
            "the network's exporter folded it into another constant (export with "
            "do_constant_folding=False)");
    throw;
  }
  return import_read(model, path);
}

}  // namespace lightloom::nn::onnx
