#include "photonic/cores/kinds/mzi_core.hpp"

#include <bit>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "photonic/cores/core_age.hpp"
#include "photonic/cores/core_table.hpp"
#include "photonic/cores/kinds/mesh_chip.hpp"
#include "photonic/cores/kinds/mesh_device_settings.hpp"
#include "photonic/cores/kinds/mesh_statistics.hpp"
#include "photonic/cores/tiles.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/decomposition/svd/svd_cache.hpp"
#include "photonic/meshes/haar.hpp"
#include "photonic/meshes/propagate.hpp"

namespace lightloom::photonic {

void describe(Section& section, MeshCard& card) {
  section.value("modes", card.modes, {.low = 1, .high = 4096});
  section.choice("topology", card.topology,
                 {{"clements", MeshKind::clements},
                  {"reck", MeshKind::reck},
                  {"butterfly", MeshKind::butterfly}});
  section.choice("device", card.device,
                 {{"mzi", DeviceKind::mzi},
                  {"three-splitter", DeviceKind::three_splitter},
                  {"crossing", DeviceKind::crossing},
                  {"compact", DeviceKind::compact}});
  section.value("device_loss_db", card.device_loss_db, not_negative);
  section.value("balanced_edges", card.balanced_edges);
  section.value("mode_pitch_um", card.pitch.mode_um, positive);
  section.value("column_pitch_um", card.pitch.column_um, positive);
}

int mesh_modes(const CoreCard& card) { return std::max(card.core_rows(), card.core_columns()); }

double mean_devices_met(const CoreCard& card) {
  const MeshCard& mesh = mesh_part(card).mesh;
  const int n = mesh_modes(card);
  if (mesh.topology == MeshKind::butterfly) return std::log2(n);  // every path alike
  if (!mesh.balanced_edges) return n - 1;
  return mesh.topology == MeshKind::reck ? std::max(1, 2 * n - 3) : n;
}

namespace {

/// Two meshes and a row of attenuators between them: W = scale U diag(a) V^T, read out by homodyne
/// detection.
class MziCore final : public TensorCore {
 public:
  explicit MziCore(const CoreCard& card)
      : design_(std::make_shared<const MeshDesign>(card)),
        description_(describe_core(card)),
        cache_(card.core_rows(), card.core_columns(), design_->topology) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    return realise_used({targets, address, realised, scales});
  }

  RealisationReport realise_used(const TileBatch& batch) const override {
    const MeshChip chip(design_, batch.address);
    return realise_tiles(description_, batch, [&](const Tile& tile) {
      const auto settings = decomposed(used_weights(description_, batch, tile));
      tile.scale = static_cast<float>(settings->scale);
      return build(*settings, chip, tile);
    });
  }

 private:
  /// Names the tile that the core's meshes cannot make.
  [[nodiscard]] std::shared_ptr<const SvdSettings> decomposed(const UsedWeights& used) const {
    try {
      return cache_.decomposed(used.weights, used.part.rows, used.part.columns);
    } catch (const Error& error) {
      throw Error(fmt::format("tile {}: {}", used.tile, error.what()));
    }
  }

  RealisationReport build(const SvdSettings& target, const MeshChip& chip, const Tile& tile) const {
    RealisationReport report{.devices = description_.cost.devices};
    const int n = design_->topology.modes;
    const auto count = static_cast<std::size_t>(n);
    std::vector<double> re(count * count), im(count * count);
    for (std::size_t m = 0; m < count; ++m) re[m * count + m] = 1;
    const FieldView<double> fields{re.data(), im.data(), n, n, n};
    // Targets are real and the real quadrature is read: a leak in the other one costs only second
    // order.
    const auto applied = [&](const MeshSettings& ideal, int mesh) {
      return chip.apply(ideal, mesh, tile.address, Leak::quadrature);
    };
    report.unreachable_devices += pass(applied(target.right, 0), fields);
    const Topology no_mesh{.modes = n};
    propagate<double>(no_mesh, {}, chip.attenuators(target.attenuation, tile.address), fields);
    report.unreachable_devices += pass(applied(target.left, 1), fields);
    const double scale = target.scale * chip.loss_normalisation(2);
    const auto rows = static_cast<std::size_t>(description_.rows);
    const auto columns = static_cast<std::size_t>(description_.columns);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        tile.realised[r * columns + c] = static_cast<float>(scale * re[r * count + c]);
    return report;
  }

  /// Sends the fields through one mesh as it was set. Returns how many of its devices cannot take
  /// their setting.
  int pass(const MeshChip::Applied& applied, const FieldView<double>& fields) const {
    const Topology& topology = design_->topology;
    std::vector<Transfer> transfers(topology.cells.size());
    cell_transfers({topology, design_->mesh().mesh.device, applied.settings, applied.fabrication},
                   transfers);
    std::vector<Complex> screen;
    for (const double phase : applied.settings.screen) screen.push_back(std::polar(1.0, phase));
    propagate<double>(topology, transfers, screen, fields);
    return applied.unreachable;
  }

