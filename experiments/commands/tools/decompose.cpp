#include <array>

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
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

std::string read_convention(const CommandLine& line, const DecompositionOptions& options) {
  choice(line, "convention", convention_names);
  std::string convention = line.value("convention", convention_names.front().first);
  require(convention_takes(convention, options.device),
          "--convention {} is of {} devices: --device {} has no place beside it", convention,
          convention == "strawberryfields-compact" ? "compact" : "plain MZI",
          line.value("device", device_names.front().first));
  return convention;
}

/// Programs that multiply row vectors with a matrix say the transpose of what light does.
ComplexMatrix as_said(const ComplexMatrix& matrix, const MeshSettingsKind& kind) {
  if (kind.phases() != PhaseConvention::behind) return matrix;
  ComplexMatrix turned{.rows = matrix.columns, .columns = matrix.rows, .values = {}};
  for (int r = 0; r < turned.rows; ++r)
    for (int c = 0; c < turned.columns; ++c)
      turned.values.push_back(
          matrix.values[static_cast<std::size_t>(std::int64_t{c} * matrix.columns + r)]);
  return turned;
}

DecompositionOptions read_options(const CommandLine& line) {
  using Target = DecompositionOptions::Target;
  constexpr std::array<std::pair<const char*, Target>, 3> target_names{
      {{"unitary", Target::unitary}, {"nearest", Target::nearest}, {"svd", Target::svd}}};
  return {.mesh = choice(line, "mesh", mesh_names),
          .device = choice(line, "device", device_names),
          .target = choice(line, "target", target_names),
          .tolerance = line.has("tolerance") ? line.real("tolerance", 0, 1e-300) : 0};
}

/// Settings back into the matrix that ideal meshes make of them.
Shown run_back(const CommandLine& line) {
  for (const char* option : {"mesh", "target", "device", "convention", "tolerance"})
    require(!line.has(option), "--{} is not for --back: the settings say what they belong to",
            option);
  const std::string path = only_operand(line, "settings that lightloom decompose wrote (.h5)");
  if (!line.output.empty()) require_writable(line.output);
  const StoredMeshSettings stored = read_mesh_settings(path);
  const MatrixDecomposition& settings = stored.settings;
  const photonic::SquareMatrix whole = photonic::rebuild_matrix(settings, stored.kind.device);
  const bool turned = stored.kind.phases() == PhaseConvention::behind;
  ComplexMatrix matrix{.rows = turned ? stored.columns : stored.rows,
                       .columns = turned ? stored.rows : stored.columns,
                       .values = {}};
  for (int r = 0; r < matrix.rows; ++r)
    for (int c = 0; c < matrix.columns; ++c) matrix.values.push_back(whole(r, c));
  matrix = as_said(matrix, stored.kind);
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

/// What was found, in words and for scripts.
Shown decomposed(const MatrixDecomposition& found, const DecompositionOptions& options) {
  Shown result;
  result.json = {{"modes", found.modes},
                 {"devices", found.devices},
                 {"columns", found.columns},
                 {"error", found.error},
                 {"rounded", found.rounded},
                 {"distance_from_unitary",
                  found.distance_from_unitary < 0 ? Json() : Json(found.distance_from_unitary)}};
  result.text = fmt::format(
      "{} modes, {} devices in {} columns\nreconstruction error {:.3g} (Frobenius, over the root "
      "of the modes)\n",
      found.modes, found.devices, found.columns, found.error);
  if (found.distance_from_unitary >= 0)
    result.text +=
        fmt::format("distance of the matrix from a unitary {:.3g}\n", found.distance_from_unitary);
  if (found.rounded)
    result.text += fmt::format(
        "unitary to {:.2g} only, as rounded numbers are (single precision, few decimals): the "
        "settings are those of the nearest unitary\n",
        found.distance_from_unitary);
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
  return result;
}

Shown do_decompose(const CommandLine& line, ProgressSink& /*progress*/) {
  require(line.settings.empty(), "lightloom decompose takes no card, so --set has nothing to set");
  if (line.has("back")) return run_back(line);
  const DecompositionOptions options = read_options(line);
  const MeshSettingsKind kind{options.mesh, options.device, read_convention(line, options)};
  const std::string path =
      only_operand(line, "a matrix (.npy, .npz:NAME, .csv, .mtx, .mat or .h5)");
  if (!line.output.empty())
    require_ending("lightloom decompose (settings) --output", line.output, settings_endings);
  MatrixDecomposition found = photonic::decompose_matrix(as_said(read_matrix(path), kind), options);
  found.rebuilt = as_said(found.rebuilt, kind);
  Shown result = decomposed(found, options);
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
    .endings = matrix_endings,
    .options = {{"mesh", "NAME", "clements (default), reck or butterfly"},
                {"target", "NAME", "unitary (default), nearest (unitary), or svd for any matrix"},
                {"device", "NAME", "mzi (default), three-splitter, crossing or compact"},
                {"tolerance", "X",
                 "largest |U U^H - 1| taken for unitary (2e-6 root of the modes)"},
                {"convention", "NAME",
                 "of the phases in --output: lightloom (default), perceval, strawberryfields, "
                 "strawberryfields-symmetric, strawberryfields-compact, interferometer, neurophox"},
                {"back", "",
                 "settings, as --output wrote them, back into a matrix (--output: where to)"}},
    .run = do_decompose};

}  // namespace lightloom::experiments
