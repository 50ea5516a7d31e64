#pragma once

#include <span>

#include "calibration/rings/lines/line_fit.hpp"
#include "calibration/rings/ring_fit.hpp"

namespace lightloom::calibration {

/// A fitted group of lines and the step between readings there.
struct FittedPiece {
  LineFit fit;
  double step_nm = 0;
  double width_nm = 0;  // of its widest line as found, before any fit
};

/// Names under-sampled and cut-off lines, lines that jump, and residuals that the noise does not
/// explain.
void name_line_problems(const std::vector<FittedPiece>& pieces,
                        std::span<const double> wavelength_nm, RingFit& fit);

/// Names doublets, depths that alternate within a comb, distances that fit no comb, lines alone.
void name_comb_problems(RingFit& fit);

/// Ends of the sweep that cut a line.
struct CutLines {
  bool front = false, back = false;
};
/// Half lines at the ends, as steep as the whole ones. `guesses`: those.
CutLines find_cut_lines(const std::vector<LineGuess>& guesses,
                        std::span<const double> wavelength_nm, std::span<const double> power,
                        bool dips);
void name_cut_lines(const CutLines& cut, std::span<const double> wavelength_nm, RingFit& fit);

}  // namespace lightloom::calibration
