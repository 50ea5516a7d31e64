#include "photonic/cores/chip_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/cores/mesh_chip.hpp"
#include "photonic/decomposition/butterfly.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

/// The row of one chip in the statistics.
struct ChipRow {
  double error = 0, fidelity = 0, unreachable = 0, insertion_loss_db = 0, power_mW = 0,
         reading_error = 0;
};

MeshSettings random_target(const Topology& topology, const TileAddress& address) {
  const Stream stream({.seed = address.seed, .purpose = Purpose::haar, .chip = address.chip});
  switch (topology.kind) {
    case MeshKind::clements:
      break;
    case MeshKind::reck:
      return decompose_reck(haar_unitary(topology.modes, stream));
    case MeshKind::butterfly:
      return random_butterfly_settings(topology, stream);
  }
  return haar_clements_settings(topology, stream);
}

ChipRow mesh_row(const CoreCard& card, const Topology& topology, const ThermalCrosstalk& crosstalk,
                 const TileAddress& address) {
  const MeshChip chip(card, topology, crosstalk, address);
  const MeshSettings ideal = random_target(topology, address);
  const SquareMatrix target = mesh_matrix(topology, DeviceKind::mzi, ideal);
  const MeshChip::Applied applied = chip.apply(ideal, 0, address, Leak::nearest);
  SquareMatrix real =
      mesh_matrix(topology, card.mesh.device, applied.settings, applied.fabrication);
  double power = 0;
  for (const Complex value : real.values) power += std::norm(value);
  const double uniform_loss_db =
      card.mesh.balanced_edges ? mean_devices_met(card) * card.mesh.device_loss_db : 0.0;
  for (Complex& value : real.values) value *= chip.loss_normalisation(1);
  const double cells = static_cast<double>(std::max<std::size_t>(1, topology.cells.size()));
  return {.error = matrix_error(real, target),
          .fidelity = matrix_fidelity(real, target),
          .unreachable = applied.unreachable / cells,
          .insertion_loss_db = uniform_loss_db - 10 * std::log10(power / topology.modes),
          .power_mW = card.shifter.pi_power_mW * applied.held_rad / std::numbers::pi};
}

ChipRow tile_row(const TensorCore& core, double loss_db, const TileAddress& address) {
  const CoreDescription& about = core.description();
  const auto size = static_cast<std::size_t>(about.rows) * static_cast<std::size_t>(about.columns);
  const Stream stream({.seed = address.seed, .purpose = Purpose::haar, .chip = address.chip});
  std::vector<float> target(size), realised(size), scales(1);
  for (std::size_t k = 0; k < size; ++k) target[k] = static_cast<float>(2 * stream.uniform(k) - 1);
  const RealisationReport report = core.realise(target, address, realised, scales);
  std::vector<float> variance(size);
  core.cell_noise(target, address, {.variance = variance, .light = {}});
  double overlap = 0, norm = 0, reading = 0;
  for (const float v : variance) reading += v;
  for (std::size_t k = 0; k < size; ++k) {
    overlap += static_cast<double>(target[k]) * realised[k];
    norm += static_cast<double>(realised[k]) * realised[k];
  }
  return {.error = std::sqrt(report.squared_error / report.squared_target),
          .fidelity = overlap * overlap / (norm * report.squared_target),
          .unreachable = report.devices > 0 ? static_cast<double>(report.unreachable_devices) /
                                                  static_cast<double>(report.devices)
                                            : 0.0,
          .insertion_loss_db = loss_db,
          .power_mW = about.cost.hold_power_mW * static_cast<double>(about.cost.devices),
          .reading_error = std::sqrt(reading / report.squared_target)};
}

}  // namespace

ChipStatistics chip_statistics(const CoreCard& card, const ChipOptions& options) {
  require(options.chips >= 1, "statistics need at least one chip, not {}", options.chips);
  const bool mesh = card.kind == CoreKind::mzi_mesh;
  const auto chips = static_cast<std::size_t>(options.chips);
  const Topology topology =
      mesh ? make_topology(card.mesh.topology, card.mesh_modes()) : Topology{};
  const ThermalCrosstalk crosstalk(card.crosstalk, card.mesh.pitch, topology);
  const auto core = mesh ? nullptr : make_core(card);
  std::vector<ChipRow> rows(chips);
#pragma omp parallel for schedule(dynamic)
  for (std::size_t i = 0; i < chips; ++i) {
    const TileAddress address{.seed = options.seed,
                              .chip = options.first_chip + static_cast<std::uint32_t>(i)};
    rows[i] = mesh ? mesh_row(card, topology, crosstalk, address)
                   : tile_row(*core, insertion_loss_db(card), address);
  }
  ChipStatistics result;
  result.target = !mesh                                  ? "uniform weights"
                  : topology.kind == MeshKind::butterfly ? "random product of butterflies"
                                                         : "Haar-random unitary";
  result.modes = topology.modes;
  for (const ChipRow& row : rows) {
    result.error.push_back(row.error);
    result.fidelity.push_back(row.fidelity);
    result.unreachable.push_back(row.unreachable);
    result.insertion_loss_db.push_back(row.insertion_loss_db);
    result.power_mW.push_back(row.power_mW);
    result.reading_error.push_back(row.reading_error);
  }
  return result;
}

}  // namespace lightloom::photonic
