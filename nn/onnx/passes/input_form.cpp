#include "nn/onnx/passes/input_form.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "core/error.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Of one image; exact for those that we read, which are of 2^28 numbers at most.
double product_of_sides(const std::vector<std::int64_t>& dims) {
  double product = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) product *= static_cast<double>(dims[i]);
  return product;
}

/// What lies between an input and the Transpose that makes maps of it.
bool keeps_axes(const Operation& o) {
  static const std::set<std::string> all{"Identity", "Cast",
                                         "Add",      "Sub",
                                         "Mul",      "Div",
                                         "Dropout",  "Relu",
                                         "Clip",     "QuantizeLinear",
                                         "Neg",      "DequantizeLinear"};
  return all.contains(o.type);
}

/// Whether an input of four axes has its channels last: somebody turns it to channels first, and
/// nobody reads it as a map before.
bool is_channels_last(const Model& model) {
  std::set<std::string> raw{model.inputs[0].name};
  bool turned = false;
  for (const Operation& o : model.operations) {
    const bool reads = std::any_of(o.inputs.begin(), o.inputs.end(),
                                   [&](const std::string& name) { return raw.contains(name); });
    if (!reads || o.type == "Shape") continue;
    if (keeps_axes(o)) {
      raw.insert(o.outputs.front());
      continue;
    }
    const auto perm = o.attributes.find("perm");
    if (o.type != "Transpose" || perm == o.attributes.end() ||
        perm->second.integers != std::vector<std::int64_t>{0, 3, 1, 2})
      return false;
    turned = true;
  }
  return turned;
}

/// The integers of a constant, if it is one; `Constant` nodes are.
std::vector<std::int64_t> integers_of(const Model& model, const std::string& name) {
  const auto found = model.constants.find(name);
  if (found != model.constants.end()) return found->second.integers;
  for (const Operation& o : model.operations)
    if (o.type == "Constant" && o.outputs.front() == name)
      return evaluate(o, {}, model.opset).front().integers;
  return {};
}

/// Whether the operation takes windows along the line (images, channels, length).
bool reads_a_line(const Model& model, const Operation& o) {
  static const std::set<std::string> all{"Conv",         "ConvTranspose", "MaxPool",
                                         "AveragePool",  "LpPool",        "GlobalAveragePool",
                                         "GlobalMaxPool"};
  return all.contains(o.type) && input_of(o, 0) == model.inputs[0].name;
}

/// The four axes of what a Reshape or Unsqueeze makes of the input, or a window along a line takes
/// it for; else nothing.
std::vector<std::int64_t> four_axes(const Model& model, const Operation& o) {
  const std::vector<std::int64_t>& dims = model.inputs[0].dims;
  if (dims.size() == 3 && reads_a_line(model, o)) return {0, dims[1], 1, dims[2]};
  std::vector<std::int64_t> to =
      o.inputs.size() > 1 ? integers_of(model, o.inputs[1]) : std::vector<std::int64_t>{};
  const auto axes = o.attributes.find("axes");
  if (axes != o.attributes.end()) to = axes->second.integers;
  if (o.type == "Unsqueeze" && dims.size() == 3 && to.size() == 1) {
    const std::int64_t axis = to[0] < 0 ? to[0] + 4 : to[0];
    if (axis < 1 || axis > 3) return {};
    std::vector<std::int64_t> map = dims;
    map.insert(map.begin() + axis, 1);
    map.front() = 0;
    return map;
  }
  if (o.type != "Reshape" || to.size() != 4) return {};
  to.front() = 0;
  const bool sides = std::all_of(to.begin() + 1, to.end(), [](auto side) { return side > 0; });
  return sides && product_of_sides(to) == product_of_sides(dims) ? to : std::vector<std::int64_t>{};
}

/// The map that all readers make of rows, channels first; nothing where they do not.
std::vector<std::int64_t> map_of_rows(const Model& model) {
  std::vector<std::int64_t> map;
  for (const Operation& o : model.operations) {
    const bool reads =
        std::find(o.inputs.begin(), o.inputs.end(), model.inputs[0].name) != o.inputs.end();
    if (!reads || o.type == "Shape") continue;
    const std::vector<std::int64_t> own = four_axes(model, o);
    if (own.empty() || (!map.empty() && own != map)) return {};
    map = own;
  }
  return map;
}

/// The image shape of an input: rank 4 is a map, so are rows that become one at once, any other
/// rank images of one row of numbers.
MapShape image_of(const Model& model) {
  require(model.inputs.size() == 1,
          "the model has {} changing inputs (one is needed: make the others constants, or export "
          "the part of the network that reads images)",
          model.inputs.size());
  const std::vector<std::int64_t>& dims = model.inputs[0].dims;
  require(!dims.empty(), "the model's input is a single number (images are needed)");
  require(dims[0] >= 0 && dims[0] < 1 << 24, "the model is for {} images at once", dims[0]);
  std::int64_t row = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    require(i == 0 || (dims[i] > 0 && dims[i] < 1 << 24),
            "the model leaves the size of its images open (export it with a fixed height and "
            "width; only the number of images may stay open)");
    if (i > 0) row *= dims[i];
    require(row < 1 << 28, "the model's images are too large");
  }
  const std::vector<std::int64_t> map = dims.size() == 4 ? dims : map_of_rows(model);
  if (map.empty()) return {1, 1, static_cast<int>(row)};
  if (dims.size() == 4 && is_channels_last(model))
    return {static_cast<int>(dims[1]), static_cast<int>(dims[2]), static_cast<int>(dims[3])};
  return {static_cast<int>(map[2]), static_cast<int>(map[3]), static_cast<int>(map[1])};
}

}  // namespace

InputForm input_form(const Model& model) {
  const MapShape image = image_of(model);
  return {image, model.inputs[0].dims.size() == 4 && is_channels_last(model)};
}

}  // namespace lightloom::nn::onnx
