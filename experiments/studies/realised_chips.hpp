#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "core/matrix.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::experiments {

struct RealisedOptions {
  int chips = 32;
  std::uint64_t seed = 0;
  std::string name;  // of the matrix, for messages
};

/// What chips of a core make of one matrix.
struct RealisedChips {
  std::vector<double> error;        // (chips) ||realised - target||_F / ||target||_F
  std::vector<double> unreachable;  // (chips) share of devices that cannot take their setting
  int tiles = 0;
  bool settings = false;  // whether the core tells what its devices are set to
  /// Axes chip, output, input, tile, core_output and where they apply phase and one of devices an
  /// array; see docs/use/results-files.md.
  Labelled data;
};

/// Realises the matrix on chips 0, 1, ... as their first layer, tiled like one: the weights that an
/// analog inference multiplies with, at the same addresses. Throws `Error` for a matrix that is not
/// real, or so large that the chips' weights do not fit into 2^28 numbers.
RealisedChips realise_chips(const photonic::CoreCard& card, const ComplexMatrix& target,
                            const RealisedOptions& options);

}  // namespace lightloom::experiments
