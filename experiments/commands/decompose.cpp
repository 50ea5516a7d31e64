#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "core/cards/card.hpp"
#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/matrix_file.hpp"
#include "experiments/results/provenance.hpp"
#include "experiments/results/shown.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/decomposition/conventions.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"

namespace lightloom::experiments {
namespace {

using photonic::DecompositionOptions;
using photonic::DeviceKind;
using photonic::MatrixDecomposition;
using photonic::MeshKind;

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

constexpr std::initializer_list<std::pair<const char*, MeshKind>> mesh_names{
    {"clements", MeshKind::clements}, {"reck", MeshKind::reck}, {"butterfly", MeshKind::butterfly}};
constexpr std::initializer_list<std::pair<const char*, DeviceKind>> device_names{
    {"mzi", DeviceKind::mzi},
    {"three-splitter", DeviceKind::three_splitter},
    {"crossing", DeviceKind::crossing},
    {"compact", DeviceKind::compact}};

/// Whose 2x2s the phases of a settings file belong to (see conventions.hpp).
enum class Convention { lightloom, beamsplitter };
constexpr std::initializer_list<std::pair<const char*, Convention>> convention_names{
    {"lightloom", Convention::lightloom}, {"strawberryfields", Convention::beamsplitter}};

Convention read_convention(const CommandLine& line, const DecompositionOptions& options) {
  const auto found = choice<Convention>(line, "convention", convention_names);
  require(found == Convention::lightloom || options.device == DeviceKind::mzi,
          "--convention strawberryfields has one kind of device, so --device has no place beside "
          "it");
  return found;
}

template <class Enum>
std::string name_of(Enum value, std::initializer_list<std::pair<const char*, Enum>> known) {
  for (const auto& [name, other] : known)
    if (value == other) return name;
  return "";
}

DecompositionOptions read_options(const CommandLine& line) {
  using Target = DecompositionOptions::Target;
  return {.mesh = choice<MeshKind>(line, "mesh", mesh_names),
          .device = choice<DeviceKind>(line, "device", device_names),
          .target = choice<Target>(
              line, "target",
              {{"unitary", Target::unitary}, {"nearest", Target::nearest}, {"svd", Target::svd}})};
}

const char* order_name(bool reversed) { return reversed ? "bit-reversed" : "in order"; }

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
    data.add({prefix + "outer",
              {"device"},
              mesh.outer,
              "rad",
              "phase in front of the upper input, 0 where there is no shifter"});
}

/// The settings as a file: phases by device with where each device sits, and the matrix that ideal
/// meshes make of them.
Labelled settings_file(const MatrixDecomposition& found, const DecompositionOptions& options,
                       const CommandLine& line) {
  const Convention convention = read_convention(line, options);
  const auto written = [&](const photonic::MeshSettings& settings) {
    return convention == Convention::lightloom
               ? settings
               : photonic::to_beamsplitter_convention(found.topology, settings);
  };
  Labelled data;
  data.attributes["convention"] = name_of(convention, convention_names);
  data.attributes["mesh"] = name_of(options.mesh, mesh_names);
  data.attributes["device"] = name_of(options.device, device_names);
  data.attributes["inputs"] = order_name(found.inputs_reversed);
  data.attributes["outputs"] = order_name(found.outputs_reversed);
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
  add_mesh(data, written(found.right), "");
  if (!found.attenuation.empty()) {
    add_mesh(data, written(found.left), "left_");
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

/// Reads what `settings_file` wrote, maybe with phases that somebody has changed since.
class SettingsReader {
 public:
  explicit SettingsReader(const std::string& path) : path_(path), data_(read_labelled(path)) {}

  template <class Enum>
  [[nodiscard]] Enum kind(const char* attribute,
                          std::initializer_list<std::pair<const char*, Enum>> known) const {
    for (const auto& [name, value] : known)
      if (text(attribute) == name) return value;
    throw Error(fmt::format("{}: {} '{}' is not known", path_, attribute, text(attribute)));
  }
  [[nodiscard]] bool reversed(const char* attribute) const {
    return text(attribute) == order_name(true);
  }
  [[nodiscard]] int length(const char* axis) const {
    const Axis* found = data_.axis(axis);
    require(found != nullptr, "{}: holds no settings (axis '{}' is missing)", path_, axis);
    return static_cast<int>(size_of(found->values));
  }
  [[nodiscard]] bool has(const std::string& name) const { return data_.variable(name) != nullptr; }
  [[nodiscard]] std::vector<double> values(const std::string& name, std::size_t count) const {
    const Variable* found = data_.variable(name);
    const auto* list =
        found == nullptr ? nullptr : std::get_if<std::vector<double>>(&found->values);
    require(list != nullptr, "{}: holds no '{}' of real numbers", path_, name);
    require(list->size() == count, "{}: '{}' has {} values, its mesh needs {}", path_, name,
            list->size(), count);
    for (const double value : *list)
      require(std::isfinite(value), "{}: '{}' holds a value that is not a finite number", path_,
              name);
    return *list;
  }
  [[nodiscard]] photonic::MeshSettings mesh(const std::string& prefix,
                                            const photonic::Topology& topology) const {
    const std::size_t cells = topology.cells.size();
    photonic::MeshSettings settings{
        .theta = values(prefix + "theta", cells),
        .phi = values(prefix + "phi", cells),
        .screen = values(prefix + "screen", static_cast<std::size_t>(topology.modes))};
    if (has(prefix + "outer")) settings.outer = values(prefix + "outer", cells);
    if (kind("convention", convention_names) == Convention::lightloom) return settings;
    require(settings.outer.empty(), "{}: phases in front of devices belong to compact ones", path_);
    return photonic::from_beamsplitter_convention(topology, settings);
  }

 private:
  [[nodiscard]] std::string text(const char* attribute) const {
    const auto found = data_.attributes.find(attribute);
    const auto* word =
        found == data_.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
    require(word != nullptr,
            "{}: holds no settings of a mesh (attribute '{}' is missing; lightloom decompose "
            "--output writes such files)",
            path_, attribute);
    return *word;
  }

  std::string path_;
  Labelled data_;
};

/// Settings back into the matrix that ideal meshes make of them.
Shown run_back(const CommandLine& line) {
  for (const char* option : {"mesh", "target", "device", "convention"})
    require(!line.has(option), "--{} is not for --back: the settings say what they belong to",
            option);
  const SettingsReader file(only_operand(line, "settings that lightloom decompose wrote (.h5)"));
  if (!line.output.empty()) require_writable(line.output);
  const auto device = file.kind<DeviceKind>("device", device_names);
  MatrixDecomposition settings{.modes = file.length("mode")};
  require(settings.modes >= 1 && settings.modes <= photonic::most_modes,
          "settings of {} modes are not taken (1 to {} are)", settings.modes, photonic::most_modes);
  settings.topology =
      photonic::make_topology(file.kind<MeshKind>("mesh", mesh_names), settings.modes);
  settings.right = file.mesh("", settings.topology);
  settings.inputs_reversed = file.reversed("inputs");
  settings.outputs_reversed = file.reversed("outputs");
  if (file.has("attenuation")) {
    settings.left = file.mesh("left_", settings.topology);
    settings.attenuation = file.values("attenuation", static_cast<std::size_t>(settings.modes));
    settings.scale = file.values("scale", 1)[0];
  }
  const photonic::SquareMatrix whole = photonic::rebuild_matrix(settings, device);
  ComplexMatrix matrix{.rows = std::min(file.length("row"), settings.modes),
                       .columns = std::min(file.length("input"), settings.modes),
                       .values = {}};
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

Shown do_decompose(const CommandLine& line) {
  require(line.settings.empty(), "lightloom decompose takes no card, so --set has nothing to set");
  if (line.has("back")) return run_back(line);
  const DecompositionOptions options = read_options(line);
  std::ignore = read_convention(line, options);
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
  write_labelled(line.output, settings_file(found, options, line));
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
