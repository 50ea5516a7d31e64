#include "photonic/cores/crossbars/dynamic_core.hpp"

#include <cmath>

#include "photonic/cores/core_table.hpp"
#include "photonic/cores/tiles.hpp"

namespace lightloom::photonic {

void describe(Section& section, DynamicProductCard& card) {
  section.value("vectors", card.vectors, {.low = 1, .high = 4096});
  section.value("wavelengths", card.wavelengths, {.low = 1, .high = 4096});
  section.value("integrate", card.integrate, {.low = 1, .high = 4096});
  section.choice(
      "signs", card.signs,
      {{"full_range", ProductSigns::full_range}, {"differential", ProductSigns::differential}});
  section.value("magnitude_sigma", card.magnitude_sigma, {.low = 0, .high = 0.5});
  section.value("phase_sigma_rad", card.phase_sigma_rad, {.low = 0, .high = 1});
  section.value("insertion_loss_db", card.insertion_loss_db, not_negative);
  section.value("junction_area_um2", card.junction_area_um2, not_negative);
  section.value("integrator_power_mW", card.integrator_power_mW, not_negative);
  section.value("comb_power_mW", card.comb_power_mW, not_negative);
  section.value("comb_area_mm2", card.comb_area_mm2, not_negative);
  section.value("laser_area_mm2", card.laser_area_mm2, not_negative);
  section.card("weight_dac", card.weight_dac);
  if (card.phase_sigma_rad > 0 && card.signs == ProductSigns::differential)
    section.problem("phase_sigma_rad",
                    "intensities have no phase (leave it out, or choose `signs: full_range`)");
}

namespace {

constexpr int usual_size_each_way = 64;

const DynamicProductCard& product_of(const CoreCard& card) {
  return card.own.of<DynamicProductCard>();
}

/// Weights and inputs of one symbol.
int symbol_rows(const CoreCard& card) { return card.rows > 0 ? card.rows : usual_size_each_way; }
int symbol_columns(const CoreCard& card) {
  return card.columns > 0 ? card.columns : usual_size_each_way;
}

/// Pairs of diodes whose currents add up at the amplifier of an output.
double pairs_of(const CoreCard& card) {
  return std::ceil(1.0 * symbol_columns(card) / product_of(card).wavelengths);
}

/// Products of two modulated operands. Weights are known beforehand: each tile takes the whole
/// range of its DACs.
class DynamicCore final : public TensorCore {
 public:
  explicit DynamicCore(const CoreCard& card) : description_(describe_core(card)) {}

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    const int bits = description_.operands.weight_dac.bits;
    const float levels = bits > 0 ? std::exp2(static_cast<float>(bits - 1)) - 1 : 0;
    return realise_tiles(
        description_, {targets, address, realised, scales}, [levels](const Tile& tile) {
          tile.scale = largest_weight(tile.target);
          for (std::size_t k = 0; k < tile.target.size(); ++k) {
            const float coded = tile.target[k] / tile.scale;
            tile.realised[k] =
                levels > 0 ? std::nearbyint(coded * levels) / levels * tile.scale : tile.target[k];
          }
          return RealisationReport{};
        });
  }

  /// What the modulators of weights and inputs, each by itself, do to a weight: its variance for an
  /// input that is always 1.
  void cell_noise(std::span<const float> targets, TileAddress, CellNoise noise) const override {
    const double sigma = description_.operands.magnitude_sigma;
    for (std::size_t k = 0; k < targets.size(); ++k) {
      if (!noise.variance.empty())
        noise.variance[k] = static_cast<float>(2 * sigma * sigma * double{targets[k]} * targets[k]);
      if (!noise.light.empty()) noise.light[k] = 1;
    }
  }

