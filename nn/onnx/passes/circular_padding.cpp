#include "nn/onnx/passes/circular_padding.hpp"

#include <limits>
#include <map>

#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {
namespace {

/// x[start:end] along one axis.
struct Cut {
  std::string of;
  std::int64_t axis = 0, start = 0, end = 0;
};

/// Which operation makes which value, and the values that are known.
class CutFinder {
 public:
  explicit CutFinder(const Model& model) : model_(model) {
    for (const Operation& o : model.operations)
      for (const std::string& output : o.outputs)
        if (!output.empty()) makers_[output] = &o;
  }

  [[nodiscard]] const Operation* maker(const std::string& value) const {
    const auto found = makers_.find(value);
    return found == makers_.end() ? nullptr : found->second;
  }

  /// A cut along one axis in steps of 1.
  [[nodiscard]] std::optional<Cut> cut(const std::string& value) const {
    const Operation* const o = maker(value);
    if (o == nullptr || o->type != "Slice") return std::nullopt;
    const auto start = given(*o, 1, "starts"), end = given(*o, 2, "ends"),
               axis = given(*o, 3, "axes");
    const auto step = o->inputs.size() > 4 && !o->inputs[4].empty() ? given(*o, 4, "steps") : 1;
    if (!start || !end || !axis || step != 1) return std::nullopt;
    return Cut{input_of(*o, 0), *axis, *start, *end};
  }

 private:
  /// The only integer of an input, or of an attribute of old opsets.
  [[nodiscard]] std::optional<std::int64_t> given(const Operation& o, std::size_t input,
                                                  const char* attribute) const {
    std::vector<std::int64_t> values = integers(o, attribute, {});
    if (values.empty() && input < o.inputs.size()) {
      if (const auto found = model_.constants.find(o.inputs[input]);
          found != model_.constants.end()) {
        values = found->second.integers;
      } else if (const Operation* const made = maker(o.inputs[input]);
                 made != nullptr && made->type == "Constant") {
        const auto value = made->attributes.find("value");
        if (value != made->attributes.end()) values = value->second.array.integers;
      }
    }
    return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
  }

  const Model& model_;
  std::map<std::string, const Operation*> makers_;
};

/// The borders of one Concat: rows in front, cut one too early, and behind.
struct Borders {
  std::int64_t axis = 0, front = 0, back = 0;
};

std::optional<Borders> misplaced(const CutFinder& finder, const Operation& o) {
  if (o.type != "Concat" || o.inputs.size() < 2) return std::nullopt;
  const auto front = finder.cut(o.inputs[0]);
  if (!front || front->of != o.inputs[1] || front->end != -1 || front->start >= -1 ||
      front->axis < 2 || front->axis != integer(o, "axis", 0))
    return std::nullopt;
  Borders borders{front->axis, -front->start - 1, 0};
  if (o.inputs.size() == 2) return borders;
  const auto back = finder.cut(o.inputs[2]);
  if (o.inputs.size() > 3 || !back || back->of != front->of || back->axis != front->axis ||
      back->start != 0 || back->end < 1)
    return std::nullopt;
  borders.back = back->end;
  return borders;
}

}  // namespace

std::optional<std::string> misplaced_circular_padding(const Model& model) {
  const CutFinder finder(model);
  for (const Operation& o : model.operations)
    if (misplaced(finder, o)) return place_of(o);
  return std::nullopt;
}

int place_circular_padding(Model& model) {
  const Model written = model;
  const CutFinder finder(written);
  std::vector<Operation> all;
  int count = 0;
  for (Operation& o : model.operations) {
    const auto borders = misplaced(finder, o);
    if (borders && borders->back > 0) {
      const auto slice = [&](const char* which, std::int64_t start, std::int64_t end) {
        std::string name = o.outputs.front() + "//" + which;
        const std::string bounds[] = {name + ".start", name + ".end", name + ".axis"};
        model.constants[bounds[0]] = integers_array({start});
        model.constants[bounds[1]] = integers_array({end});
        model.constants[bounds[2]] = integers_array({borders->axis});
        all.push_back(
            {"Slice", o.name, {o.inputs[1], bounds[0], bounds[1], bounds[2]}, {name}, {}});
        return name;
      };
      o.inputs = {slice("front", -borders->back, std::numeric_limits<std::int64_t>::max()),
                  o.inputs[1], slice("back", 0, borders->front)};
      ++count;
    }
    all.push_back(std::move(o));
  }
  model.operations = std::move(all);
  return count;
}

}  // namespace lightloom::nn::onnx