  std::shared_ptr<const MeshDesign> design_;
  CoreDescription description_;
  SvdCache cache_;
};

void check_mesh(Section& section, const CoreCard& card) {
  const MeshCoreCard& own = mesh_part(card);
  if (own.mesh.topology == MeshKind::butterfly &&
      !std::has_single_bit(static_cast<unsigned>(mesh_modes(card))))
    section.problem("mesh",
                    fmt::format("a butterfly mesh needs a power of two of modes, not {} (set "
                                "mesh.modes, or rows and columns)",
                                mesh_modes(card)));
  if (own.mesh.device == DeviceKind::compact && own.crosstalk.kernel != CrosstalkKernel::none)
    section.problem("crosstalk",
                    "crosstalk between the heaters of compact devices is not modelled (take "
                    "mesh.device mzi, or crosstalk.kernel none)");
}

CoreSize mesh_size(const CoreCard& card) {
  const int modes = mesh_part(card).mesh.modes;
  return {card.rows > 0 ? card.rows : (card.columns > 0 ? card.columns : modes),
          card.columns > 0 ? card.columns : (card.rows > 0 ? card.rows : modes)};
}

CoreOptics mesh_optics(const CoreCard& card) {
  const double loss_db =
      input_loss_db(card) + (2 * mean_devices_met(card) + 1) * mesh_part(card).mesh.device_loss_db;
  return {.coding = InputCoding::field,
          .insertion_loss_db = loss_db,
          .oscillators_mW = card.core_rows() * card.laser.local_oscillator_mW,
          .noise = homodyne_noise(card, loss_db)};
}

/// Devices of one mesh, and its shifters: two a device, one a mode behind, and those in front of
/// compact devices.
struct MeshParts {
  double cells = 0, shifters = 0;
};
MeshParts mesh_parts(const MeshCard& mesh, int modes) {
  const bool butterfly = mesh.topology == MeshKind::butterfly;
  MeshParts parts{.cells = 0.5 * modes * (butterfly ? std::log2(modes) : modes - 1)};
  parts.shifters = 2 * parts.cells + modes;
  if (mesh.device == DeviceKind::compact)
    parts.shifters +=
        static_cast<double>(outer_shifters(make_topology(mesh.topology, modes)).size());
  return parts;
}

/// Sum of theta over one mesh that is Haar-random: k = 1 ... N-1 occurs N-k times (only 1 in a
/// butterfly, whose 2x2s are). Both phases of a compact device are uniform over 2 pi, and all are
/// where set-points make up for random biases.
double sum_of_thetas(const MeshCoreCard& own, int modes, double cells) {
  if (own.mesh.device == DeviceKind::compact || own.phase_bias == PhaseBias::uniform)
    return std::numbers::pi * cells;
  if (own.mesh.topology == MeshKind::butterfly) return cells * haar_mean_theta(1);
  double thetas = 0;
  for (int k = 1; k < modes; ++k) thetas += (modes - k) * haar_mean_theta(k);
  return thetas;
}

/// Two meshes with their screens, and one attenuator a mode. phi and screens are uniform over 2 pi,
/// attenuators sit at pi/2. The phases of an MZI share its area. Settings: an SVD (about 21 N^3,
/// Golub and Van Loan) and two decompositions of 14 N^3.
CoreDevices mesh_devices(const CoreCard& card) {
  const MeshCoreCard& own = mesh_part(card);
  const int modes = mesh_modes(card);
  const double n = modes;
  const MeshParts mesh = mesh_parts(own.mesh, modes);
  const double thetas = sum_of_thetas(own, modes, mesh.cells);
  const double others = std::numbers::pi * (mesh.shifters - mesh.cells);
  const double programmed = 2 * mesh.shifters + modes;
  return {.programmed = programmed,
          .placed = 2 * (mesh.cells + modes) + modes,
          .mean_phase_rad = (2 * (thetas + others) + 0.5 * std::numbers::pi * modes) / programmed,
          .setting_operations = (21 + 2 * 14) * n * n * n};
}

}  // namespace

CoreEntry mzi_core() {
  return {.name = "mzi-mesh",
          .describe =
              [](Section& section, CoreCard& card) {
                MeshCoreCard& own = mesh_part(card);
                describe_light(section, card);
                describe_phases(section, card);
                section.choice("phase_bias", own.phase_bias,
                               {{"none", PhaseBias::none}, {"uniform", PhaseBias::uniform}});
                section.card("mesh", own.mesh);
                section.card("fabrication", own.fabrication);
                section.card("heater", own.heater);
                section.card("crosstalk", own.crosstalk);
                section.card("dispersion", own.dispersion);
                check_mesh(section, card);
              },
          .make = [](const CoreCard& card) { return std::make_unique<MziCore>(card); },
          .optics = mesh_optics,
          .devices = mesh_devices,
          .size = mesh_size,
          .statistics = mesh_statistics,
          .age = age_phases,
          .settings = mesh_device_settings};
}

}  // namespace lightloom::photonic
