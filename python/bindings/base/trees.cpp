#include "base/trees.hpp"

#include <pybind11/stl.h>

#include <charconv>
#include <lightloom/core/error.hpp>
#include <lightloom/experiments/from_cards/cost_card.hpp>
#include <lightloom/memory/memory_card.hpp>
#include <lightloom/photonic/cores/core_card.hpp>
#include <optional>
#include <string_view>

#include "base/errors.hpp"

namespace lightloom::python {

namespace py = pybind11;

namespace {

constexpr int deepest = 100;

Tree build(const py::handle& object, const std::string& origin, int depth);

/// Texts of Python may hold halves of letters, which no file can.
std::string text_of(const py::handle& text, const std::string& origin) {
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (bytes != nullptr) return {bytes, static_cast<std::size_t>(size)};
  PyErr_Clear();
  throw Error(fmt::format("{}: the text {} holds codes that are no letters", origin,
                          py::cast<std::string>(py::repr(text))));
}

Tree mapping_of(const py::dict& dict, const std::string& origin, int depth) {
  Tree tree = Tree::mapping();
  for (const auto& [key, value] : dict) {
    require(py::isinstance<py::str>(key), "{}: the key {} is no text", origin,
            py::cast<std::string>(py::repr(key)));
    tree.at_or_add(text_of(key, origin)) = build(value, origin, depth + 1);
  }
  return tree;
}

std::string scalar_of(const py::handle& object, const std::string& origin) {
  if (py::isinstance<py::str>(object)) return text_of(object, origin);
  if (py::isinstance<py::bool_>(object)) return py::cast<bool>(object) ? "true" : "false";
  const py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
  if (index) return py::cast<std::string>(py::str(index));
  PyErr_Clear();
  const double number = PyFloat_AsDouble(object.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw Error(
        fmt::format("{}: {} of type {} has no place in a card (texts, numbers, true, false, "
                    "None, lists and dicts have)",
                    origin, py::cast<std::string>(py::repr(object)),
                    py::cast<std::string>(py::str(py::type::handle_of(object).attr("__name__")))));
  }
  return number_text(number);
}

Tree build(const py::handle& object, const std::string& origin, int depth) {
  require(depth <= deepest, "{}: deeper than {} levels (does it hold itself?)", origin, deepest);
  Tree tree;
  if (object.is_none())
    tree = Tree();
  else if (py::isinstance<py::dict>(object))
    tree = mapping_of(py::reinterpret_borrow<py::dict>(object), origin, depth);
  else if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    tree = Tree::list();
    for (const py::handle item : object) tree.items.push_back(build(item, origin, depth + 1));
  } else if (py::hasattr(object, "tolist") && !py::hasattr(object, "__index__")) {
    tree = build(object.attr("tolist")(), origin, depth + 1);  // arrays, and scalars of NumPy
  } else {
    tree = Tree::of(scalar_of(object, origin));
  }
  tree.origin = origin;
  return tree;
}

template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number value{};
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  const auto [stop, problem] = std::from_chars(begin, end, value);
  if (problem != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

py::object scalar_for_python(const std::string& text) {
  if (text == "true" || text == "false") return py::bool_(text == "true");
  if (const auto number = number_in<std::int64_t>(text)) return py::int_(*number);
  if (const auto number = number_in<std::uint64_t>(text)) return py::int_(*number);
  if (const auto number = number_in<double>(text)) return py::float_(*number);
  return py::str(text);
}

/// The card with every default filled in, as what `kind` says it is.
Tree resolved(const Tree& tree, const std::string& kind) {
  Tree all;
  return about_a_card([&] {
    if (kind == "experiment") return experiments::resolve_card(tree);
    if (kind == "core")
      read_card<photonic::CoreCard>(tree, &all);
    else if (kind == "memory")
      read_card<memory::MemoryCard>(tree, &all);
    else if (kind == "dram")
      memory::read_dram(tree, &all);
    else
      throw Error(fmt::format(
          "a card of kind '{}' is not known (experiment, core, memory and dram are)", kind));
    return all;
  });
}

/// The value at a key path where no section on the way is another card's, without a copy of the
/// tree; else nullptr.
const Tree* found_inside(const Tree& tree, std::string_view path) {
  const Tree* at = &tree;
  while (at != nullptr && at->find("card") == nullptr) {
    const auto dot = path.find('.');
    at = at->find(path.substr(0, dot));
    if (dot == std::string_view::npos) return at;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

/// (value, whether it is the path of a card), or None where nothing is there.
py::object found_at(const Tree& tree, const std::string& path) {
  const Tree* found = found_inside(tree, path);
  Tree opened;
  if (found == nullptr) {  // looking may load cards in the places of their paths
    opened = tree;
    found = about_a_card([&] { return find_at(opened, path); });
  }
  if (found == nullptr) return py::none();
  return py::make_tuple(python_of(*found),
                        found->kind == Tree::Kind::scalar && stands_for_card(*found));
}

/// The section there, that of another card where its path is there.
py::object section_at(const Tree& tree, const std::string& path) {
  Tree opened = tree;
  return python_of(about_a_card([&] {
    const Tree* found = find_at(opened, path);
    return found == nullptr ? Tree() : section_of(*found);
  }));
}

}  // namespace

Tree tree_of(const py::handle& object, const std::string& origin) {
  return build(object, origin, 0);
}

py::object python_of(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::mapping: {
      py::dict dict;
      for (const auto& [key, value] : tree.pairs) dict[py::str(key)] = python_of(value);
      return dict;
    }
    case Tree::Kind::list: {
      py::list list;
      for (const Tree& item : tree.items) list.append(python_of(item));
      return list;
    }
    case Tree::Kind::scalar:
      return scalar_for_python(tree.scalar);
    default:
      return py::none();
  }
}

void bind_trees(py::module_& module) {
  py::class_<Tree>(module, "Tree", "A parsed card.")
      .def_static(
          "load",
          [](const std::string& path) { return about_a_card([&] { return load_card(path, {}); }); })
      .def_static("place", [](const std::string& path) { return resolve_path(path, "."); })
      .def_static("parse",
                  [](const std::string& text, const std::string& origin) {
                    return about_a_card([&] { return parse_yaml(text, origin); });
                  })
      .def_static("of",
                  [](const py::object& object, const std::string& origin) {
                    return about_a_card([&] { return tree_of(object, origin); });
                  })
      .def("apply",
           [](Tree& tree, const std::string& setting, const std::string& beside) {
             about_a_card([&] {
               apply_setting(tree, setting, beside);
               return 0;
             });
           })
      .def("set",
           [](Tree& tree, const std::string& path, const py::object& value,
              const std::string& beside) {
             about_a_card([&] {
               set_at(tree, path, tree_of(value, "set " + path), beside);
               return 0;
             });
           })
      .def("copy", [](const Tree& tree) { return tree; })
      .def("python", python_of)
      .def("get", found_at)
      .def("section", section_at)
      .def("yaml", [](const Tree& tree) { return to_yaml(tree); })
      .def("resolved", resolved);
}

}  // namespace lightloom::python
