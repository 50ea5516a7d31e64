#pragma once

#include "core/cards/card.hpp"
#include "photonic/readout/converter.hpp"

namespace lightloom::photonic {

/// How a core that modulates both operands makes signs.
enum class ProductSigns {
  full_range,    // two fields interfere before a balanced pair: both operands have a sign
  differential,  // intensities: a weight divides the light of an input between the diodes of a
                 // pair, and signed inputs take two passes
};

/// The section `product` of a card of kind `dynamic-product`. The card's `rows` are weights at
/// once, its `columns` the inputs of a vector in one symbol.
struct DynamicProductCard {
  int vectors = 12;      // input vectors at once
  int wavelengths = 12;  // that one pair of diodes adds up; more columns take more pairs, whose
                         // currents add up
  int integrate = 1;     // symbols whose currents add up before an output is converted
  ProductSigns signs = ProductSigns::full_range;
  double magnitude_sigma = 0;    // of a modulated value relative to itself, new every symbol
  double phase_sigma_rad = 0;    // of the phase of each operand, new every symbol; full_range only
  double insertion_loss_db = 3;  // of an operand's light behind its modulator, without what
                                 // sharing it out takes
  double junction_area_um2 = 0;  // of a pair's coupler, phase shifter and crossings
  double integrator_power_mW = 0;  // of an output
  double comb_power_mW = 0;        // of all frequency combs, electrical, beside their light
  double comb_area_mm2 = 0;
  double laser_area_mm2 = 0;
  Converter weight_dac;  // a card that leaves a key out has the one of `input_dac`
};
void describe(Section& section, DynamicProductCard& card);

}  // namespace lightloom::photonic
