#include "calibration/programming/calibrated_core.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "calibration/model/gauge.hpp"
#include "calibration/programming/voltages.hpp"
#include "core/error.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/cores/tiles.hpp"
#include "photonic/decomposition/local_correction.hpp"
#include "photonic/decomposition/svd/svd_cache.hpp"

namespace lightloom::calibration {
namespace {

using photonic::Complex;
using photonic::SquareMatrix;

/// Root of the mean power a mesh passes on.
double mean_amplitude(const SquareMatrix& matrix) {
  double sum = 0;
  for (const Complex& value : matrix.values) sum += std::norm(value);
  return std::sqrt(sum / matrix.size);
}

class CalibratedCore final : public photonic::TensorCore {
 public:
  CalibratedCore(const photonic::CoreCard& card, ProgrammedChips chips)
      : limit_V_(photonic::mesh_part(card).heater.max_voltage_V),
        chips_(std::move(chips)),
        nominal_(photonic::make_core(card)),
        cache_(card.core_rows(), card.core_columns(), chips_.shape.topology) {
    for (std::vector<double>& truth : chips_.truth)
      truth = in_gauge_of(chips_.shape, truth, chips_.believed);
    const int bias = chips_.shape.parameters.first(ParameterKind::bias);
    for (std::size_t c = 0; c < chips_.moved_rad.size(); ++c)
      for (std::size_t h = 0; h < chips_.moved_rad[c].size(); ++h)
        chips_.truth[c][static_cast<std::size_t>(bias) + h] += chips_.moved_rad[c][h];
    const std::vector<double> dark(static_cast<std::size_t>(chips_.shape.heater_count()));
    passed_ = mean_amplitude(realised_matrix(chips_.shape, chips_.believed, dark));
  }

  [[nodiscard]] const photonic::CoreDescription& description() const override {
    return nominal_->description();
  }

  photonic::RealisationReport realise(std::span<const float> targets, photonic::TileAddress address,
                                      std::span<float> realised,
                                      std::span<float> scales) const override {
    return realise_used({targets, address, realised, scales});
  }

  photonic::RealisationReport realise_used(const photonic::TileBatch& batch) const override {
    const std::vector<double>& truth = chips_.truth[batch.address.chip % chips_.truth.size()];
    return photonic::realise_tiles(description(), batch, [&](const photonic::Tile& tile) {
      const photonic::UsedWeights used = photonic::used_weights(description(), batch, tile);
      const auto settings = cache_.decomposed(used.weights, used.part.rows, used.part.columns);
      tile.scale = static_cast<float>(settings->scale);
      return build(*settings, truth, tile.realised);
    });
  }

 private:
  photonic::RealisationReport build(const photonic::SvdSettings& target,
                                    const std::vector<double>& truth,
                                    std::span<float> realised) const {
    photonic::RealisationReport report{.devices = description().cost.devices};
    const SquareMatrix right = pass(target.right, truth, report),
                       left = pass(target.left, truth, report);
    const int n = chips_.shape.ports();
    const double scale = target.scale / (passed_ * passed_);
    const auto columns = static_cast<std::size_t>(description().columns);
    for (std::size_t i = 0; i < realised.size(); ++i) {
      const int r = static_cast<int>(i / columns), c = static_cast<int>(i % columns);
      Complex sum = 0;
      for (int k = 0; k < n; ++k)
        sum += photonic::mul(left(r, k),
                             target.attenuation[static_cast<std::size_t>(k)] * right(k, c));
      realised[i] = static_cast<float>(scale * sum.real());
    }
    return report;
  }

  /// What one mesh does when told to do what `ideal` makes a perfect mesh do.
  SquareMatrix pass(const photonic::MeshSettings& ideal, const std::vector<double>& truth,
                    photonic::RealisationReport& report) const {
    const ChipShape& shape = chips_.shape;
    const photonic::CorrectedSettings corrected =
        photonic::correct_locally(shape.topology, ideal, fabrication_of(shape, chips_.believed),
                                  {.leak = photonic::Leak::quadrature});
    const Programming set = voltages_for(shape, chips_.believed, corrected.settings, limit_V_);
    report.unreachable_devices += corrected.unreachable + set.out_of_range;
    SquareMatrix matrix = realised_matrix(shape, truth, set.voltages);
    for (int p = 0; p < matrix.size; ++p) {
      const Complex screen =
          std::polar(1.0, corrected.settings.screen[static_cast<std::size_t>(p)]);
      for (int c = 0; c < matrix.size; ++c) matrix(p, c) = photonic::mul(screen, matrix(p, c));
    }
    return matrix;
  }

  double limit_V_;
  ProgrammedChips chips_;
  std::unique_ptr<photonic::TensorCore> nominal_;
  photonic::SvdCache cache_;
  double passed_ = 1;  // mean amplitude through a mesh, as believed
};

}  // namespace

std::unique_ptr<photonic::TensorCore> make_calibrated_core(const photonic::CoreCard& card,
                                                           ProgrammedChips chips) {
  const photonic::MeshCoreCard* own = photonic::find_mesh_part(card);
  const int modes = std::max(card.core_rows(), card.core_columns());
  require(own != nullptr && own->mesh.device == photonic::DeviceKind::mzi &&
              modes == chips.shape.ports() &&
              chips.shape.topology.kind == photonic::MeshKind::clements &&
              own->mesh.topology == photonic::MeshKind::clements,
          "calibration: the core must be a Clements mzi-mesh with as many modes as the calibrated "
          "chip has ports (the core is {} with {} modes, the chip has {} ports)",
          card.kind, modes, chips.shape.ports());
  require(!chips.truth.empty(), "calibration: no chip");
  assert(chips.moved_rad.empty() || chips.moved_rad.size() == chips.truth.size());
  return std::make_unique<CalibratedCore>(card, std::move(chips));
}

}  // namespace lightloom::calibration
