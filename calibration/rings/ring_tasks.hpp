#pragma once

#include <span>
#include <vector>

#include "calibration/rings/lines/line_fit.hpp"
#include "calibration/rings/lines/line_search.hpp"
#include "calibration/rings/lines/spectrum_ripple.hpp"
#include "calibration/rings/ring_problems.hpp"

namespace lightloom::calibration {

/// Lines as a pass over the spectrum found them, and their combs.
struct RingLines {
  const std::vector<Resonance>& lines;
  const std::vector<Comb>& combs;
};

/// Groups of lines that overlap, each with its range of the sweep.
std::vector<LineTask> tasks_of(const std::vector<LineGuess>& guesses, const CutLines& cut,
                               std::span<const double> wavelength_nm, bool dips);

/// Lines that stand alone may have any period that puts no other line into the sweep.
void allow_periods(std::span<const double> wavelength_nm, std::vector<LineTask>& tasks);

/// Gives tasks whose lines are of one comb its period and half of it to either side; lines whose
/// comb is not sure are tried with several.
bool take_periods(const RingLines& known, std::span<const double> wavelength_nm,
                  std::vector<LineTask>& tasks);

/// Gives every task the lines of the others, one piece a task, that its own period does not hold:
/// those of other combs and of none. At the through port only: at the drop port, between peaks of
/// some width, the base and their wings cannot be told apart. Whether there are any.
bool take_neighbours(const RingLines& known, const std::vector<FittedPiece>& pieces,
                     std::vector<LineTask>& tasks);

/// Gives every task of a comb's peaks the envelope that their heights show, which between them
/// cannot be told from the wings of its lines. Whether it changes much over half a period.
bool take_envelopes(const RingLines& known, std::vector<LineTask>& tasks);

/// Tells all tasks of a ripple.
void take_ripple(const SpectrumRipple& ripple, std::vector<LineTask>& tasks);

}  // namespace lightloom::calibration
