#include "meshes.hpp"

#include <pybind11/stl.h>

#include <lightloom/core/error.hpp>
#include <lightloom/core/random/random.hpp>
#include <lightloom/experiments/results/files/mesh_settings_file.hpp>
#include <lightloom/photonic/control/thermal_crosstalk.hpp>
#include <lightloom/photonic/decomposition/matrix_decomposition.hpp>
#include <lightloom/photonic/meshes/haar.hpp>
#include <memory>
#include <mutex>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/labelled.hpp"
#include "base/progress.hpp"
#include "base/trees.hpp"

namespace lightloom::python {
namespace {

using photonic::DecompositionOptions;
using photonic::MatrixDecomposition;
using Complexes = std::vector<std::complex<double>>;

template <class Enum, std::size_t count>
Enum named(const std::string& word, const char* what,
           const std::array<std::pair<const char*, Enum>, count>& known) {
  std::string names;
  for (const auto& [name, value] : known) {
    if (word == name) return value;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(fmt::format("{} is '{}' but must be one of {}", what, word, names));
}

constexpr std::array<std::pair<const char*, DecompositionOptions::Target>, 3> target_names{
    {{"unitary", DecompositionOptions::Target::unitary},
     {"nearest", DecompositionOptions::Target::nearest},
     {"svd", DecompositionOptions::Target::svd}}};

/// A matrix as a mesh. What the settings make is computed when it is asked for first.
struct Mesh {
  ComplexMatrix matrix;  // as it was given
  DecompositionOptions options;
  MatrixDecomposition found;
  std::unique_ptr<std::once_flag> compared = std::make_unique<std::once_flag>();

  const MatrixDecomposition& whole() {
    const py::gil_scoped_release released;
    std::call_once(*compared, [this] { photonic::compare_rebuilt(matrix, options, found); });
    return found;
  }
};

ComplexMatrix matrix_of(const py::buffer& buffer) {
  const View<std::complex<double>> view = view_of<std::complex<double>>(buffer, "U", 2);
  return {.rows = whole(view.size(0), "the rows of U", 0),
          .columns = whole(view.size(1), "the columns of U", 0),
          .values = {view.values.begin(), view.values.end()}};
}

Array array_of_matrix(const ComplexMatrix& matrix) {
  return array_of(matrix.values, {matrix.rows, matrix.columns});
}

Array array_of_square(photonic::SquareMatrix matrix) {
  return array_of(std::move(matrix.values), {matrix.size, matrix.size});
}

Mesh decompose(const py::buffer& buffer, const py::dict& words) {
  const auto word = [&](const char* key) { return py::cast<std::string>(words[key]); };
  Mesh mesh{.matrix = matrix_of(buffer),
            .options = {.mesh = named(word("mesh"), "mesh", experiments::mesh_names),
                        .device = named(word("device"), "device", experiments::device_names),
                        .target = named(word("target"), "target", target_names),
                        .tolerance = py::cast<double>(words["tolerance"])},
            .found = {}};
  const py::gil_scoped_release released;
  mesh.found = photonic::set_meshes(mesh.matrix, mesh.options);
  return mesh;
}

/// Phases by device and mode, and where the devices sit.
py::dict phases_of(const photonic::MeshSettings& settings, const photonic::Topology& topology) {
  std::vector<std::int64_t> column, top, bottom;
  for (const photonic::Cell& cell : topology.cells) {
    column.push_back(cell.column);
    top.push_back(cell.top);
    bottom.push_back(cell.bottom);
  }
  py::dict phases;
  phases["theta"] = array_of(settings.theta);
  phases["phi"] = array_of(settings.phi);
  phases["screen"] = array_of(settings.screen);
  phases["outer"] = array_of(settings.outer);
  phases["column"] = array_of(std::move(column));
  phases["top"] = array_of(std::move(top));
  phases["bottom"] = array_of(std::move(bottom));
  return phases;
}

py::dict mesh_phases(const Mesh& mesh, const std::string& side) {
  if (side == "right") return phases_of(mesh.found.right, mesh.found.topology);
  require(mesh.options.target == DecompositionOptions::Target::svd,
          "a mesh has no '{}' side (only a decomposition by target='svd' has a left one)", side);
  return phases_of(mesh.found.left, mesh.found.left_topology);
}

std::vector<double> phases_given(const py::object& given, const std::vector<double>& held,
                                 const char* name) {
  if (given.is_none()) return held;
  std::vector<double> phases = copy_of<double>(py::cast<py::buffer>(given), name, 1);
  require(phases.size() == held.size(), "{} has {} phases (the mesh has {})", name, phases.size(),
          held.size());
  return phases;
}

/// Settings of the only mesh with some phases in the place of its own.
photonic::MeshSettings settings_with(const Mesh& mesh, const py::dict& given) {
  require(mesh.options.target != DecompositionOptions::Target::svd,
          "phases are changed in one mesh (this matrix is two, by target='svd')");
  const photonic::MeshSettings& held = mesh.found.right;
  return {.theta = phases_given(given["theta"], held.theta, "theta"),
          .phi = phases_given(given["phi"], held.phi, "phi"),
          .screen = phases_given(given["screen"], held.screen, "screen"),
          .outer = held.outer};
}

Array rebuilt_with(const Mesh& mesh, const py::dict& given) {
  return array_of_square(
      photonic::mesh_matrix(mesh.found.topology, mesh.options.device, settings_with(mesh, given)));
}

/// What the mesh does when its heaters warm one another.
Array heated(const Mesh& mesh, const Tree& card, const photonic::Pitch& pitch,
             const std::string& aware) {
  require(mesh.options.target != DecompositionOptions::Target::svd &&
              mesh.options.device == photonic::DeviceKind::mzi,
          "thermal crosstalk is that of one mesh of plain MZIs (device='mzi', not target='svd')");
  require(pitch.mode_um > 0 && pitch.column_um > 0,
          "the pitches of a mesh are positive lengths in um");
  const auto crosstalk = about_a_card([&] { return read_card<photonic::CrosstalkCard>(card); });
  const photonic::Topology& topology = mesh.found.topology;
  const photonic::ThermalCrosstalk thermal(crosstalk, pitch, topology);
  photonic::MeshSettings set = mesh.found.right;
  if (aware == "aware") set = thermal.compensate(set);
  photonic::Fabrication arms(topology.cells.size());
  std::vector<double> screen = set.screen;
  thermal.induce(set, arms, screen);
  set.screen = std::move(screen);
  return array_of_square(photonic::mesh_matrix(topology, mesh.options.device, set, arms));
}

/// Programs that multiply row vectors with a matrix say the transpose of what light does.
ComplexMatrix turned(const ComplexMatrix& matrix) {
  ComplexMatrix result{.rows = matrix.columns, .columns = matrix.rows, .values = {}};
  result.values.reserve(matrix.values.size());
  const auto columns = static_cast<std::size_t>(matrix.columns);
  for (std::size_t r = 0; r < static_cast<std::size_t>(result.rows); ++r)
    for (std::size_t c = 0; c < static_cast<std::size_t>(result.columns); ++c)
      result.values.push_back(matrix.values[c * columns + r]);
  return result;
}

/// What `lightloom decompose --convention` writes, but for its provenance.
py::dict in_convention(Mesh& mesh, const std::string& convention) {
  named(convention, "the convention", experiments::convention_names);
  require(experiments::convention_takes(convention, mesh.options.device),
          "the convention {} has no place for devices of this kind ({})", convention,
          convention == "strawberryfields-compact" ? "it is of device='compact'"
                                                   : "it is of plain MZIs, device='mzi'");
  const experiments::MeshSettingsKind kind{mesh.options.mesh, mesh.options.device, convention};
  if (kind.phases() != experiments::PhaseConvention::behind)
    return parts_of(experiments::mesh_settings_file(mesh.whole(), kind));
  MatrixDecomposition found = photonic::decompose_matrix(turned(mesh.matrix), mesh.options);
  found.rebuilt = turned(found.rebuilt);
  return parts_of(experiments::mesh_settings_file(found, kind));
}

Array haar(std::int64_t modes, std::uint64_t seed, std::uint64_t shot) {
  require(modes <= photonic::most_modes, "n is {} but must be 1 to {}", modes,
          photonic::most_modes);
  const int size = whole(modes, "n", 1);
  const py::gil_scoped_release released;
  return array_of_square(
      photonic::haar_unitary(size, Stream({.seed = seed, .purpose = Purpose::haar}), shot));
}

}  // namespace

void bind_meshes(py::module_& module) {
  using Found = MatrixDecomposition;
  const auto of = [](auto Found::*field) {
    return [field](const Mesh& mesh) { return mesh.found.*field; };
  };
  py::class_<Mesh>(module, "Mesh")
      .def_property_readonly("modes", of(&Found::modes))
      .def_property_readonly("devices", of(&Found::devices))
      .def_property_readonly("columns", of(&Found::columns))
      .def_property_readonly("error", [](Mesh& mesh) { return mesh.whole().error; })
      .def_property_readonly("distance_from_unitary", of(&Found::distance_from_unitary))
      .def_property_readonly("rounded", of(&Found::rounded))
      .def_property_readonly("scale", of(&Found::scale))
      .def_property_readonly("inputs_reversed", of(&Found::inputs_reversed))
      .def_property_readonly("outputs_reversed", of(&Found::outputs_reversed))
      .def_property_readonly("attenuation",
                             [](const Mesh& mesh) { return array_of(mesh.found.attenuation); })
      .def("phases", mesh_phases)
      .def("matrix", [](Mesh& mesh) { return array_of_matrix(mesh.whole().rebuilt); })
      .def("rebuilt_with", rebuilt_with)
      .def("heated",
           [](const Mesh& mesh, const Tree& card, std::pair<double, double> pitch,
              const std::string& aware) {
             return heated(mesh, card, {pitch.first, pitch.second}, aware);
           })
      .def("to", in_convention);
  module.def("decompose", decompose);
  module.def("haar", haar);
}

}  // namespace lightloom::python
