#include "studies.hpp"

#include <pybind11/stl.h>

#include <lightloom/experiments/from_cards/cost_card.hpp>
#include <lightloom/experiments/from_cards/ratio_card.hpp>
#include <lightloom/experiments/from_cards/search_card.hpp>
#include <lightloom/experiments/from_cards/sweep_card.hpp>
#include <lightloom/experiments/from_cards/timeline_card.hpp>
#include <lightloom/experiments/from_cards/validate_cards.hpp>

#include "base/errors.hpp"
#include "base/labelled.hpp"
#include "base/progress.hpp"

namespace lightloom::python {
namespace {

using namespace experiments;

py::dict run(const Tree& card, const std::string& command, const py::object& tell) {
  return parts_of(long_call(tell, [&](ProgressSink& sink) {
    return run_card(CardCall{card, command, &sink});
  }));
}

py::dict cost(const Tree& card, const std::string& command, const py::object& tell) {
  return parts_of(long_call(tell, [&](ProgressSink& sink) {
    return cost_card({card, command, &sink});
  }));
}

py::dict ratio(const Tree& card, const std::string& model, const std::string& dataset) {
  return parts_of(long_call(py::none(), [&](ProgressSink&) {
    return about_a_card([&] { return ratio_card(card, {model, dataset}); });
  }));
}

py::dict sweep(const Tree& card, const std::string& command, const std::string& output,
               const py::object& tell) {
  return parts_of(long_call(tell, [&](ProgressSink& sink) {
    return sweep_card({card, command, &sink}, output);
  }));
}

py::tuple search(const Tree& card, const std::string& command, const SearchOptions& options,
                 const py::object& tell) {
  SearchedCard found = long_call(tell, [&](ProgressSink& sink) {
    return search_card({card, command, &sink}, options);
  });
  return py::make_tuple(parts_of(std::move(found.data)), found.card);
}

py::dict timeline(const Tree& card, const std::string& command, const std::string& source) {
  return parts_of(long_call(py::none(), [&](ProgressSink& sink) {
    return timeline_card({card, command, &sink}, source);
  }));
}

std::string validate(const std::vector<std::string>& paths,
                     const std::vector<std::string>& settings, const py::object& tell) {
  return long_call(tell, [&](ProgressSink& sink) { return validate_cards(paths, settings, sink); });
}

}  // namespace

void bind_studies(py::module_& module) {
  py::class_<SearchOptions>(module, "SearchOptions")
      .def(py::init<>())
      .def_readwrite("budget", &SearchOptions::budget)
      .def_readwrite("sensitivity", &SearchOptions::sensitivity)
      .def_readwrite("images", &SearchOptions::images)
      .def_readwrite("candidates", &SearchOptions::candidates)
      .def_readwrite("fine_tune", &SearchOptions::fine_tune)
      .def_readwrite("weights", &SearchOptions::weights);
  module.def("run", run);
  module.def("cost", cost);
  module.def("ratio", ratio);
  module.def("sweep", sweep);
  module.def("search", search);
  module.def("timeline", timeline);
  module.def("validate", validate);
}

}  // namespace lightloom::python
