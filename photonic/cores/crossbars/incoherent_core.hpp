#pragma once

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// How inputs of both signs are sent as intensities.
enum class SignedLight {
  differential,  // as the difference of two guides that share an input's light: one pass
  two_pass,      // positive and negative parts one after the other
  offset,        // as (1 + x) / 2, and what the halves add is taken off digitally: one pass
};

/// What an incoherent crossbar has on its card beside what all cores have: the section `crossbar`.
/// Inputs are modulated onto intensities, every input's light goes to all rows, and a Mach-Zehnder
/// modulator a weight shares it between the two diodes of its row: w = sin(phase), of either sign.
struct IncoherentCard {
  SignedLight signs = SignedLight::differential;
  int weight_bits = 7;           // of a set weight: steps of 1 / (2^(b-1) - 1); 0: no rounding
  double insertion_loss_db = 3;  // of a weight's modulator and the guides, at weight 1
  double other_power_mW = 0;     // whole core as long as it is on: control, digital parts
  double other_area_mm2 = 0;
};

void describe(Section& section, IncoherentCard& card);

}  // namespace lightloom::photonic
