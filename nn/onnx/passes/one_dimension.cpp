#include "nn/onnx/passes/one_dimension.hpp"

namespace lightloom::nn::onnx {
namespace {

const char* const axis_name = "//axis 2";

/// Whether the operation has a window of one axis.
bool along_a_line(const Model& model, const Operation& o) {
  const auto kernel = o.attributes.find("kernel_shape");
  if (kernel != o.attributes.end()) return kernel->second.integers.size() == 1;
  if (o.type != "Conv" || o.inputs.size() < 2) return false;
  const auto weight = model.constants.find(o.inputs[1]);
  return weight != model.constants.end() && weight->second.dims.size() == 3;
}

Operation resized(const Model& model, const char* type, const std::string& from,
                  const std::string& to) {
  Operation o{type, to, {from}, {to}, {}};
  if (model.opset >= 13) o.inputs.emplace_back(axis_name);
  if (model.opset < 13) o.attributes["axes"] = {.integers = {2}, .list = true};
  return o;
}

/// Attributes of a window with height 1. Strides and dilations are those of the line on both axes:
/// a map of height 1 has but one position there.
void widen(Operation& o) {
  const auto change = [&](const char* key, auto make) {
    const auto found = o.attributes.find(key);
    if (found != o.attributes.end()) found->second.integers = make(found->second.integers);
  };
  using Numbers = std::vector<std::int64_t>;
  const auto twice = [](const Numbers& one) { return Numbers{one.at(0), one.at(0)}; };
  change("kernel_shape", [](const Numbers& one) { return Numbers{1, one.at(0)}; });
  change("strides", twice);
  change("dilations", twice);
  change("pads", [](const Numbers& both) {
    const bool none = both.at(0) == 0 && both.at(1) == 0;
    return none ? Numbers{0, 0, 0, 0} : Numbers{0, both[0], 0, both[1]};
  });
}

}  // namespace

Model with_maps_for_lines(Model model) {
  std::vector<Operation> all;
  for (Operation& o : model.operations) {
    const bool window = o.type == "Conv" || o.type == "MaxPool" || o.type == "AveragePool";
    if (!window || !along_a_line(model, o)) {
      all.push_back(std::move(o));
      continue;
    }
    model.constants[axis_name] = integers_array({2});
    const std::string line = o.outputs.front(), map = line + "//map", in = line + "//in";
    all.push_back(resized(model, "Unsqueeze", o.inputs[0], in));
    o.inputs[0] = in;
    if (o.type == "Conv") {
      all.push_back(resized(model, "Unsqueeze", o.inputs[1], line + "//weight"));
      o.inputs[1] = line + "//weight";
    }
    o.outputs.front() = map;
    widen(o);
    all.push_back(std::move(o));
    all.push_back(resized(model, "Squeeze", map, line));
  }
  model.operations = std::move(all);
  return model;
}

}  // namespace lightloom::nn::onnx
