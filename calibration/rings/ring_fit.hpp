#pragma once

#include <span>
#include <string>
#include <vector>

namespace lightloom::calibration {

/// One line of a ring's spectrum. Standard deviations hold the noise, what the fit leaves, and the
/// difference between the usual definitions of a width (docs/models/calibration/rings.md#width).
struct Resonance {
  double centre_nm = 0, centre_sigma = 0;
  double width_nm = 0, width_sigma = 0;   // full width at half depth or height
  double depth = 0;                       // of the dip over what is beside it, or the peak's height
  double quality = 0, quality_sigma = 0;  // loaded: centre / width
  double quality_low = 0, quality_high = 0;  // 95 % interval
  double extinction_db = 0;  // of the through port at the line's bottom; 0 at the drop port
  double intrinsic_under =
      0;  // Q without the bus, if it couples less than the ring loses (all-pass)
  double intrinsic_over = 0;  // the same, if it couples more
  double asymmetry = 0;       // beta / alpha: 0 for a line without interference (Fano)
  double misfit = 1;          // RMS residual over the noise from reading to reading
  bool split = false;         // one of a doublet
  int comb = -1;              // which comb it belongs to, -1 for none
};

/// Lines at equal distances: the longitudinal modes of one ring and polarisation.
struct Comb {
  std::vector<std::size_t> lines;    // of `resonances`, doublets by both of theirs
  double fsr_nm = 0, fsr_sigma = 0;  // mean distance of neighbours
  double centre_nm = 0;              // where the next two hold
  double optical_length_um = 0, optical_length_sigma = 0;  // n_g L = lambda^2 / FSR
  double finesse = 0;
};

enum class RingPort { automatic, through, drop };

struct RingOptions {
  RingPort port = RingPort::automatic;
};

struct RingFit {
  bool dips = true;  // through port; false: drop port
  std::vector<Resonance> resonances;
  std::vector<Comb> combs;           // that of most lines first
  double baseline = 0;               // median of what is beside the lines
  double fsr_nm = 0, fsr_sigma = 0;  // of the first comb; 0: fewer than two resonances
  double finesse = 0;
  double rms = 0;                     // of the residuals over the depth of the deepest line beside
  std::vector<std::string> problems;  // in words
  std::vector<std::string> notes;     // what was done that changes nothing: readings left out

  [[nodiscard]] bool good() const { return problems.empty(); }
};

/// Fits all lines of a spectrum in linear power, without a guess and whatever envelope it stands on
/// (docs/models/calibration/rings.md). Each line, or group of lines that overlap, by itself; once
/// their free spectral range is known as lines of Airy's function. Named: under-sampled lines
/// (fewer than four points over a width), lines cut off by the ends, spectra without one, saturated
/// readings and floors, doublets, alternating depths, irregular distances, bistable lines, and
/// residuals that the noise does not explain. Throws `Error` for fewer than 8 points, NaN, or
/// wavelengths that do not rise.
RingFit fit_ring(std::span<const double> wavelength_nm, std::span<const double> power,
                 const RingOptions& options = {});

}  // namespace lightloom::calibration
