#pragma once

#include <pybind11/pybind11.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lightloom::python {

namespace py = pybind11;

/// Numbers that leave for Python: the vector that the library made, behind Python's buffer
/// protocol, so that `numpy.asarray` shows it without a copy. No header of NumPy is used, which is
/// why one build serves NumPy 1 and 2.
struct Array {
  std::variant<std::vector<double>, std::vector<float>, std::vector<std::int64_t>,
               std::vector<std::complex<double>>>
      values;
  std::vector<py::ssize_t> shape;  // slowest first
};

/// A Python object `Array` of that shape. Throws std::logic_error where the shape does not hold as
/// many values.
template <class Number>
Array array_of(std::vector<Number> values, std::vector<py::ssize_t> shape) {
  return {std::move(values), std::move(shape)};
}
/// The same along one axis.
template <class Number>
Array array_of(std::vector<Number> values) {
  const auto size = static_cast<py::ssize_t>(values.size());
  return {std::move(values), {size}};
}

/// Numbers that come from Python, for as long as the object lives.
template <class Number>
struct View {
  py::buffer_info info;
  std::span<const Number> values;

  [[nodiscard]] py::ssize_t size(std::size_t axis) const { return info.shape[axis]; }
};

/// Views an array of that number of axes, C-contiguous, of exactly this type and of finite numbers.
/// Throws `Error` naming `name` for anything else; the Python half of the package makes such arrays
/// first, but leaves it to this to look for numbers that are not finite.
template <class Number>
View<Number> view_of(const py::buffer& buffer, const char* name, std::size_t axes);

extern template View<double> view_of(const py::buffer&, const char*, std::size_t);
extern template View<float> view_of(const py::buffer&, const char*, std::size_t);
extern template View<std::int64_t> view_of(const py::buffer&, const char*, std::size_t);
extern template View<std::complex<double>> view_of(const py::buffer&, const char*, std::size_t);

/// The numbers of an array of any number of axes, copied.
template <class Number>
std::vector<Number> copy_of(const py::buffer& buffer, const char* name, std::size_t axes) {
  const View<Number> view = view_of<Number>(buffer, name, axes);
  return {view.values.begin(), view.values.end()};
}

/// A whole number that the library keeps as int. Throws `Error` naming it out of [low, 2^31).
int whole(std::int64_t value, const char* name, int low);

void bind_arrays(py::module_& module);

}  // namespace lightloom::python
