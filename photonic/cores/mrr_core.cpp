#include "photonic/cores/mrr_core.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_table.hpp"
#include "photonic/cores/phase_control.hpp"
#include "photonic/cores/tiles.hpp"
#include "photonic/meshes/dispersion.hpp"

namespace lightloom::photonic {
namespace {

/// Rounds of set-point correction for the crosstalk between the rings of a bus, and flop of one
/// ring at one wavelength.
constexpr int ring_correction_rounds = 5;
constexpr int ring_evaluation_flop = 16;

}  // namespace

void describe(Section& section, RingBankCard& card) {
  constexpr Range coupling{.low = 0.01, .high = 0.9999};
  section.value("self_coupling_in", card.ring.self_coupling_in, coupling);
  section.value("self_coupling_drop", card.ring.self_coupling_drop, coupling);
  section.value("turn_amplitude", card.ring.turn_amplitude, {.low = 0.01, .high = 1});
  section.value("channels", card.channels, {.low = 1, .high = 256});
  section.value("weight_range", card.weight_range, {.low = 0.01, .high = 1});
  section.value("insertion_loss_db", card.insertion_loss_db, not_negative);
  section.value("mean_shift_rad", card.mean_shift_rad, not_negative);
  section.value("radius_um", card.radius_um, positive);
  section.value("group_index", card.group_index, {.low = 1});
  section.value("wavelength_nm", card.wavelength_nm, positive);
  section.value("thermal_shift_nm_per_K", card.thermal_shift_nm_per_K);
  section.value("temperature_K", card.temperature_K);
  section.value("laser_shift_nm", card.laser_shift_nm, {.low = -200, .high = 200});
  section.value("relock", card.relock);
  if (card.channels > card.most_channels())
    section.problem(
        "channels",
        fmt::format("{} is too many: the free spectral range of {:.3g} nm holds {:.3g} "
                    "line widths of these rings, so at most {} wavelengths can be told "
                    "apart (take fewer, or rings of higher finesse)",
                    card.channels, card.fsr_nm(), ring_finesse(card.ring), card.most_channels()));
}

double RingBankCard::fsr_nm() const {
  return ring_fsr_nm(group_index, 2 * std::numbers::pi * radius_um, wavelength_nm);
}

double RingBankCard::thermal_shift_rad_per_K() const {
  return 2 * std::numbers::pi * thermal_shift_nm_per_K / fsr_nm();
}

double RingBankCard::moved_rad() const {
  if (relock) return 0;
  return temperature_K * thermal_shift_rad_per_K() +
         guide_phase_change_rad(2 * std::numbers::pi * radius_um, group_index, wavelength_nm,
                                laser_shift_nm);
}

int RingBankCard::most_channels() const {
  return std::max(1, static_cast<int>(ring_finesse(ring)));
}

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
        bank_(card.own.of<RingBankCard>()),
        bus_(bank_.ring, bank_.channels),
        moved_rad_(bank_.moved_rad()) {
    const double highest = ring_weight(bank_.ring, 0),
                 lowest = ring_weight(bank_.ring, std::numbers::pi);
    limit_ = bank_.weight_range * std::min(highest, -lowest);
    require(limit_ > 0,
            "the rings of the bank cannot make a weight of both signs (drop - through runs from {} "
            "to {})",
            lowest, highest);
    step_rad_ = card.phase_bits > 0
                    ? ring_phase_for(bank_.ring, -limit_) / (std::exp2(card.phase_bits) - 1)
                    : 0;
  }

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    const auto size = static_cast<std::size_t>(description_.rows) *
                      static_cast<std::size_t>(description_.columns);
    const std::vector<double> fixed = static_phase_errors(card_, address, size);
    return realise_tiles(description_, {targets, address, realised, scales},
                         [&](const Tile& tile) { return realise_tile(tile, fixed); });
  }

 private:
  RealisationReport realise_tile(const Tile& tile, std::span<const double> fixed) const {
    const auto& [target, address, realised, scale] = tile;
    const auto columns = static_cast<std::size_t>(description_.columns);
    const auto channels = static_cast<std::size_t>(bus_.channels());
    const Stream programming(
        {address.seed, Purpose::programming, address.chip, address.layer, address.tile});
    scale = largest_weight(target) / static_cast<float>(limit_);
    RealisationReport report{.devices = static_cast<std::int64_t>(target.size())};
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
      for (std::size_t k = 0; k < count; ++k) phases[k] = ring_phase_for(bank_.ring, own[k]);
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
  RingBankCard bank_;
  RingBus bus_;
  double limit_ = 1;      // largest modulus of drop - through that is used
  double step_rad_ = 0;   // of the phase DAC; 0: continuous
  double moved_rad_ = 0;  // of all rings, since the last calibration
};

double weights_of(const CoreCard& card) {
  return static_cast<double>(card.core_rows()) * card.core_columns();
}

CoreOptics ring_optics(const CoreCard& card) {
  const double loss_db = input_loss_db(card) + card.own.of<RingBankCard>().insertion_loss_db +
                         10 * std::log10(card.core_rows());
  return {.coding = InputCoding::intensity,
          .insertion_loss_db = loss_db,
          .noise = intensity_noise(card, loss_db)};
}

/// One ring set-point is a table look-up, and each round of crosstalk correction evaluates every
/// ring of a bus at every wavelength of the bus.
CoreDevices rings(const CoreCard& card) {
  const RingBankCard& bank = card.own.of<RingBankCard>();
  const double weights = weights_of(card);
  const int rounds = card.correction == Correction::local ? ring_correction_rounds : 0;
  return {.programmed = weights,
          .placed = weights,
          .mean_phase_rad = bank.mean_shift_rad,
          .setting_operations = weights * (1 + rounds * bank.channels * ring_evaluation_flop)};
}

}  // namespace

CoreEntry mrr_core() {
  return {.name = "mrr-bank",
          .describe =
              [](Section& section, CoreCard& card) {
                describe_light(section, card);
                describe_phases(section, card);
                section.card("bank", card.own.of<RingBankCard>());
              },
          .make = [](const CoreCard& card) { return std::make_unique<MrrCore>(card); },
          .optics = ring_optics,
          .devices = rings,
          .size = {},
          .statistics = {}};
}

}  // namespace lightloom::photonic
