#include "photonic/cores/kinds/mrr_core.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_age.hpp"
#include "photonic/cores/core_table.hpp"
#include "photonic/cores/kinds/phase_control.hpp"
#include "photonic/cores/kinds/ring_set_points.hpp"
#include "photonic/cores/kinds/ring_settings.hpp"
#include "photonic/cores/tiles.hpp"
#include "photonic/meshes/dispersion.hpp"

namespace lightloom::photonic {
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
  section.value("carrier_loss_per_rad", card.carrier_loss_per_rad, {.low = 0, .high = 10});
  section.value("neighbour_heat", card.neighbour_heat, {.low = 0, .high = 0.4});
  section.value("trim_power_mW", card.trim_power_mW, not_negative);
  section.value("lock_power_mW", card.lock_power_mW, not_negative);
  section.value("pair_per_bus", card.pair_per_bus);
  section.value("crossing_loss_db", card.crossing_loss_db, {.low = 0, .high = 10});
  if (card.carrier_loss_per_rad > 0 && card.neighbour_heat > 0)
    section.problem("neighbour_heat",
                    "rings are driven by heat or by carriers (carrier_loss_per_rad), not by both");
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

namespace {

/// Largest modulus of drop - through that is used.
double full_scale(const RingBankCard& bank, const RingBus& bus) {
  const double highest = ring_weight(bus.driven(0), 0),
               lowest = ring_weight(bus.driven(std::numbers::pi), std::numbers::pi);
  const double limit = bank.weight_range * std::min(highest, -lowest);
  require(limit > 0,
          "the rings of the bank cannot make a weight of both signs (drop - through runs from {} "
          "to {})",
          lowest, highest);
  return limit;
}

/// Heat along a bus: each heater's phase, and a share of its neighbours'.
class BusHeat {
 public:
  explicit BusHeat(double share) : share_(share) {}

  /// Phases of rings whose heaters give `heaters` by themselves.
  void warm(std::span<const double> heaters, std::span<double> phases) const {
    for (std::size_t k = 0; k < heaters.size(); ++k) {
      const double before = k > 0 ? heaters[k - 1] : 0,
                   behind = k + 1 < heaters.size() ? heaters[k + 1] : 0;
      phases[k] = heaters[k] + share_ * (before + behind);
    }
  }

  /// The other way, in place: a tridiagonal system. What a heater should give less than nothing is
  /// taken from what it holds to trim its ring.
  void heaters_for(std::span<double> phases) {
    if (share_ == 0) return;
    behind_.resize(phases.size());
    double last = 0;  // share of the heater before that is left in this row
    for (std::size_t k = 0; k < phases.size(); ++k) {
      const double pivot = 1 - share_ * last;
      phases[k] = (phases[k] - (k > 0 ? share_ * phases[k - 1] : 0)) / pivot;
      last = behind_[k] = share_ / pivot;
    }
    for (std::size_t k = phases.size() - 1; k-- > 0;) phases[k] -= behind_[k] * phases[k + 1];
  }

  /// Span of the heaters' phases for rings within a span of 1: what a heater is above its ring's
  /// and below none at most.
  [[nodiscard]] double span() const { return 1 / (1 - 2 * share_); }

 private:
  double share_;
  std::vector<double> behind_;
};
constexpr double heat_flop = 5;  // of a ring, in `heaters_for`

/// Microring weight bank: every row holds one ring per input, on buses of `channels` wavelengths
/// each.
class MrrCore final : public TensorCore {
 public:
  explicit MrrCore(const CoreCard& card)
      : card_(card),
        description_(describe_core(card)),
        bank_(card.own.of<RingBankCard>()),
        bus_(bank_.bus()),
        finder_(bus_, card.correction, full_scale(bank_, bus_)),
        heat_(bank_.neighbour_heat),
        step_rad_(card.phase_bits > 0
                      ? heat_.span() * finder_.reach_rad() / (std::exp2(card.phase_bits) - 1)
                      : 0),
        moved_rad_(bank_.moved_rad()) {}

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
    const RingSettings settings = finder_.find(target, columns);
    scale = settings.scale;
    BusHeat heat = heat_;
    std::vector<double> drives, phases, weights;
    for (std::size_t first = 0; first < target.size();) {
      const std::size_t count = std::min(channels, columns - first % columns);
      drives.assign(&settings.phases[first], &settings.phases[first] + count);
      if (card_.correction == Correction::local) heat.heaters_for(drives);
      if (step_rad_ > 0)
        for (double& drive : drives) drive = step_rad_ * std::round(drive / step_rad_);
      phases.resize(count);
      heat.warm(drives, phases);
      for (std::size_t k = 0; k < count; ++k) {
        if (!fixed.empty()) phases[k] += fixed[first + k];
        phases[k] += moved_rad_;
        if (card_.programming_sigma_rad > 0)
          phases[k] += card_.programming_sigma_rad * programming.normal(first + k, address.write);
      }
      weights.resize(count);
      bus_.weights(phases, drives, weights);
      for (std::size_t k = 0; k < count; ++k)
        realised[first + k] = static_cast<float>(static_cast<double>(scale) * weights[k]);
      first += count;
    }
    const double unit = scale;
    return {.devices = static_cast<std::int64_t>(target.size()),
            .unreachable_devices = settings.missed,
            .squared_miss = unit * unit * settings.squared_miss};
  }

