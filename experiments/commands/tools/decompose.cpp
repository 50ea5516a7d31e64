#include <array>

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "experiments/results/files/mesh_settings_file.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/shown.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"

namespace lightloom::experiments {
namespace {

using photonic::DecompositionOptions;
using photonic::DeviceKind;
using photonic::MatrixDecomposition;

template <class Enum, std::size_t count>
Enum choice(const CommandLine& line, const std::string& option,
            const std::array<std::pair<const char*, Enum>, count>& known) {
  const std::string word = line.value(option, known.front().first);
  std::vector<std::string> names;
  for (const auto& [name, value] : known) {
    if (word == name) return value;
    names.emplace_back(name);
  }
  const std::string near = nearest_word(word, names);
  throw Error(fmt::format("--{} {}: must be one of {}{}", option, word, fmt::join(names, ", "),
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
}

PhaseConvention read_convention(const CommandLine& line, const DecompositionOptions& options) {
  const auto found = choice(line, "convention", convention_names);
  require(found == PhaseConvention::lightloom || options.device == DeviceKind::mzi,
          "--convention strawberryfields has one kind of device, so --device has no place beside "
          "it");
  return found;
}

DecompositionOptions read_options(const CommandLine& line) {
  using Target = DecompositionOptions::Target;
  constexpr std::array<std::pair<const char*, Target>, 3> target_names{
      {{"unitary", Target::unitary}, {"nearest", Target::nearest}, {"svd", Target::svd}}};
  return {.mesh = choice(line, "mesh", mesh_names),
          .device = choice(line, "device", device_names),
          .target = choice(line, "target", target_names)};
}

/// Settings back into the matrix that ideal meshes make of them.
Shown run_back(const CommandLine& line) {
  for (const char* option : {"mesh", "target", "device", "convention"})
    require(!line.has(option), "--{} is not for --back: the settings say what they belong to",
            option);
  const std::string path = only_operand(line, "settings that lightloom decompose wrote (.h5)");
  if (!line.output.empty()) require_writable(line.output);
  const StoredMeshSettings stored = read_mesh_settings(path);
  const MatrixDecomposition& settings = stored.settings;
  const photonic::SquareMatrix whole = photonic::rebuild_matrix(settings, stored.kind.device);
  ComplexMatrix matrix{.rows = stored.rows, .columns = stored.columns, .values = {}};
  for (int r = 0; r < matrix.rows; ++r)
    for (int c = 0; c < matrix.columns; ++c) matrix.values.push_back(whole(r, c));
  Shown result;
  result.json = {
      {"modes", settings.modes},
      {"devices", settings.topology.cells.size()},
      {"rows", matrix.rows},
      {"columns", matrix.columns},
      {"distance_from_unitary",
       matrix.rows == matrix.columns ? Json(photonic::distance_from_unitary(whole)) : Json()}};
  result.text = fmt::format("a matrix of {} x {}\n", matrix.rows, matrix.columns);
  if (line.output.empty()) return result;
  write_matrix(line.output, matrix);
  result.json["matrix"] = line.output;
  result.text += fmt::format("matrix: {}\n", line.output);
  return result;
}

Shown do_decompose(const CommandLine& line, ProgressSink& /*progress*/) {
  require(line.settings.empty(), "lightloom decompose takes no card, so --set has nothing to set");
  if (line.has("back")) return run_back(line);
  const DecompositionOptions options = read_options(line);
  const MeshSettingsKind kind{options.mesh, options.device, read_convention(line, options)};
  const std::string path = only_operand(line, "a matrix (.npy, .csv or .h5)");
  if (!line.output.empty()) require_writable(line.output);
  const MatrixDecomposition found = photonic::decompose_matrix(read_matrix(path), options);
  Shown result;
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
  if (options.device == photonic::DeviceKind::compact) {
    const std::size_t outer = photonic::outer_shifters(found.topology).size();
    result.json["outer_shifters"] = outer;
    result.text += fmt::format("{} shifters in front of the mesh and at its edges\n", outer);
  }
  if (line.output.empty()) return result;
  Labelled file = mesh_settings_file(found, kind);
  add_origin(
      file, {.kind = "decomposition", .card = Tree::mapping(), .command = line.text, .threads = 1});
  write_labelled(line.output, file);
  result.json["settings"] = line.output;
  result.text += fmt::format("settings: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command decompose_command{
    .name = "decompose",
    .operand = "matrix",
    .summary = "a matrix into mesh settings, with the reconstruction error",
    .writes = Writes::file,
    .options = {{"mesh", "NAME", "clements (default), reck or butterfly"},
                {"target", "NAME", "unitary (default), nearest (unitary), or svd for any matrix"},
                {"device", "NAME", "mzi (default), three-splitter, crossing or compact"},
                {"convention", "NAME",
                 "of the phases in --output: lightloom (default), strawberryfields"},
                {"back", "",
                 "settings, as --output wrote them, back into a matrix (--output: where to)"}},
    .run = do_decompose};

}  // namespace lightloom::experiments
