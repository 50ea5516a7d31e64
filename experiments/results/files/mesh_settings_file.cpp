#include "experiments/results/files/mesh_settings_file.hpp"

#include <fmt/ranges.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "photonic/decomposition/conventions.hpp"

namespace lightloom::experiments {
namespace {

using photonic::MatrixDecomposition;

template <class Enum, std::size_t count>
std::string name_of(Enum value, const std::array<std::pair<const char*, Enum>, count>& known) {
  for (const auto& [name, other] : known)
    if (value == other) return name;
  return "";
}

std::vector<std::int64_t> numbers(std::size_t count) {
  std::vector<std::int64_t> list(count);
  std::iota(list.begin(), list.end(), std::int64_t{0});
  return list;
}

/// Phases of a mesh on the axes of a prefix: `left_device` and `left_mode`, or none.
struct MeshAxes {
  std::string device, mode;
};
void add_mesh(Labelled& data, const photonic::MeshSettings& mesh, const std::string& prefix,
              const MeshAxes& axes) {
  data.add({prefix + "theta", {axes.device}, mesh.theta, "rad", "inner phase"});
  data.add({prefix + "phi", {axes.device}, mesh.phi, "rad", "outer phase"});
  data.add({prefix + "screen", {axes.mode}, mesh.screen, "rad", "output phase"});
  if (!mesh.outer.empty())
    data.add({prefix + "outer",
              {axes.device},
              mesh.outer,
              "rad",
              "phase in front of the upper input, 0 where there is no shifter"});
}

/// Axes of a mesh and where its devices sit.
MeshAxes add_places(Labelled& data, const photonic::Topology& topology, const std::string& prefix) {
  MeshAxes axes{prefix + "device", prefix + "mode"};
  data.add_axis({axes.device, numbers(topology.cells.size()), "1",
                 "device of one mesh in the order of light"});
  data.add_axis({axes.mode, numbers(static_cast<std::size_t>(topology.modes)), "1", "mode"});
  std::vector<std::int64_t> columns, tops, bottoms;
  for (const photonic::Cell& cell : topology.cells) {
    columns.push_back(cell.column);
    tops.push_back(cell.top);
    bottoms.push_back(cell.bottom);
  }
  data.add({prefix + "column", {axes.device}, columns, "1", "column of the device"});
  data.add({prefix + "top", {axes.device}, tops, "1", "upper of the two modes"});
  data.add({prefix + "bottom", {axes.device}, bottoms, "1", "lower of the two modes"});
  return axes;
}

/// Phases of ours in another convention.
photonic::MeshSettings in_theirs(PhaseConvention convention, const photonic::Topology& topology,
                                 const photonic::MeshSettings& ours) {
  switch (convention) {
    case PhaseConvention::beamsplitter:
      return photonic::to_beamsplitter_convention(topology, ours);
    case PhaseConvention::compact:
      return photonic::to_compact_convention(ours);
    case PhaseConvention::behind:
      return photonic::to_phases_behind(topology, ours);
    default:
      return ours;
  }
}

/// And back.
photonic::MeshSettings in_ours(PhaseConvention convention, const photonic::Topology& topology,
                               const photonic::MeshSettings& theirs) {
  switch (convention) {
    case PhaseConvention::beamsplitter:
      return photonic::from_beamsplitter_convention(topology, theirs);
    case PhaseConvention::compact:
      return photonic::from_compact_convention(theirs);
    case PhaseConvention::behind:
      return photonic::from_phases_behind(topology, theirs);
    default:
      return theirs;
  }
}

/// Takes the variables of a settings file apart.
class SettingsReader {
 public:
  explicit SettingsReader(const std::string& path) : path_(path), data_(read_labelled(path)) {}

  template <class Enum, std::size_t count>
  [[nodiscard]] Enum kind(const char* attribute,
                          const std::array<std::pair<const char*, Enum>, count>& known) const {
    const char* otherwise = attribute == std::string_view("device") ? known.front().first : "";
    std::vector<std::string> names;
    for (const auto& [name, value] : known) {
      if (word(attribute, otherwise) == name) return value;
      names.emplace_back(name);
    }
    throw Error(fmt::format("{}: {} '{}' is not known (it is one of {})", path_, attribute,
                            word(attribute), fmt::join(names, ", ")));
  }
  [[nodiscard]] bool reversed(const char* attribute) const {
    return word(attribute, order_name(false)) == order_name(true);
  }
  [[nodiscard]] int length(const char* axis) const {
    const Axis* found = data_.axis(axis);
    require(found != nullptr, "{}: holds no settings (axis '{}' is missing)", path_, axis);
    return static_cast<int>(size_of(found->values));
  }
  /// Modes of a mesh by its axis; `otherwise` where it is missing, 0: it must be there.
  [[nodiscard]] int modes(const char* axis, int otherwise) const {
    const int found = otherwise > 0 ? length_or(axis, otherwise) : length(axis);
    require(found >= 1 && found <= photonic::most_modes,
            "{}: settings of {} modes are not taken (1 to {} are)", path_, found,
            photonic::most_modes);
    return found;
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
    const std::string device = word("device", device_names.front().first),
                      convention = word("convention");
    require(settings.outer.empty() || device == std::string("compact"),
            "{}: phases in front of devices belong to compact ones", path_);
    require(convention_takes(convention, kind("device", device_names)),
            "{}: the convention '{}' is not one of {} devices", path_, convention, device);
    return in_ours(kind("convention", convention_names), topology, settings);
  }