  CoreCard card_;
  CoreDescription description_;
  RingBankCard bank_;
  RingBus bus_;
  RingSettingFinder finder_;
  BusHeat heat_;
  double step_rad_ = 0;   // of the phase DAC; 0: continuous
  double moved_rad_ = 0;  // of all rings, since the last calibration
};

double weights_of(const CoreCard& card) {
  return static_cast<double>(card.core_rows()) * card.core_columns();
}

/// Splitting trees stand at the edge of the core, one a bus, beside each other, and their branches
/// are sorted into rows: row r of the outermost bus crosses r branches of each other bus. Splitters
/// make up for the differences, so that all rows get the same light; the other buses have less to
/// cross and are attenuated to the same level.
double crossing_loss_db(const RingBankCard& bank, int rows, int columns) {
  double needed = 0;  // light into the tree for one unit at every row
  for (int row = 0; row < rows; ++row)
    needed += std::pow(10.0, bank.crossing_loss_db * row * (bank.buses(columns) - 1) / 10);
  return 10 * std::log10(needed / rows);
}

CoreOptics ring_optics(const CoreCard& card) {
  const RingBankCard& bank = card.own.of<RingBankCard>();
  const int rows = card.core_rows(), columns = card.core_columns();
  const double loss_db = input_loss_db(card) + bank.insertion_loss_db + 10 * std::log10(rows) +
                         crossing_loss_db(bank, rows, columns);
  const double pairs = bank.pair_per_bus ? bank.buses(columns) : 1;
  return {.coding = InputCoding::intensity,
          .insertion_loss_db = loss_db,
          .pairs = pairs,
          .noise = intensity_noise(card, loss_db, pairs)};
}

/// One ring set-point is a table look-up, which holds the loss of its carriers; each round that
/// allows for the neighbours linearises a bus and solves for its rings; then their heat is.
CoreDevices rings(const CoreCard& card) {
  const RingBankCard& bank = card.own.of<RingBankCard>();
  const double weights = weights_of(card);
  double operations = 1;  // of a ring
  if (card.correction == Correction::local && bank.channels > 1)
    operations += ring_set_point_rounds * RingSetPoints::round_flop(bank.channels) / bank.channels;
  if (card.correction == Correction::local && bank.neighbour_heat > 0) operations += heat_flop;
  CoreDevices devices{.programmed = weights,
                      .placed = weights,
                      .mean_phase_rad = bank.mean_shift_rad,
                      .setting_operations = weights * operations};
  const double kept_mW = weights * (bank.trim_power_mW + bank.lock_power_mW);
  if (kept_mW > 0)
    devices.others.push_back({.component = "ring trimming and locking", .power_mW = kept_mW});
  return devices;
}

/// One drive gives rings one weight where each is trimmed by itself and neighbours change nothing.
std::string unequal_ring_levels(const CoreCard& card) {
  const RingBankCard& bank = card.own.of<RingBankCard>();
  if (!(bank.trim_power_mW > 0))
    return "needs rings that are trimmed beside their drive, and here the drive makes up for "
           "fabrication, so that equal weights have other levels (give bank.trim_power_mW, as "
           "mrr-bank-carrier.yaml does)";
  if (card.correction == Correction::local && (bank.channels > 1 || bank.neighbour_heat > 0))
    return "needs set-points that follow from a weight alone, and here they allow for neighbouring "
           "rings (give correction: none, or bank.channels 1 and bank.neighbour_heat 0)";
  return "";
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
          .statistics = {},
          .signs = WeightSigns::pairs,
          .age = age_phases,
          .unequal_levels = unequal_ring_levels};
}

}  // namespace lightloom::photonic
