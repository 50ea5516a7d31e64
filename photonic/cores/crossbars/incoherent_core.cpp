#include "photonic/cores/crossbars/incoherent_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "photonic/cores/core_table.hpp"
#include "photonic/cores/tiles.hpp"

namespace lightloom::photonic {
namespace {

/// The drawn phase errors of a tile's modulators, each with the number of its weight.
struct ModulatorErrors {
  Stream fixed, written;
  double fixed_rad = 0, written_rad = 0;
  std::uint32_t write = 0;

  ModulatorErrors(const CoreCard& card, const TileAddress& a)
      : fixed({.seed = a.seed, .purpose = Purpose::phase_error, .chip = a.chip}),
        written({a.seed, Purpose::programming, a.chip, a.layer, a.tile}),
        fixed_rad(card.phase_sigma_rad),
        written_rad(card.programming_sigma_rad),
        write(a.write) {}

  [[nodiscard]] bool any() const { return fixed_rad > 0 || written_rad > 0; }
  [[nodiscard]] double of(std::size_t modulator) const {
    double error = 0;
    if (fixed_rad > 0) error += fixed_rad * fixed.normal(modulator);
    if (written_rad > 0) error += written_rad * written.normal(modulator, write);
    return error;
  }
};

/// Crossbar of Mach-Zehnder modulators between the light of the inputs and balanced pairs.
class IncoherentCore final : public TensorCore {
 public:
  explicit IncoherentCore(const CoreCard& card)
      : card_(card),
        description_(describe_core(card)),
        levels_(card.own.of<IncoherentCard>().weight_bits > 0
                    ? block_levels(card.own.of<IncoherentCard>().weight_bits)
                    : 0) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    return realise_used({targets, address, realised, scales});
  }

  RealisationReport realise_used(const TileBatch& batch) const override {
    return realise_tiles(description_, batch, [&](const Tile& tile) {
      const ModulatorErrors errors(card_, tile.address);
      // Blocks come in units of their scale, whose rounding leaves weights a little above one.
      const float largest = description_.blocks.used() ? 1.0F : largest_weight(tile.target);
      RealisationReport report{.devices = static_cast<std::int64_t>(tile.target.size())};
      for (std::size_t k = 0; k < tile.target.size(); ++k)
        tile.realised[k] =
            largest * static_cast<float>(weight(tile.target[k] / largest, errors, k));
      tile.scale = largest;
      return report;
    });
  }

 private:
  /// What the modulator with number `k` makes of a weight: sin of a phase that is off.
  [[nodiscard]] double weight(double wanted, const ModulatorErrors& errors, std::size_t k) const {
    double set = std::clamp(wanted, -1.0, 1.0);
    if (levels_ > 0) set = std::nearbyint(set * levels_) / levels_;
    return errors.any() ? std::sin(std::asin(set) + errors.of(k)) : set;
  }

  CoreCard card_;
  CoreDescription description_;
  double levels_;
};

/// Full scale is half of an intensity's, and the light of a zero as much again: in units of that
/// half amplifiers count twice, and half the light has half the shot noise of four times the size.
CoreOptics offset_light(CoreOptics optics) {
  optics.coding = InputCoding::offset;
  optics.noise.additive *= 2;
  optics.noise.shot *= std::sqrt(2.0);
  optics.noise.dark = 1 + 2 * optics.noise.dark;
  return optics;
}

/// Every input's light is split over all rows. A differential input leaves all of it on, half on
/// each of two guides at zero: its shot noise and what the pair lets through of the laser's are
/// those of full scale, whatever the inputs.
CoreOptics crossbar_light(const CoreCard& card) {
  const auto& own = card.own.of<IncoherentCard>();
  const double loss_db =
      input_loss_db(card) + own.insertion_loss_db + 10 * std::log10(card.core_rows());
  CoreOptics optics{.coding = InputCoding::intensity,
                    .insertion_loss_db = loss_db,
                    .noise = intensity_noise(card, loss_db)};
  if (own.signs == SignedLight::two_pass) return optics;
  if (own.signs == SignedLight::offset) return offset_light(optics);
  optics.coding = InputCoding::field;
  ReadoutNoise& noise = optics.noise;
  const double columns = card.core_columns(), leak = noise.relative * noise.leak * columns;
  noise.additive =
      std::sqrt(noise.additive * noise.additive + noise.shot * noise.shot * columns + leak * leak);
  noise.shot = noise.leak = noise.dark = 0;
  return optics;
}

/// One modulator a weight, looked up. |phase| of a weight that is uniform in [-1, 1]: pi/2 - 1 rad.
CoreDevices weight_modulators(const CoreCard& card) {
  const double count = static_cast<double>(card.core_rows()) * card.core_columns();
  CoreDevices devices{.programmed = count,
                      .placed = count,
                      .mean_phase_rad = std::asin(1.0) - 1,
                      .setting_operations = 0};
  const auto& own = card.own.of<IncoherentCard>();
  if (own.other_power_mW > 0 || own.other_area_mm2 > 0)
    devices.others.push_back({"control", own.other_power_mW, own.other_area_mm2});
  return devices;
}

/// What inputs whose zero is light cannot be had with.
void check_offset(Section& section, const CoreCard& card) {
  if (card.own.of<IncoherentCard>().signs != SignedLight::offset) return;
  const auto refuse = [&](const char* key, const char* what) {
    section.problem(key, fmt::format("{}, and crossbar.signs: offset sends whole numbers of both "
                                     "signs at once (leave it out, or choose differential or "
                                     "two_pass)",
                                     what));
  };
  if (card.reads.in_bits()) refuse("input_coding", "sends inputs bit by bit");
  if (card.reads.phases == ReadPhases::two || card.reads.phases == ReadPhases::four)
    refuse("read_phases", "sends positive and negative inputs one after the other");
  if (card.blocks.used()) refuse("block_floating_point", "fits ADCs to products alone");
}

}  // namespace

void describe(Section& section, IncoherentCard& card) {
  section.choice("signs", card.signs,
                 {{"differential", SignedLight::differential},
                  {"two_pass", SignedLight::two_pass},
                  {"offset", SignedLight::offset}});
  section.value("weight_bits", card.weight_bits, {.low = 0, .high = 24});
  section.value("insertion_loss_db", card.insertion_loss_db, not_negative);
  section.value("other_power_mW", card.other_power_mW, not_negative);
  section.value("other_area_mm2", card.other_area_mm2, not_negative);
  if (card.weight_bits == 1)
    section.problem("weight_bits",
                    "is 1, which leaves no step between -1 and 1 (2 is the least, 0 "
                    "is no rounding)");
}

CoreEntry incoherent_core() {
  return {.name = "incoherent-crossbar",
          .describe =
              [](Section& section, CoreCard& card) {
                describe_light(section, card);
                section.value("phase_sigma_rad", card.phase_sigma_rad, not_negative);
                section.value("programming_sigma_rad", card.programming_sigma_rad, not_negative);
                section.card("crossbar", card.own.of<IncoherentCard>());
                check_offset(section, card);
              },
          .make = [](const CoreCard& card) { return std::make_unique<IncoherentCore>(card); },
          .optics = crossbar_light,
          .devices = weight_modulators,
          .size = {},
          .statistics = {},
          .unequal_levels = [](const CoreCard&) { return std::string(); }};
}

}  // namespace lightloom::photonic
