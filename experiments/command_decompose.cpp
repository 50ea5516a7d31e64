#include <numeric>

#include "core/card.hpp"
#include "core/error.hpp"
#include "experiments/command_table.hpp"
#include "experiments/matrix_file.hpp"
#include "experiments/provenance.hpp"
#include "photonic/compact.hpp"
#include "photonic/decomposition.hpp"

namespace lightloom::experiments {
namespace {

using photonic::DecompositionOptions;
using photonic::MatrixDecomposition;

template <class Enum>
Enum choice(const CommandLine& line, const std::string& option,
            std::initializer_list<std::pair<const char*, Enum>> known) {
  const std::string word = line.value(option, known.begin()->first);
  std::vector<std::string> names;
  for (const auto& [name, value] : known) {
    if (word == name) return value;
    names.emplace_back(name);
  }
  const std::string near = nearest_word(word, names);
  throw Error(fmt::format("--{} {}: must be one of {}{}", option, word, fmt::join(names, ", "),
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
}

DecompositionOptions read_options(const CommandLine& line) {
  using photonic::DeviceKind;
  using photonic::MeshKind;
  using Target = DecompositionOptions::Target;
  return {.mesh = choice<MeshKind>(line, "mesh",
                                   {{"clements", MeshKind::clements},
                                    {"reck", MeshKind::reck},
                                    {"butterfly", MeshKind::butterfly}}),
          .device = choice<DeviceKind>(line, "device",
                                       {{"mzi", DeviceKind::mzi},
                                        {"three-splitter", DeviceKind::three_splitter},
                                        {"crossing", DeviceKind::crossing},
                                        {"compact", DeviceKind::bell}}),
          .target = choice<Target>(
              line, "target",
              {{"unitary", Target::unitary}, {"nearest", Target::nearest}, {"svd", Target::svd}})};
}

std::vector<std::int64_t> numbers(std::size_t count) {
  std::vector<std::int64_t> list(count);
  std::iota(list.begin(), list.end(), std::int64_t{0});
  return list;
}

void add_mesh(Labelled& data, const photonic::MeshSettings& mesh, const std::string& prefix) {
  data.add({prefix + "theta", {"device"}, mesh.theta, "rad", "inner phase"});
  data.add({prefix + "phi", {"device"}, mesh.phi, "rad", "outer phase"});
  data.add({prefix + "screen", {"mode"}, mesh.screen, "rad", "output phase"});
  if (!mesh.outer.empty())
    data.add({prefix + "outer", {"device"}, mesh.outer, "rad",
              "phase in front of the upper input, 0 where there is no shifter"});
}

/// The settings as a file: phases by device with where each device sits, and the matrix that ideal
/// meshes make of them.
Labelled settings_file(const MatrixDecomposition& found, const CommandLine& line) {
  Labelled data;
  data.add_axis({"device", numbers(found.topology.cells.size()), "1",
                 "device of one mesh in the order of light"});
  data.add_axis({"mode", numbers(static_cast<std::size_t>(found.modes)), "1", "mode"});
  std::vector<std::int64_t> columns, tops, bottoms;
  for (const photonic::Cell& cell : found.topology.cells) {
    columns.push_back(cell.column);
    tops.push_back(cell.top);
    bottoms.push_back(cell.bottom);
  }
  data.add({"column", {"device"}, columns, "1", "column of the device"});
  data.add({"top", {"device"}, tops, "1", "upper of the two modes"});
  data.add({"bottom", {"device"}, bottoms, "1", "lower of the two modes"});
  add_mesh(data, found.right, "");
  if (!found.attenuation.empty()) {
    add_mesh(data, found.left, "left_");
    data.add_axis(
        {"attenuator", numbers(found.attenuation.size()), "1", "attenuator between the meshes"});
    data.add({"attenuation", {"attenuator"}, found.attenuation, "1", "amplitude"});
    data.add({"scale", {}, std::vector<double>{found.scale}, "1", "factor in front"});
  }
  data.add_axis({"row", numbers(static_cast<std::size_t>(found.rebuilt.rows)), "1", "output"});
  data.add_axis({"input", numbers(static_cast<std::size_t>(found.rebuilt.columns)), "1", "input"});
  std::vector<double> real, imaginary;
  for (const photonic::Complex& value : found.rebuilt.values) {
    real.push_back(value.real());
    imaginary.push_back(value.imag());
  }
  data.add({"real", {"row", "input"}, real, "1", "rebuilt matrix, real part"});
  data.add({"imaginary", {"row", "input"}, imaginary, "1", "rebuilt matrix, imaginary part"});
  add_origin(
      data, {.kind = "decomposition", .card = Tree::mapping(), .command = line.text, .threads = 1});
  return data;
}

const char* order_name(bool reversed) { return reversed ? "bit-reversed" : "in order"; }

}  // namespace

CommandResult run_decompose(const CommandLine& line) {
  const DecompositionOptions options = read_options(line);
  const std::string path = only_operand(line, "a matrix (.npy, .csv or .h5)");
  require(line.settings.empty(), "lightloom decompose takes no card, so --set has nothing to set");
  if (!line.output.empty()) require_writable(line.output);
  const MatrixDecomposition found = photonic::decompose_matrix(read_matrix(path), options);
  CommandResult result;
  result.json = {{"modes", found.modes},
                 {"devices", found.devices},
                 {"columns", found.columns},
                 {"error", found.error},
                 {"distance_from_unitary",
                  found.distance_from_unitary < 0 ? Json() : Json(found.distance_from_unitary)}};
  result.text = fmt::format(
      "{} modes, {} devices in {} columns\nreconstruction error {:.3g} (Frobenius, over the root "
      "of the modes)\n",
      found.modes, found.devices, found.columns, found.error);
  if (found.distance_from_unitary >= 0)
    result.text +=
        fmt::format("distance of the matrix from a unitary {:.3g}\n", found.distance_from_unitary);
  if (options.mesh == photonic::MeshKind::butterfly) {
    result.json["inputs"] = order_name(found.inputs_reversed);
    result.json["outputs"] = order_name(found.outputs_reversed);
    result.text += fmt::format("inputs {}, outputs {}\n", order_name(found.inputs_reversed),
                               order_name(found.outputs_reversed));
  }
  if (options.device == photonic::DeviceKind::bell) {
    const std::size_t outer = photonic::outer_shifters(found.topology).size();
    result.json["outer_shifters"] = outer;
    result.text += fmt::format("{} shifters in front of the mesh and at its edges\n", outer);
  }
  if (line.output.empty()) return result;
  write_labelled(line.output, settings_file(found, line));
  result.json["settings"] = line.output;
  result.text += fmt::format("settings: {}\n", line.output);
  return result;
}

}  // namespace lightloom::experiments
