#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/cores/core_table.hpp"
#include "photonic/cores/mesh_chip.hpp"
#include "photonic/decomposition/svd_cache.hpp"
#include "photonic/meshes/propagate.hpp"

namespace lightloom::photonic {
namespace {

/// Two meshes and a row of attenuators between them: W = scale U diag(a) V^T, read out by homodyne
/// detection.
class MziCore final : public TensorCore {
 public:
  explicit MziCore(const CoreCard& card)
      : card_(card),
        description_(describe_core(card)),
        topology_(make_topology(card.mesh.topology, card.mesh_modes())),
        crosstalk_(card.crosstalk, card.mesh.pitch, topology_),
        cache_(card.core_rows(), card.core_columns(), topology_) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    const std::size_t tiles = checked_tiles(description_, targets, realised, scales);
    if (tiles == 0) return {};
    const std::size_t size = targets.size() / tiles;
    if (topology_.kind == MeshKind::butterfly) check_tiles(targets, size);
    const MeshChip chip(card_, topology_, crosstalk_, address);
    std::vector<RealisationReport> reports(tiles);
#pragma omp parallel for schedule(dynamic)
    for (std::size_t i = 0; i < tiles; ++i) {
      TileAddress here = address;
      here.tile += static_cast<std::uint32_t>(i);
      const auto target = targets.subspan(i * size, size);
      const auto settings = cache_.decomposed(target);
      scales[i] = static_cast<float>(settings->scale);
      reports[i] = build(*settings, chip, here, realised.subspan(i * size, size));
      reports[i].weights = static_cast<std::int64_t>(size);
      add_errors(target, realised.subspan(i * size, size), reports[i]);
    }
    RealisationReport total;
    for (const RealisationReport& report : reports) total.add(report);
    return total;
  }

 private:
  /// Decomposes all tiles before any thread works on one, naming the first that butterflies cannot
  /// make.
  void check_tiles(std::span<const float> targets, std::size_t size) const {
    for (std::size_t first = 0; first < targets.size(); first += size) {
      try {
        std::ignore = cache_.decomposed(targets.subspan(first, size));
      } catch (const Error& error) {
        throw Error(fmt::format("tile {}: {}", first / size, error.what()));
      }
    }
  }

  RealisationReport build(const SvdSettings& target, const MeshChip& chip,
                          const TileAddress& address, std::span<float> realised) const {
    RealisationReport report{.tiles = 1, .devices = description_.cost.devices};
    const int n = topology_.modes;
    const auto count = static_cast<std::size_t>(n);
    std::vector<double> re(count * count), im(count * count);
    for (std::size_t m = 0; m < count; ++m) re[m * count + m] = 1;
    const FieldView<double> fields{re.data(), im.data(), n, n, n};
    report.unreachable_devices += pass(target.right, chip, 0, address, fields);
    const Topology no_mesh{.modes = n};
    propagate<double>(no_mesh, {}, chip.attenuators(target.attenuation, address), fields);
    report.unreachable_devices += pass(target.left, chip, 1, address, fields);
    const double scale = target.scale * chip.loss_normalisation(2);
    const auto rows = static_cast<std::size_t>(description_.rows);
    const auto columns = static_cast<std::size_t>(description_.columns);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        realised[r * columns + c] = static_cast<float>(scale * re[r * count + c]);
    return report;
  }

  /// Sends the fields through one mesh of the chip. Returns how many of its devices cannot take
  /// their setting.
  int pass(const MeshSettings& ideal, const MeshChip& chip, int mesh, const TileAddress& address,
           const FieldView<double>& fields) const {
    // Targets are real and the real quadrature is read: a leak in the other one costs only second
    // order.
    const MeshChip::Applied applied = chip.apply(ideal, mesh, address, Leak::quadrature);
    std::vector<Transfer> transfers(topology_.cells.size());
    cell_transfers(topology_, card_.mesh.device, applied.settings, applied.fabrication, transfers);
    std::vector<Complex> screen;
    for (const double phase : applied.settings.screen) screen.push_back(std::polar(1.0, phase));
    propagate<double>(topology_, transfers, screen, fields);
    return applied.unreachable;
  }

  CoreCard card_;
  CoreDescription description_;
  Topology topology_;
  ThermalCrosstalk crosstalk_;
  SvdCache cache_;
};

}  // namespace

std::unique_ptr<TensorCore> make_mzi_core(const CoreCard& card) {
  return std::make_unique<MziCore>(card);
}

}  // namespace lightloom::photonic
