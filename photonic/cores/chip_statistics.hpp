#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/statistics.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/weight_targets.hpp"

namespace lightloom::photonic {

struct ChipOptions {
  int chips = 32;
  std::uint64_t seed = 0;
  std::uint32_t first_chip = 0;
  WeightTargets targets{};  // of cores whose targets are weights
};

/// What chips of a card make of random targets, one target a chip, with the values of every chip in
/// order. Mesh: one mesh, target a Haar-random unitary U (a butterfly mesh, which cannot make one:
/// a product of butterflies whose 2x2s are Haar-random). Ring bank and other cores: one tile of
/// `targets` weights, or all of a given matrix.
struct ChipStatistics {
  std::string
      target;     // "Haar-random unitary", "random product of butterflies" or that of the weights
  int modes = 1;  // of the mesh; 1 without
  std::vector<double>
      error;  // ||realised - target||_F / ||target||_F; for a unitary ||dU||_F / sqrt(N)
  std::vector<double>
      fidelity;  // |tr(target^T* realised)|^2 / (norms squared), 1 when equal up to a factor
  std::vector<double> unreachable;        // fraction of devices that cannot take their setting
  std::vector<double> insertion_loss_db;  // mesh: of the mesh alone; others: laser to detector
  std::vector<double> power_mW;           // that holds the set phases
  std::vector<double> reading_error;  // of one reading of every weight, beside `error`: noise of
                                      // the cells, over ||target||_F; 0 where cells are quiet
};
/// Throws `Error` for less than one chip, and for targets that a mesh does not take.
ChipStatistics chip_statistics(const CoreCard& card, const ChipOptions& options);

/// One chip's share of the above.
struct ChipRow {
  double error = 0, fidelity = 0, unreachable = 0, insertion_loss_db = 0, power_mW = 0,
         reading_error = 0;
};
/// Works the rows of all chips out, on all threads, and lines them up. `target` and `modes` are
/// the caller's to fill.
ChipStatistics collect_chips(const ChipOptions& options,
                             const std::function<ChipRow(const TileAddress&)>& row);

}  // namespace lightloom::photonic
