#include "base/arrays.hpp"

#include <pybind11/complex.h>

#include <cmath>
#include <lightloom/core/error.hpp>
#include <limits>

namespace lightloom::python {
namespace {

/// Whether the elements of a buffer are such numbers, under any of the letters that C has for them.
template <class Number>
bool holds(const py::buffer_info& info) {
  if (info.itemsize != static_cast<py::ssize_t>(sizeof(Number))) return false;
  const std::string& format = info.format;
  if constexpr (std::is_same_v<Number, double>) return format == "d";
  if constexpr (std::is_same_v<Number, float>) return format == "f";
  if constexpr (std::is_same_v<Number, std::complex<double>>) return format == "Zd";
  return format == "l" || format == "q";
}

template <class Number>
const char* type_name() {
  if constexpr (std::is_same_v<Number, double>) return "float64";
  if constexpr (std::is_same_v<Number, float>) return "float32";
  if constexpr (std::is_same_v<Number, std::complex<double>>) return "complex128";
  return "int64";
}

bool contiguous(const py::buffer_info& info) {
  py::ssize_t step = info.itemsize;
  for (std::size_t axis = info.shape.size(); axis-- > 0;) {
    if (info.shape[axis] > 1 && info.strides[axis] != step) return false;
    step *= info.shape[axis];
  }
  return true;
}

/// Whether no number is infinite or none: all are looked at, which goes many at a time.
template <class Real>
bool finite_reals(const Real* values, std::size_t count) {
  std::ptrdiff_t outside = 0;
  for (std::size_t i = 0; i < count; ++i)
    outside += !(std::abs(values[i]) <= std::numeric_limits<Real>::max());
  return outside == 0;
}

template <class Number>
bool finite(std::span<const Number> values) {
  if constexpr (std::is_same_v<Number, std::complex<double>>)  // two real numbers each
    return finite_reals(reinterpret_cast<const double*>(values.data()), 2 * values.size());
  else if constexpr (std::is_floating_point_v<Number>)
    return finite_reals(values.data(), values.size());
  else
    return true;
}

py::buffer_info buffer_of(Array& array) {
  return std::visit(
      [&](auto& values) {
        using Number = typename std::decay_t<decltype(values)>::value_type;
        const auto item = static_cast<py::ssize_t>(sizeof(Number));
        std::vector<py::ssize_t> strides(array.shape.size());
        py::ssize_t step = item;
        for (std::size_t axis = strides.size(); axis-- > 0;) {
          strides[axis] = step;
          step *= array.shape[axis];
        }
        static Number nothing{};  // an address for arrays of no elements
        return py::buffer_info(values.empty() ? &nothing : values.data(), item,
                               py::format_descriptor<Number>::format(),
                               static_cast<py::ssize_t>(array.shape.size()), array.shape, strides);
      },
      array.values);
}

}  // namespace

template <class Number>
View<Number> view_of(const py::buffer& buffer, const char* name, std::size_t axes) {
  View<Number> view{buffer.request(), {}};
  const py::buffer_info& info = view.info;
  require(holds<Number>(info), "{} holds numbers of format '{}' (it must be an array of {})", name,
          info.format, type_name<Number>());
  require(info.shape.size() == axes, "{} has {} axes (it must have {})", name, info.shape.size(),
          axes);
  require(contiguous(info), "{} is not contiguous (numpy.ascontiguousarray makes it so)", name);
  view.values = {static_cast<const Number*>(info.ptr), static_cast<std::size_t>(info.size)};
  require(finite(view.values), "{} holds values that are not finite {} numbers", name,
          type_name<Number>());
  return view;
}

template View<double> view_of(const py::buffer&, const char*, std::size_t);
template View<float> view_of(const py::buffer&, const char*, std::size_t);
template View<std::int64_t> view_of(const py::buffer&, const char*, std::size_t);
template View<std::complex<double>> view_of(const py::buffer&, const char*, std::size_t);

int whole(std::int64_t value, const char* name, int low) {
  require(value >= low && value <= std::numeric_limits<int>::max(), "{} is {} but must be {} to {}",
          name, value, low, std::numeric_limits<int>::max());
  return static_cast<int>(value);
}

void bind_arrays(py::module_& module) {
  py::class_<Array>(module, "Array", py::buffer_protocol(),
                    "Numbers of the library; numpy.asarray shows them without a copy.")
      .def_buffer(buffer_of);
}

}  // namespace lightloom::python
