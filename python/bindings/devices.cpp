#include "devices.hpp"

#include <lightloom/core/error.hpp>
#include <lightloom/photonic/control/thermal_crosstalk.hpp>
#include <lightloom/photonic/devices/heater.hpp>
#include <lightloom/photonic/devices/ring.hpp>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/trees.hpp"

namespace lightloom::python {
namespace {

using photonic::Ring;

/// law(x) for every number of an array along one axis.
template <class Law>
Array each(const py::buffer& buffer, const char* name, const Law& law) {
  const View<double> view = view_of<double>(buffer, name, 1);
  std::vector<double> results;
  results.reserve(view.values.size());
  const py::gil_scoped_release released;
  for (const double x : view.values) results.push_back(law(x));
  return array_of(std::move(results));
}

/// Amplitudes of a passive ring.
Ring ring_of(double self_coupling_in, double self_coupling_drop, double turn_amplitude) {
  const Ring ring{self_coupling_in, self_coupling_drop, turn_amplitude};
  const std::pair<const char*, double> parts[] = {{"self_coupling_in", self_coupling_in},
                                                  {"self_coupling_drop", self_coupling_drop},
                                                  {"turn_amplitude", turn_amplitude}};
  for (const auto& [name, value] : parts)
    require(value > 0 && value <= 1, "{} is {} but is an amplitude in (0, 1]", name, value);
  require(ring.feedback() < 1, "a ring that loses nothing in a turn has no line (t1 t2 a is {})",
          ring.feedback());
  return ring;
}

template <class Card>
Card card_as(const Tree& tree) {
  return about_a_card([&] { return read_card<Card>(tree); });
}

void bind_rings(py::module_& module) {
  py::class_<Ring>(module, "Ring")
      .def(py::init(&ring_of))
      .def_readonly("self_coupling_in", &Ring::self_coupling_in)
      .def_readonly("self_coupling_drop", &Ring::self_coupling_drop)
      .def_readonly("turn_amplitude", &Ring::turn_amplitude)
      .def("through",
           [](const Ring& ring, const py::buffer& phases) {
             return each(phases, "phase_rad",
                         [&](double phase) { return photonic::ring_power(ring, phase).through; });
           })
      .def("drop",
           [](const Ring& ring, const py::buffer& phases) {
             return each(phases, "phase_rad",
                         [&](double phase) { return photonic::ring_power(ring, phase).drop; });
           })
      .def("phase_for",
           [](const Ring& ring, const py::buffer& weights) {
             return each(weights, "weight",
                         [&](double weight) { return photonic::ring_phase_for(ring, weight); });
           })
      .def("finesse", [](const Ring& ring) { return photonic::ring_finesse(ring); })
      .def("quality", &photonic::ring_quality);
  module.def("ring_fsr_nm", &photonic::ring_fsr_nm);
}

}  // namespace

void bind_devices(py::module_& module) {
  using photonic::CrosstalkCard;
  using photonic::HeaterCard;
  bind_rings(module);
  py::class_<HeaterCard>(module, "Heater")
      .def(py::init(&card_as<HeaterCard>))
      .def("phase",
           [](const HeaterCard& card, const py::buffer& voltages) {
             return each(voltages, "voltage_V",
                         [&](double voltage) { return photonic::heater_phase(card, voltage); });
           })
      .def("voltage", [](const HeaterCard& card, const py::buffer& phases) {
        return each(phases, "phase_rad", [&](double phase) {
          require(phase >= 0, "phase_rad holds {} (a heater only adds phase)", phase);
          return photonic::coded_voltage(card, photonic::heater_voltage(card, phase).voltage_V);
        });
      });
  py::class_<CrosstalkCard>(module, "Crosstalk")
      .def(py::init(&card_as<CrosstalkCard>))
      .def("share", [](const CrosstalkCard& card, const py::buffer& distances) {
        return each(distances, "distance_um", [&](double distance) {
          require(distance >= 0, "distance_um holds {} (a distance is not negative)", distance);
          return photonic::crosstalk_share(card, distance);
        });
      });
}

}  // namespace lightloom::python
