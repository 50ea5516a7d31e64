#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "photonic/core_cost.hpp"
#include "photonic/cores.hpp"

namespace lightloom::photonic {
namespace {

/// Crossbar of phase-change cells in differential pairs: w = T+ - T-, intensity inputs.
class PcmCore final : public TensorCore {
 public:
  explicit PcmCore(const CoreCard& card)
      : card_(card), description_(describe_core(card)), levels_(pcm_levels(card.pcm)) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    const std::size_t tiles = checked_tiles(description_, targets, realised, scales);
    if (tiles == 0) return {};
    const std::size_t size = targets.size() / tiles;
    std::vector<RealisationReport> reports(tiles);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < tiles; ++i) {
      TileAddress here = address;
      here.tile += static_cast<std::uint32_t>(i);
      reports[i] = realise_tile(targets.subspan(i * size, size), here,
                                realised.subspan(i * size, size), scales[i]);
    }
    RealisationReport total;
    for (const RealisationReport& report : reports) total.add(report);
    return total;
  }

 private:
  /// The streams of one tile. A cell has the number 2 weight + (0 plus, 1 minus).
  struct Draws {
    Stream programming, reading, drift, stuck;
    std::uint32_t write;
    explicit Draws(const TileAddress& a)
        : programming({a.seed, Purpose::programming, a.chip, a.layer, a.tile}),
          reading({a.seed, Purpose::readout, a.chip, a.layer, a.tile}),
          drift({a.seed, Purpose::cell_drift, a.chip, a.layer, a.tile}),
          stuck({.seed = a.seed, .purpose = Purpose::stuck_device, .chip = a.chip}),
          write(a.write) {}
  };

  /// Transmission of a cell that was told to have `wanted`. `stuck` counts cells that do not obey.
  double transmission(double wanted, std::uint64_t cell, const Draws& draws,
                      std::int64_t& stuck) const {
    const PcmCard& pcm = card_.pcm;
    const double level = card_.pcm.level_bits > 0 ? nearest_level(levels_, wanted) : wanted;
    if (pcm.stuck_low_fraction + pcm.stuck_high_fraction > 0) {
      const double fate = draws.stuck.uniform(cell);
      if (fate < pcm.stuck_low_fraction + pcm.stuck_high_fraction) {
        ++stuck;
        return fate < pcm.stuck_low_fraction ? levels_.front() : levels_.back();
      }
    }
    double written = level;
    if (pcm.programming_scale > 0)
      written = std::max(0.0, level + pcm_programming_sigma(pcm, level) *
                                          draws.programming.normal(cell, draws.write));
    double now = written;
    if (pcm.drift_scale > 0 && pcm.elapsed_s > 0) {
      const DriftExponent nu = pcm_drift_exponent(pcm, written);
      const double exponent = std::abs(nu.mean + nu.sigma * draws.drift.normal(cell, draws.write));
      now *= std::pow((pcm.elapsed_s + pcm.reference_s) / pcm.reference_s, -exponent);
    }
    if (pcm.read_scale > 0)
      now *= 1 + pcm_read_sigma(pcm, written) * draws.reading.normal(cell, draws.write);
    return now;
  }

  RealisationReport realise_tile(std::span<const float> target, const TileAddress& address,
                                 std::span<float> realised, float& scale) const {
    const Draws draws(address);
    const double lowest = levels_.front(), range = 1 - lowest, largest = largest_weight(target);
    scale = static_cast<float>(largest / range);
    RealisationReport report{.tiles = 1,
                             .weights = static_cast<std::int64_t>(target.size()),
                             .devices = 2 * static_cast<std::int64_t>(target.size())};
    double wanted_sum = 0, read_sum = 0;
    for (std::size_t k = 0; k < target.size(); ++k) {
      const double weight = target[k] / largest * range;
      const double plus = lowest + std::max(weight, 0.0), minus = lowest + std::max(-weight, 0.0);
      const double got_plus = transmission(plus, 2 * k, draws, report.unreachable_devices);
      const double got_minus = transmission(minus, 2 * k + 1, draws, report.unreachable_devices);
      wanted_sum += plus + minus;
      read_sum += got_plus + got_minus;
      realised[k] = static_cast<float>(got_plus - got_minus);
    }
    const bool compensate =
        card_.pcm.compensate_drift && card_.pcm.drift_scale > 0 && card_.pcm.elapsed_s > 0;
    const double factor = scale * (compensate && read_sum > 0 ? wanted_sum / read_sum : 1.0);
    for (float& w : realised) w = static_cast<float>(factor * w);
    add_errors(target, realised, report);
    return report;
  }

  CoreCard card_;
  CoreDescription description_;
  std::vector<double> levels_;
};

}  // namespace

std::unique_ptr<TensorCore> make_pcm_core(const CoreCard& card) {
  return std::make_unique<PcmCore>(card);
}

}  // namespace lightloom::photonic
