#pragma once

#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "cosim/corrections/corrector_choice.hpp"
#include "cosim/corrections/joint_tuning.hpp"
#include "cosim/verify/weight_scores.hpp"

namespace lightloom::experiments {

/// The section `correct`: what `lightloom correct` tries on every chip.
struct CorrectionCard {
  std::vector<cosim::CorrectorKind> kinds{// fitted by least squares
                                          cosim::CorrectorKind::gain,
                                          cosim::CorrectorKind::interleave,
                                          cosim::CorrectorKind::low_rank_output,
                                          cosim::CorrectorKind::low_rank_input,
                                          cosim::CorrectorKind::pointwise,
                                          cosim::CorrectorKind::shared};
  std::vector<int> ranks{4};  // of low ranks, each tried
  int period = 4;             // of interleaved offsets
  bool offsets = false;       // beside mixings
  int images = 512;           // training images to fit with, at once in memory
  int vectors = 8192;         // of each layer
  double held_out = 0.25;     // share of them that judges
  cosim::VerifyCard verify;   // no shares: none
  std::vector<cosim::CorrectorKind> tuned{cosim::CorrectorKind::shared};
  cosim::TuningCard tuning;

  /// All correctors that are fitted, in order.
  [[nodiscard]] std::vector<cosim::CorrectorChoice> choices() const;
  [[nodiscard]] bool tunes(cosim::CorrectorKind kind) const;
};
void describe(Section& section, CorrectionCard& card);
/// The section of an experiment's resolved card, or its defaults.
CorrectionCard correction_of(const Tree& resolved);

}  // namespace lightloom::experiments
