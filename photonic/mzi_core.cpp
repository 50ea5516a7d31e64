#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/random.hpp"
#include "photonic/core_cost.hpp"
#include "photonic/cores.hpp"
#include "photonic/correction.hpp"
#include "photonic/phase_control.hpp"
#include "photonic/propagate.hpp"
#include "photonic/svd_cache.hpp"

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
        cache_(card.core_rows(), card.core_columns(), topology_) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    const std::size_t tiles = checked_tiles(description_, targets, realised, scales);
    if (tiles == 0) return {};
    const std::size_t size = targets.size() / tiles;
    const Chip chip = draw_chip(address);
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
  /// What is fixed on one chip, for both meshes.
  struct Chip {
    Fabrication right, left;
    PhaseErrors errors;
  };

  [[nodiscard]] Chip draw_chip(const TileAddress& address) const {
    return {draw_fabrication(card_.fabrication, topology_, address.seed, address.chip, 0),
            draw_fabrication(card_.fabrication, topology_, address.seed, address.chip, 1),
            PhaseErrors(card_, address, topology_)};
  }

  /// Set phases as the chip takes them: corrected for its known splitters, rounded, with their
  /// errors.
  MeshSettings applied(const MeshSettings& ideal, const Fabrication& fabrication, int mesh,
                       const PhaseErrors& errors, const TileAddress& address,
                       RealisationReport& report) const {
    MeshSettings settings = ideal;
    if (card_.correction == Correction::local) {
      CorrectedSettings corrected =
          correct_locally(topology_, ideal, fabrication, Leak::quadrature);
      report.unreachable_devices += corrected.unreachable;
      settings = std::move(corrected.settings);
    }
    quantise_phases(card_.phase_bits, settings);
    errors.add(mesh, address, settings);
    return settings;
  }

  RealisationReport build(const SvdSettings& target, const Chip& chip, const TileAddress& address,
                          std::span<float> realised) const {
    RealisationReport report{.tiles = 1, .devices = description_.cost.devices};
    const int n = topology_.modes;
    const auto count = static_cast<std::size_t>(n);
    std::vector<double> re(count * count), im(count * count);
    for (std::size_t m = 0; m < count; ++m) re[m * count + m] = 1;
    const FieldView<double> fields{re.data(), im.data(), n, n, n};
    pass(applied(target.right, chip.right, 0, chip.errors, address, report), chip.right, {},
         fields);
    const std::vector<Complex> attenuators =
        attenuator_factors(target.attenuation, chip.errors, address);
    pass(applied(target.left, chip.left, 1, chip.errors, address, report), chip.left, attenuators,
         fields);
    const auto rows = static_cast<std::size_t>(description_.rows),
               columns = static_cast<std::size_t>(description_.columns);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        realised[r * columns + c] = static_cast<float>(target.scale * re[r * count + c]);
    return report;
  }

  /// `entrance` (per mode, or nothing) multiplies the fields before the mesh.
  void pass(const MeshSettings& settings, const Fabrication& fabrication,
            std::span<const Complex> entrance, const FieldView<double>& fields) const {
    std::vector<Transfer> transfers(topology_.cells.size());
    cell_transfers(topology_, DeviceKind::mzi, settings, fabrication, transfers);
    std::vector<Complex> screen;
    for (const double phase : settings.screen) screen.push_back(std::polar(1.0, phase));
    const Topology bare{.modes = topology_.modes};
    if (!entrance.empty()) propagate<double>(bare, {}, entrance, fields);
    propagate<double>(topology_, transfers, screen, fields);
  }

  /// An attenuator is an MZI read at its bar port, amplitude sin(theta/2); a phase error d turns
  /// the field by d/2 too.
  std::vector<Complex> attenuator_factors(const std::vector<double>& amplitude,
                                          const PhaseErrors& errors,
                                          const TileAddress& address) const {
    MeshSettings thetas;
    for (const double a : amplitude) thetas.theta.push_back(2 * std::asin(a));
    const std::vector<double> wanted = thetas.theta;
    quantise_phases(card_.phase_bits, thetas);
    errors.add(2, address, thetas);
    std::vector<Complex> factors;
    for (std::size_t k = 0; k < wanted.size(); ++k)
      factors.push_back(
          std::polar(std::sin(thetas.theta[k] / 2), (thetas.theta[k] - wanted[k]) / 2));
    return factors;
  }

  CoreCard card_;
  CoreDescription description_;
  Topology topology_;
  SvdCache cache_;
};

}  // namespace

std::unique_ptr<TensorCore> make_mzi_core(const CoreCard& card) {
  return std::make_unique<MziCore>(card);
}

}  // namespace lightloom::photonic
