#include "core/files/labelled.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace lightloom {

std::size_t size_of(const Values& values) {
  return std::visit([](const auto& list) { return list.size(); }, values);
}

const Axis* Labelled::axis(std::string_view name) const {
  const auto found =
      std::find_if(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.name == name; });
  return found == axes.end() ? nullptr : &*found;
}

const Variable* Labelled::variable(std::string_view name) const {
  const auto found = std::find_if(variables.begin(), variables.end(),
                                  [&](const Variable& variable) { return variable.name == name; });
  return found == variables.end() ? nullptr : &*found;
}

Axis& Labelled::add_axis(Axis added) {
  require(axis(added.name) == nullptr && variable(added.name) == nullptr,
          "results: the name '{}' is taken (axes and variables share their names)", added.name);
  axes.push_back(std::move(added));
  return axes.back();
}

Variable& Labelled::add(Variable added) {
  require(axis(added.name) == nullptr && variable(added.name) == nullptr,
          "results: the name '{}' is taken (axes and variables share their names)", added.name);
  std::size_t size = 1;
  for (const std::string& name : added.axes) {
    const Axis* along = axis(name);
    require(along != nullptr, "results: variable '{}' lies along the unknown axis '{}'", added.name,
            name);
    size *= size_of(along->values);
  }
  require(size == size_of(added.values),
          "results: variable '{}' has {} values but its axes make {}", added.name,
          size_of(added.values), size);
  variables.push_back(std::move(added));
  return variables.back();
}

}  // namespace lightloom
