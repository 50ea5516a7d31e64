#include "base/errors.hpp"

#include <exception>

namespace lightloom::python {

namespace py = pybind11;

namespace {

// As long as the interpreter lives, like the module.
PyObject *error_type = nullptr, *card_error_type = nullptr, *failure_type = nullptr;

PyObject* new_type(py::module_& module, const char* name, PyObject* base, const char* doc) {
  const std::string full = std::string("lightloom.") + name;
  PyObject* type = PyErr_NewExceptionWithDoc(full.c_str(), doc, base, nullptr);
  if (type == nullptr) throw py::error_already_set();
  module.attr(name) = py::reinterpret_borrow<py::object>(type);
  return type;
}

/// What a file holds may be no letters.
py::object text_of(const std::string& text) {
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

void set_error(PyObject* type, const char* message) {
  PyErr_SetObject(type, text_of(message).ptr());
}

void set_card_error(const CardError& error) {
  const auto type = py::reinterpret_borrow<py::object>(card_error_type);
  py::object thrown = type(text_of(error.what()));
  py::list problems;
  for (const std::string& problem : error.problems()) problems.append(text_of(problem));
  thrown.attr("problems") = problems;
  PyErr_SetObject(card_error_type, thrown.ptr());
}

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const CardError& error) {
    set_card_error(error);
  } catch (const Error& error) {
    set_error(error_type, error.what());
  } catch (const Failure& failure) {
    set_error(failure_type, failure.what());
  }
}

}  // namespace

void bind_errors(py::module_& module) {
  error_type = new_type(module, "Error", PyExc_ValueError,
                        "A mistake the caller can fix: what is wrong, where, why, what instead.");
  card_error_type = new_type(module, "CardError", error_type,
                             "Everything that is wrong with a card; `problems` lists it.");
  failure_type = new_type(module, "Failure", PyExc_RuntimeError,
                          "The work could not be done although the input was right.");
  py::register_exception_translator(translate);
}

}  // namespace lightloom::python
