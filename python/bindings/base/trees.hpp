#pragma once

#include <pybind11/pybind11.h>

#include <lightloom/core/cards/tree.hpp>

namespace lightloom::python {

/// The tree of dicts, lists, texts, numbers (NumPy's too), truth values and None. Throws `Error`
/// for anything else, for keys that are no texts, and for structures deeper than 100. `origin` is
/// what messages name.
Tree tree_of(const pybind11::handle& object, const std::string& origin);

/// Dicts, lists and scalars as YAML reads them: whole numbers, numbers, true, false, null, texts.
pybind11::object python_of(const Tree& tree);

void bind_trees(pybind11::module_& module);

}  // namespace lightloom::python
