#include "photonic/cores/mrr_core.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/cores/core_table.hpp"
#include "photonic/cores/phase_control.hpp"

namespace lightloom::photonic {

RingBus::RingBus(const Ring& ring, int channels) : ring_(ring), channels_(channels) {
  for (int j = 0; j < channels; ++j) {
    for (int k = 0; k < channels; ++k) {
      const double spacing = 2 * std::numbers::pi * (k - j) / channels;
      spacing_cos_.push_back(std::cos(spacing));
      spacing_sin_.push_back(std::sin(spacing));
    }
  }
}

void RingBus::weights(std::span<const double> phases, std::span<double> weights) const {
  const auto count = static_cast<std::size_t>(channels_);
  const double t1 = ring_.self_coupling_in, t2 = ring_.self_coupling_drop,
               t2a = t2 * ring_.turn_amplitude;
  const double g = ring_.feedback(), sum = t1 * t1 + t2a * t2a, below = 1 + g * g;
  const double drop = (1 - t1 * t1) * (1 - t2 * t2) * ring_.turn_amplitude;
  constexpr std::size_t lanes = 256;  // the most channels a card may ask for
  double bus[lanes], dropped[lanes];
  std::fill_n(bus, count, 1.0);
  std::fill_n(dropped, count, 0.0);
  for (std::size_t j = 0; j < phases.size(); ++j) {
    const double c = 2 * g * std::cos(phases[j]), s = 2 * g * std::sin(phases[j]);
    const double* dc = &spacing_cos_[j * count];
    const double* ds = &spacing_sin_[j * count];
#pragma omp simd
    for (std::size_t k = 0; k < count; ++k) {
      const double twice = c * dc[k] - s * ds[k];  // 2 g cos(phase of ring j at wavelength k)
      const double inverse = bus[k] / (below - twice);
      dropped[k] += drop * inverse;
      bus[k] = (sum - twice) * inverse;
    }
  }
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = dropped[k] - bus[k];
}

namespace {

/// Microring weight bank: every row holds one ring per input, on buses of `channels` wavelengths
/// each.
class MrrCore final : public TensorCore {
 public:
  explicit MrrCore(const CoreCard& card)
      : card_(card),
        description_(describe_core(card)),
        bus_(card.bank.ring, card.bank.channels),
        moved_rad_(card.bank.moved_rad()) {
    const double highest = ring_weight(card.bank.ring, 0),
                 lowest = ring_weight(card.bank.ring, std::numbers::pi);
    limit_ = card.bank.weight_range * std::min(highest, -lowest);
    require(limit_ > 0,
            "the rings of the bank cannot make a weight of both signs (drop - through runs from {} "
            "to {})",
            lowest, highest);
    step_rad_ = card.phase_bits > 0
                    ? ring_phase_for(card.bank.ring, -limit_) / (std::exp2(card.phase_bits) - 1)
                    : 0;
  }

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    const std::size_t tiles = checked_tiles(description_, targets, realised, scales);
    if (tiles == 0) return {};
    const std::size_t size = targets.size() / tiles;
    const std::vector<double> fixed = static_phase_errors(card_, address, size);
    std::vector<RealisationReport> reports(tiles);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < tiles; ++i) {
      TileAddress here = address;
      here.tile += static_cast<std::uint32_t>(i);
      reports[i] = realise_tile(targets.subspan(i * size, size), here, fixed,
                                realised.subspan(i * size, size), scales[i]);
    }
    RealisationReport total;
    for (const RealisationReport& report : reports) total.add(report);
    return total;
  }

 private:
  RealisationReport realise_tile(std::span<const float> target, const TileAddress& address,
                                 std::span<const double> fixed, std::span<float> realised,
                                 float& scale) const {
    const auto columns = static_cast<std::size_t>(description_.columns);
    const auto channels = static_cast<std::size_t>(bus_.channels());
    const Stream programming(
        {address.seed, Purpose::programming, address.chip, address.layer, address.tile});
    scale = largest_weight(target) / static_cast<float>(limit_);
    RealisationReport report{.tiles = 1,
                             .weights = static_cast<std::int64_t>(target.size()),
                             .devices = static_cast<std::int64_t>(target.size())};
    for (std::size_t first = 0; first < target.size();) {
      const std::size_t count = std::min(channels, columns - first % columns);
      std::vector<double> phases(count), weights(count);
      report.unreachable_devices += set_points(target.subspan(first, count), scale, phases);
      for (std::size_t k = 0; k < count; ++k) {
        if (step_rad_ > 0) phases[k] = step_rad_ * std::round(phases[k] / step_rad_);
        if (!fixed.empty()) phases[k] += fixed[first + k];
        phases[k] += moved_rad_;
        if (card_.programming_sigma_rad > 0)
          phases[k] += card_.programming_sigma_rad * programming.normal(first + k, address.write);
      }
      bus_.weights(phases, weights);
      for (std::size_t k = 0; k < count; ++k)
        realised[first + k] = static_cast<float>(scale * weights[k]);
      first += count;
    }
    add_errors(target, realised, report);
    return report;
  }

  /// Phases that bring the bus to the targets: each ring alone, then rounds that move each ring's
  /// own target by what its neighbours did to it. Returns how many weights stay more than 1 % of
  /// full scale away.
  int set_points(std::span<const float> target, float scale, std::span<double> phases) const {
    const std::size_t count = target.size();
    std::vector<double> wanted(count), own(count), got(count);
    for (std::size_t k = 0; k < count; ++k)
      own[k] = wanted[k] = static_cast<double>(target[k]) / scale;
    const auto set = [&] {
      for (std::size_t k = 0; k < count; ++k) phases[k] = ring_phase_for(card_.bank.ring, own[k]);
    };
    set();
    if (card_.correction == Correction::none) return 0;
    constexpr double tolerance = 0.01;
    int missed = 0;
    for (int round = 0; round < ring_correction_rounds; ++round) {
      bus_.weights(phases, got);
      missed = 0;
      for (std::size_t k = 0; k < count; ++k) {
        const double miss = wanted[k] - got[k];
        missed += std::abs(miss) > tolerance * limit_ ? 1 : 0;
        own[k] = std::clamp(own[k] + miss, -1 + 1e-6, 1.0);
      }
      set();
    }
    return missed;
  }

  CoreCard card_;
  CoreDescription description_;
  RingBus bus_;
  double limit_ = 1;      // largest modulus of drop - through that is used
  double step_rad_ = 0;   // of the phase DAC; 0: continuous
  double moved_rad_ = 0;  // of all rings, since the last calibration
};

}  // namespace

std::unique_ptr<TensorCore> make_mrr_core(const CoreCard& card) {
  return std::make_unique<MrrCore>(card);
}

}  // namespace lightloom::photonic
