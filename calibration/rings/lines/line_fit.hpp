#pragma once

#include <span>
#include <vector>

#include "calibration/rings/lines/line_model.hpp"
#include "calibration/rings/lines/line_search.hpp"
#include "calibration/rings/lines/ripple_evidence.hpp"
#include "calibration/rings/lines/spectrum_noise.hpp"

namespace lightloom::calibration {

/// One line of a fitted piece of a spectrum; standard deviations by what the residuals are, with
/// their correlation from reading to reading.
struct FittedLine {
  double centre_nm = 0, centre_sigma = 0;
  double width_nm = 0, width_sigma = 0;         // full width at half maximum of 1 / (1 + s^2)
  double alpha = 0, alpha_sigma = 0, beta = 0;  // over the base at the through port
  double least = 0;  // at the through port: least power over that without lines
};

/// A piece of a spectrum, fitted.
struct LineFit {
  std::vector<FittedLine> lines;
  LineShape shape;
  double base = 0;
  double misfit = 1;        // RMS residual over what differs from reading to reading
  double residual = 0;      // RMS residual over the depth of the deepest line
  double plain_misfit = 1;  // the same before lines were split and a ripple added
  double width_reach = 0;   // of log widths, over periods that fit as well
  double jump = 0;          // largest step between neighbours, over that depth
  int readings = 0;
  bool converged = false;
  std::vector<double> outliers_nm;  // readings left out
  RippleEvidence evidence;
};

/// What to fit.
struct LineTask {
  std::vector<LineGuess> guesses;
  double from_nm = 0, to_nm = 0;
  bool dips = true;
  double period_nm = 0;           // of the ring's lines where it is known
  double shortest_period_nm = 0;  // where it is not: what the sweep allows; 0: none to be tried
  std::vector<FittedLine> beside = {};  // lines that are fitted elsewhere but reach into this piece
  double ripple_per_nm = 0, ripple_amplitude = 0;  // of a ripple that other pieces show; 0: none
  KnownEnvelope envelope = {};                     // over nm, of peaks
};

/// Of readings that stand alone (lone_readings.hpp): left out.
constexpr char lone_reading = 3;

/// Fits the lines of a task together, over the readings in its range; those that are `spoiled` (1:
/// at the instrument's upper end, 2: at its lower) only bound what the lines do. Where the
/// residuals are larger than the noise from reading to reading, a line is split in two or a ripple
/// added if that explains them.
LineFit fit_lines(const LineTask& task, std::span<const double> wavelength_nm,
                  std::span<const double> power, const std::vector<char>& spoiled);

}  // namespace lightloom::calibration