 private:
  CoreDescription description_;
};

/// Two fields of powers P_w and P_x at full scale, y = sum w x: the difference of the two currents
/// is 2R sqrt(P_w P_x) y, their sum R sum (P_w w^2 + P_x x^2). So full scale is what an intensity
/// of 2 sqrt(P_w P_x) gives, and the light that it takes sum (sqrt(P_w/P_x) w^2 + sqrt(P_x/P_w)
/// x^2) / 2. A modulated weight is shared by all vectors, an input by all rows.
CoreOptics coherent_optics(const CoreCard& card, DynamicOperands operands) {
  const double vectors = operands.vectors, rows = symbol_rows(card);
  operands.weight_light = 0.5 * std::sqrt(rows / vectors);
  operands.input_light = 0.5 * std::sqrt(vectors / rows);
  const double loss_db = input_loss_db(card) + product_of(card).insertion_loss_db +
                         10 * std::log10(std::sqrt(rows * vectors) / 2);
  CoreCard dark = card;
  dark.modulator.extinction_db = perfect_extinction_db;  // of fields: see ModulatorCard
  return {.coding = InputCoding::field,
          .insertion_loss_db = loss_db,
          .pairs = pairs_of(card),
          .noise = intensity_noise(dark, loss_db, pairs_of(card)),
          .operands = operands};
}

/// Inputs are intensities, shared out over all rows; behind its weight's modulator all of an
/// input's light comes to one diode of the pair or the other.
CoreOptics incoherent_optics(const CoreCard& card, const DynamicOperands& operands) {
  const double loss_db = input_loss_db(card) + card.modulator.loss_db +
                         product_of(card).insertion_loss_db + 10 * std::log10(symbol_rows(card));
  return {.coding = InputCoding::intensity,
          .insertion_loss_db = loss_db,
          .pairs = pairs_of(card),
          .noise = intensity_noise(card, loss_db, pairs_of(card)),
          .operands = operands};
}

CoreOptics product_optics(const CoreCard& card) {
  const DynamicProductCard& product = product_of(card);
  const DynamicOperands operands{.vectors = product.vectors,
                                 .symbol_columns = symbol_columns(card),
                                 .weight_dac = product.weight_dac,
                                 .magnitude_sigma = product.magnitude_sigma,
                                 .phase_sigma_rad = product.phase_sigma_rad};
  CoreOptics optics = product.signs == ProductSigns::full_range ? coherent_optics(card, operands)
                                                                : incoherent_optics(card, operands);
  optics.lit_inputs = optics.operands.input_elements();
  if (product.signs == ProductSigns::full_range)
    optics.lit_inputs += optics.operands.weight_elements(symbol_rows(card));
  return optics;
}

/// Nothing is programmed. What the kind has besides modulators, receivers and converters.
CoreDevices product_devices(const CoreCard& card) {
  const DynamicProductCard& product = product_of(card);
  const double outputs = 1.0 * symbol_rows(card) * product.vectors;
  CoreDevices devices;
  devices.others = {{"junctions", 0, outputs * pairs_of(card) * product.junction_area_um2 * 1e-6},
                    {"comb", product.comb_power_mW, product.comb_area_mm2},
                    {"laser source", 0, product.laser_area_mm2}};
  if (product.integrator_power_mW > 0)
    devices.others.push_back({"integrators", outputs * product.integrator_power_mW, 0});
  return devices;
}

/// A converter with an error of its own would stand at every modulator and output.
void refuse_curves(Section& section, const char* key, const Converter& converter) {
  if (converter.has_curves())
    section.problem(key,
                    "offset_lsb, gain_sigma and inl_lsb are not modelled for cores that modulate "
                    "both operands (leave them out; noise_lsb of the output_adc is)");
}

void describe_product(Section& section, CoreCard& card) {
  section.card("laser", card.laser);
  section.card("modulator", card.modulator);
  section.card("detector", card.detector);
  DynamicProductCard& product = card.own.of<DynamicProductCard>();
  product.weight_dac = card.input_dac;
  section.card("product", product);
  refuse_curves(section, "input_dac", card.input_dac);
  refuse_curves(section, "output_adc", card.output_adc);
  refuse_curves(section, "product", product.weight_dac);
}

}  // namespace

CoreEntry dynamic_core() {
  return {
      .name = "dynamic-product",
      .describe = describe_product,
      .make = [](const CoreCard& card) { return std::make_unique<DynamicCore>(card); },
      .optics = product_optics,
      .devices = product_devices,
      .size =
          [](const CoreCard& card) {
            return CoreSize{symbol_rows(card), symbol_columns(card) * product_of(card).integrate};
          },
      .statistics = {}};
}

}  // namespace lightloom::photonic
