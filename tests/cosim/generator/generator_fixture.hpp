#pragma once

#include "cosim/generator/generator_card.hpp"
#include "cosim/generator/photonic_generator.hpp"
#include "photonic/cores/kinds/mrr_core.hpp"

namespace lightloom::cosim {

/// A photonic generator of perfect single rings with round numbers and no converters: every input
/// of 1 mW at the laser reaches a detector of level 1 behind 10 dB (4 rows: 6.02) and of level 2
/// behind 10 dB (8 rows: 9.03).
inline PhotonicGenerator round_generator() {
  PhotonicGenerator g;
  g.intra_rows = 4;
  g.intra_columns = 2;
  g.intra_replicas = 3;
  g.cross_rows = 8;
  g.cross_columns = 6;
  g.cross_replicas = 2;
  g.shot_ns = 0.5;  // 2 GHz, 1 GHz of bandwidth
  g.laser_power_mW = 90;
  g.bank.own.of<photonic::RingBankCard>() = {.channels = 1, .insertion_loss_db = 2};
  g.bank.correction = photonic::Correction::none;
  g.bank.laser = {.wall_plug = 0.2, .coupling_loss_db = 1, .rin_dBc_per_Hz = -400};
  g.bank.modulator = {.loss_db = 3, .energy_fJ = 100};
  g.bank.detector = {.responsivity_A_per_W = 0.5,
                     .dark_current_nA = 0,
                     .tia_noise_pA_per_rtHz = 10,
                     .tia_power_mW = 4};
  return g;
}

inline GeneratorCard card_of(const PhotonicGenerator& own, Handover handover = Handover::digital) {
  GeneratorCard card{.kind = "photonic", .handover = handover};
  card.own.get<PhotonicGenerator>() = own;
  return card;
}

/// The same without any noise to speak of.
inline PhotonicGenerator quiet_generator() {
  PhotonicGenerator g = round_generator();
  g.laser_power_mW = 1e24;
  return g;
}

}  // namespace lightloom::cosim
