#include "cosim/generator/photonic_generator.hpp"

#include <cmath>

#include "core/error.hpp"
#include "cosim/generator/generator_light.hpp"
#include "cosim/generator/generator_table.hpp"
#include "cosim/generator/optical_generator.hpp"
#include "cosim/generator/photonic_cost.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/cores/kinds/mrr_core.hpp"

namespace lightloom::cosim {

namespace {

/// A laser and bits that differ by no more than this say the same.
constexpr double same_bits = 0.05;

void describe_sizes(Section& section, PhotonicGenerator& card) {
  const Range count{.low = 1, .high = 1 << 20};
  section.value("intra_rows", card.intra_rows, {.low = 1, .high = 4096});
  section.value("intra_columns", card.intra_columns, {.low = 1, .high = 4096});
  section.value("intra_replicas", card.intra_replicas, count);
  section.value("cross_rows", card.cross_rows, {.low = 1, .high = 4096});
  section.value("cross_columns", card.cross_columns, {.low = 1, .high = 4096});
  section.value("cross_replicas", card.cross_replicas, count);
  section.value("shot_ns", card.shot_ns, positive);
  section.value("dac_lanes", card.dac_lanes, count);
  section.value("dac_rate_Gbps", card.dac_rate_Gbps, positive);
  section.value("word_bits", card.word_bits, {.low = 1, .high = 32});
}

/// Keys of earlier versions, whose values now follow from the bank.
void refuse_loose_figures(Section& section) {
  for (const char* key :
       {"settle_ns", "dac_pJ", "modulate_pJ", "detect_pJ", "adc_pJ", "hold_power_mW"})
    if (section.raw(key) != nullptr)
      section.problem(key,
                      "is no key of its own any more: it follows from the devices of `bank` (give "
                      "them there)");
}

bool bank_is_usable(Section& section, const PhotonicGenerator& card) {
  if (card.bank.reads != photonic::ReadScheme{} ||
      card.bank.input_range != photonic::InputRange::largest ||
      card.bank.weight_scales != photonic::WeightScales::tile ||
      !card.bank.precision.entries.empty() || card.bank.output_adc.time_ns > 0) {
    section.problem("bank",
                    "has input_coding, read_phases, input_range, weight_scales, precision or "
                    "output_adc.time_ns, which are for cores: a generator sends whole levels and "
                    "reads them at once, "
                    "in shot_ns (leave them out)");
    return false;
  }
  const photonic::CoreOptics optics = photonic::core_optics(card.bank);
  if (card.bank.readings > 1) {
    section.problem("bank", fmt::format("cannot read {} times: a generator's words are converted "
                                        "once (leave `readings` out)",
                                        card.bank.readings));
    return false;
  }
  for (const auto& [key, used] : {std::pair{"measured", card.bank.measured.used()},
                                  {"block_floating_point", card.bank.blocks.used()},
                                  {"weight_path", card.bank.weight_path.used()}})
    if (used)
      section.problem("bank", fmt::format("has '{}', which only the core itself takes (leave it "
                                          "out of the bank)",
                                          key));
  if (optics.light && optics.coding == photonic::InputCoding::intensity &&
      !optics.operands.present())
    return true;
  section.problem("bank", fmt::format("cannot be a core of kind '{}': a generator's banks add up "
                                      "intensities (take mrr-bank or pcm-crossbar)",
                                      card.bank.kind));
  return false;
}

void check_light(Section& section, const PhotonicGenerator& card) {
  if (card.bits > 0 && card.laser_power_mW > 0) {
    PhotonicGenerator by_laser = card;
    by_laser.bits = 0;
    const double given = generator_light(by_laser).bits_uniform;
    if (std::abs(given - card.bits) > same_bits)
      section.problem("bits", fmt::format("are {:.4g}, but the laser_power_mW of {:.4g} gives "
                                          "{:.4g} (give one of the two: the other follows)",
                                          card.bits, card.laser_power_mW, given));
    return;
  }
  try {
    generator_light(card);
  } catch (const Error& error) {
    section.problem("bits", std::string("cannot be had: ") + error.what());
  }
}

}  // namespace

photonic::CoreCard default_bank() {
  static const photonic::CoreCard bank = [] {
    photonic::CoreCard card = photonic::default_card("mrr-bank");
    auto& rings = card.own.of<photonic::RingBankCard>();
    card.correction = photonic::Correction::none;  // nothing to correct with one ring on a bus
    rings.channels = 1;
    rings.mean_shift_rad = 0.3;
    card.shifter.settle_us = 0.001;
    card.shifter.pi_power_mW = 0.5;
    return card;
  }();
  return bank;
}

void describe(Section& section, PhotonicGenerator& card) {
  describe_sizes(section, card);
  section.choice("levels", card.levels,
                 {{"digital", PhotonicGenerator::Levels::digital},
                  {"analog", PhotonicGenerator::Levels::analog}});
  section.choice(
      "scales", card.scales,
      {{"layer", PhotonicGenerator::Scales::layer}, {"output", PhotonicGenerator::Scales::output}});
  section.value("laser_power_mW", card.laser_power_mW, not_negative);
  section.value("bits", card.bits, {.low = 0, .high = 24});
  section.value("static_power_mW", card.static_power_mW, not_negative);
  section.value("area_mm2", card.area_mm2, not_negative);
  section.card("bank", card.bank);
  refuse_loose_figures(section);
  if (bank_is_usable(section, card)) check_light(section, card);
}

void require_reachable(const PhotonicGenerator& card, bool digital_weights,
                       const FactorShape& shape) {
  const bool joined =
      card.levels == PhotonicGenerator::Levels::analog && shape.intra_level && shape.cross_level;
  require(!joined || shape.cross <= card.intra_replicas,
          "an analog hand-over between the generator's levels needs a bank of level 1 for every "
          "one of the {} kernels of a layer, not {} (give intra_replicas, or levels: digital)",
          shape.cross, card.intra_replicas);
  const bool intra_light = shape.intra_level && (shape.cross_level ? joined : !digital_weights);
  require(!intra_light || shape.intra <= card.intra_columns,
          "light adds up nothing between the shots of level 1: {} bases of a kernel need as many "
          "intra_columns, not {} (give these, or a digital hand-over)",
          shape.intra, card.intra_columns);
  const bool cross_light = shape.cross_level && (joined || !digital_weights);
  require(!cross_light || shape.cross <= card.cross_columns,
          "light adds up nothing between the shots of level 2: {} kernels need as many "
          "cross_columns, not {} (give these, or a digital hand-over)",
          shape.cross, card.cross_columns);
}

std::int64_t intra_shots(const PhotonicGenerator& card, const FactorShape& shape) {
  if (!shape.intra_level) return 0;
  return std::int64_t{shape.cross} * shape.area * divide_up(shape.in, card.intra_rows) *
         divide_up(shape.intra, card.intra_columns);
}

std::int64_t cross_shots(const PhotonicGenerator& card, const FactorShape& shape, std::int64_t rows,
                         std::int64_t columns) {
  if (!shape.cross_level) return 0;
  return columns * divide_up(rows, card.cross_rows) * divide_up(shape.cross, card.cross_columns);
}

GeneratorEntry photonic_generator() {
  return {.name = "photonic",
          .describe =
              [](Section& section, GeneratorCard& card) {
                section.card("photonic", card.own.get<PhotonicGenerator>());
              },
          .cost = photonic_cost,
          .figures = photonic_figures,
          .regenerate =
              [](const GeneratorCard& card, const nn::TwoLevelFactors& factors,
                 const WeightWrite& write,
                 std::span<float> dense) { regenerate_optically(factors, card, write, dense); },
          .drives_core = true};
}

}  // namespace lightloom::cosim
