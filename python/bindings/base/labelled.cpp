#include "base/labelled.hpp"

#include <pybind11/stl.h>

#include <lightloom/core/error.hpp>
#include <type_traits>
#include <utility>

#include "base/arrays.hpp"

namespace lightloom::python {
namespace {

py::object values_of(Values&& values, std::vector<py::ssize_t> shape) {
  return std::visit(
      [&](auto&& list) -> py::object {
        using List = std::decay_t<decltype(list)>;
        if constexpr (std::is_same_v<List, std::vector<std::string>>)
          return py::cast(list);
        else
          return py::cast(array_of(std::forward<decltype(list)>(list), std::move(shape)));
      },
      std::move(values));
}

}  // namespace

py::dict parts_of(Labelled data) {
  py::list variables, axes;
  for (Variable& variable : data.variables) {
    std::vector<py::ssize_t> shape;
    for (const std::string& axis : variable.axes)
      shape.push_back(static_cast<py::ssize_t>(size_of(data.axis(axis)->values)));
    variables.append(py::make_tuple(variable.name, py::cast(variable.axes), shape,
                                    values_of(std::move(variable.values), shape), variable.unit,
                                    variable.long_name));
  }
  for (Axis& axis : data.axes) {
    const auto size = static_cast<py::ssize_t>(size_of(axis.values));
    axes.append(py::make_tuple(axis.name, values_of(std::move(axis.values), {size}), axis.unit,
                               axis.long_name));
  }
  py::dict attributes;
  for (const auto& [name, value] : data.attributes) attributes[py::str(name)] = py::cast(value);
  py::dict parts;
  parts["axes"] = axes;
  parts["variables"] = variables;
  parts["attributes"] = attributes;
  return parts;
}

}  // namespace lightloom::python