  /// An attribute; one that is not there is `otherwise` where that is something.
  [[nodiscard]] std::string word(const char* attribute, std::string_view otherwise = {}) const {
    const auto found = data_.attributes.find(attribute);
    if (found == data_.attributes.end() && !otherwise.empty()) return std::string(otherwise);
    const auto* text =
        found == data_.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
    require(text != nullptr,
            "{}: holds no settings of a mesh (attribute '{}' is missing; lightloom decompose "
            "--output writes such files, docs/use/decompose.md says how to write one)",
            path_, attribute);
    return *text;
  }
  /// Length of an axis, `otherwise` where it is missing.
  [[nodiscard]] int length_or(const char* axis, int otherwise) const {
    return data_.axis(axis) == nullptr ? otherwise : length(axis);
  }

 private:
  std::string path_;
  Labelled data_;
};

}  // namespace

bool convention_takes(const std::string& convention, photonic::DeviceKind device) {
  if (convention == "lightloom") return true;
  return device == (convention == "strawberryfields-compact" ? photonic::DeviceKind::compact
                                                             : photonic::DeviceKind::mzi);
}

PhaseConvention MeshSettingsKind::phases() const {
  for (const auto& [name, value] : convention_names)
    if (convention == name) return value;
  throw Error(fmt::format("the convention '{}' is not known", convention));
}

const char* order_name(bool reversed) { return reversed ? "bit-reversed" : "in order"; }

Labelled mesh_settings_file(const MatrixDecomposition& found, const MeshSettingsKind& kind) {
  const auto written = [&](const photonic::Topology& topology,
                           const photonic::MeshSettings& settings) {
    return in_theirs(kind.phases(), topology, settings);
  };
  Labelled data;
  data.attributes["convention"] = kind.convention;
  data.attributes["mesh"] = name_of(kind.mesh, mesh_names);
  data.attributes["device"] = name_of(kind.device, device_names);
  data.attributes["inputs"] = order_name(found.inputs_reversed);
  data.attributes["outputs"] = order_name(found.outputs_reversed);
  const MeshAxes axes = add_places(data, found.topology, "");
  add_mesh(data, written(found.topology, found.right), "", axes);
  if (!found.attenuation.empty()) {
    const bool alike = found.left_topology.modes == found.topology.modes;
    const MeshAxes left = alike ? axes : add_places(data, found.left_topology, "left_");
    add_mesh(data, written(found.left_topology, found.left), "left_", left);
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
  return data;
}

StoredMeshSettings read_mesh_settings(const std::string& path) {
  const SettingsReader file(path);
  StoredMeshSettings stored{.kind = {.mesh = photonic::MeshKind::clements,
                                     .device = file.kind("device", device_names),
                                     .convention = file.word("convention")},
                            .settings = {}};
  MatrixDecomposition& settings = stored.settings;
  stored.kind.mesh = file.kind("mesh", mesh_names);
  const int right = file.modes("mode", 0), left = file.modes("left_mode", right);
  settings.modes = std::max(left, right);
  settings.topology = photonic::make_topology(stored.kind.mesh, right);
  settings.left_topology = photonic::make_topology(stored.kind.mesh, left);
  settings.right = file.mesh("", settings.topology);
  settings.inputs_reversed = file.reversed("inputs");
  settings.outputs_reversed = file.reversed("outputs");
  if (file.has("attenuation")) {
    settings.left = file.mesh("left_", settings.left_topology);
    settings.attenuation =
        file.values("attenuation", static_cast<std::size_t>(std::min(left, right)));
    settings.scale = file.values("scale", 1)[0];
  }
  const bool turned = stored.kind.phases() == PhaseConvention::behind;  // rows are inputs
  const int rows = turned ? right : left, columns = turned ? left : right;
  stored.rows = std::min(file.length_or("row", rows), rows);
  stored.columns = std::min(file.length_or("input", columns), columns);
  return stored;
}

}  // namespace lightloom::experiments
