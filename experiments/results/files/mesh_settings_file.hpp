#pragma once

#include <array>
#include <string>
#include <utility>

#include "core/files/labelled.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"

namespace lightloom::experiments {

/// Whose 2x2s the phases of a settings file belong to (see photonic/decomposition/conventions.hpp,
/// docs/use/decompose.md).
enum class PhaseConvention {
  lightloom,     // also perceval's "mzi phase first" and strawberryfields' rectangular_symmetric
  beamsplitter,  // strawberryfields' rectangular_phase_end, clementsw/interferometer
  compact,       // strawberryfields' rectangular_compact: delta and sigma
  behind,        // neurophox: x U of row vectors, phases behind the devices, gamma in front
};

inline constexpr std::array<std::pair<const char*, photonic::MeshKind>, 3> mesh_names{
    {{"clements", photonic::MeshKind::clements},
     {"reck", photonic::MeshKind::reck},
     {"butterfly", photonic::MeshKind::butterfly}}};
inline constexpr std::array<std::pair<const char*, photonic::DeviceKind>, 4> device_names{
    {{"mzi", photonic::DeviceKind::mzi},
     {"three-splitter", photonic::DeviceKind::three_splitter},
     {"crossing", photonic::DeviceKind::crossing},
     {"compact", photonic::DeviceKind::compact}}};
inline constexpr std::array<std::pair<const char*, PhaseConvention>, 7> convention_names{
    {{"lightloom", PhaseConvention::lightloom},
     {"perceval", PhaseConvention::lightloom},
     {"strawberryfields", PhaseConvention::beamsplitter},
     {"strawberryfields-symmetric", PhaseConvention::lightloom},
     {"strawberryfields-compact", PhaseConvention::compact},
     {"interferometer", PhaseConvention::beamsplitter},
     {"neurophox", PhaseConvention::behind}}};

/// Whether a convention speaks of devices of that kind: `lightloom` of all,
/// `strawberryfields-compact` of compact ones, all others of plain MZIs.
bool convention_takes(const std::string& convention, photonic::DeviceKind device);

/// "bit-reversed" or "in order".
const char* order_name(bool reversed);

/// What the phases of a file belong to.
struct MeshSettingsKind {
  photonic::MeshKind mesh = photonic::MeshKind::clements;
  photonic::DeviceKind device = photonic::DeviceKind::mzi;
  std::string convention = convention_names.front().first;

  [[nodiscard]] PhaseConvention phases() const;
};

/// A decomposition as a file: phases by device with where each device sits, and the matrix that
/// ideal meshes make of them.
Labelled mesh_settings_file(const photonic::MatrixDecomposition& found,
                            const MeshSettingsKind& kind);

/// Settings as a file holds them, maybe with phases that somebody has changed since.
struct StoredMeshSettings {
  MeshSettingsKind kind;
  photonic::MatrixDecomposition settings;  // without the rebuilt matrix
  int rows = 0, columns = 0;               // of the matrix that was decomposed
};

/// Reads what `mesh_settings_file` gave, or what somebody else wrote: the attributes `convention`
/// and `mesh`, the axes `device` and `mode`, `theta`, `phi` and `screen` are enough for one mesh.
/// Throws `Error` naming what is wrong.
StoredMeshSettings read_mesh_settings(const std::string& path);

}  // namespace lightloom::experiments
