#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "experiments/studies/workbench.hpp"

namespace lightloom::experiments {

/// One weight source of a card in the table of all.
struct SourceRow {
  std::string label, source;
  double bits = 0;       // a weight: all bits that cross the chip's edge (streams padded to bytes,
                         // scales, biases, normalisations with their statistics) over all weights
  double code_bits = 0;  // as published ratios count
  double sqnr_db = 0;    // of the float network's weights, encoded and nothing trained; infinite:
                         // exact, negative where more is lost than there was
  // Operations to regenerate one weight once, mean over the network; a multiply-add is one of each.
  double multiplies = 0, adds = 0, shifts = 0, lookups = 0;
  double generation_pJ = 0;  // a weight, on the card's electronic generator
  /// Uses of a regenerated weight that is kept in place from which on making it costs less energy
  /// than reading a stored word of `stored_bits` for each use: from the weight buffer, from DRAM
  /// (burst energy). Stored words of the source come from DRAM once.
  double sram_uses = 0, dram_uses = 0;
  double time_s = 0, energy_J = 0;  // a batch of a stream, on the card's hardware
  std::vector<double> accuracy;     // by training seed, where the card measures accuracy
};

struct SourceTable {
  static constexpr int stored_bits = 8;  // of the word that a regenerated weight is compared with
  std::vector<SourceRow> rows;           // the card's own source, then its baselines
  std::int64_t weights = 0;
  int batch = 1;
  double dram_pJ_per_byte = 0, sram_pJ_per_byte = 0;
  double float_accuracy = 0;  // where accuracy is measured
  bool accuracy_known = false;
};

/// The card's sources side by side. Accuracy: every source trained by `train` from the same float
/// network, digitally, for each of the card's `seeds`. Throws `Error` where the network has no
/// weights, `Failure` once the sink is cancelled.
SourceTable compare_sources(const Experiment& card, Workbench& workbench, ProgressSink& progress);

}  // namespace lightloom::experiments
