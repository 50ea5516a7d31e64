#pragma once

#include <array>
#include <string>
#include <utility>

#include "core/files/labelled.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"

namespace lightloom::experiments {

/// Whose 2x2s the phases of a settings file belong to (see photonic/decomposition/conventions.hpp).
enum class PhaseConvention { lightloom, strawberryfields };

inline constexpr std::array<std::pair<const char*, photonic::MeshKind>, 3> mesh_names{
    {{"clements", photonic::MeshKind::clements},
     {"reck", photonic::MeshKind::reck},
     {"butterfly", photonic::MeshKind::butterfly}}};
inline constexpr std::array<std::pair<const char*, photonic::DeviceKind>, 4> device_names{
    {{"mzi", photonic::DeviceKind::mzi},
     {"three-splitter", photonic::DeviceKind::three_splitter},
     {"crossing", photonic::DeviceKind::crossing},
     {"compact", photonic::DeviceKind::compact}}};
inline constexpr std::array<std::pair<const char*, PhaseConvention>, 2> convention_names{
    {{"lightloom", PhaseConvention::lightloom},
     {"strawberryfields", PhaseConvention::strawberryfields}}};

/// "bit-reversed" or "in order".
const char* order_name(bool reversed);

/// What the phases of a file belong to.
struct MeshSettingsKind {
  photonic::MeshKind mesh = photonic::MeshKind::clements;
  photonic::DeviceKind device = photonic::DeviceKind::mzi;
  PhaseConvention convention = PhaseConvention::lightloom;
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

/// Reads what `mesh_settings_file` gave. Throws `Error` naming what is wrong.
StoredMeshSettings read_mesh_settings(const std::string& path);

}  // namespace lightloom::experiments
