#pragma once

#include <string>
#include <vector>

#include "photonic/devices/cell_laws.hpp"

namespace lightloom::photonic {

/// Spread of cells that were told to have one conductance, `after_s` after their programming:
/// sum_i sigma_i x^i in uS, x = g / gmax.
struct CellProgramming {
  double after_s = 0;
  std::vector<double> sigma_uS;
};

/// Drift g(t) = g ((t + t0) / t0)^-nu, nu = |mean + spread N(0, 1)|, both laws of the conductance
/// that a cell was told to have. Without `reference_s`: none.
struct CellDrift {
  double reference_s = 0;  // t0, when the fit's cells were first read
  CellLaw exponent, exponent_sigma;
};

/// Noise of one reading relative to the conductance, Q(x) sqrt(ln((t + t0 + t_r) / (2 t_r))).
/// Without `time_s`: none.
struct CellReading {
  double time_s = 0;  // t_r
  CellLaw relative;   // Q
};

/// What was fitted to `devices` memory cells of one polarity of a weight, written together as one
/// (their conductances add up, and all laws are those of the sum).
struct CellFit {
  int devices = 1;
  double gmax_uS = 0;                        // of the sum
  std::vector<CellProgramming> programming;  // by time; none: exact
  CellDrift drift;
  CellReading reading;
};
void describe(Section& section, CellFit& fit);

/// Conductance cells of an electronic crossbar. A weight is the difference of two polarities, each
/// `devices_per_polarity` cells that a fit describes as one.
struct CellCard {
  /// Where the spread of programming was published for a few times only.
  enum class OtherTimes { refuse, nearest, interpolate };
  /// What a cell does that has nothing to hold: the other polarity of a weight, both of a zero.
  enum class Idle {
    gmin,  // it is programmed to gmin, with the spread of that
    off,   // it does not conduct at all: no spread, no noise
  };
  /// What the largest weight is looked for in: it gets the largest conductance.
  enum class Scale { tile, output };

  std::vector<CellFit> fits;     // one for each number of devices; none: exact cells of 40 uS
  int devices_per_polarity = 1;  // which of the fits
  int copies = 1;                // of every pair, whose outputs are averaged: independent errors
  int slices = 1;  // digits of a weight, each in a pair and converted by itself, added digitally
  int level_bits = 0;  // of one cell: 2^bits conductances, evenly spaced; 0: continuous
  double gmin_uS = 0;
  Idle idle = Idle::gmin;
  double weight_clip_sigma = 0;  // weights beyond so many standard deviations are clipped; 0: none
  Scale scale = Scale::tile;
  double programming_scale = 1, drift_scale = 1, read_scale = 1;  // 0: switched off
  double elapsed_s = 0;                                           // since programming
  OtherTimes other_times = OtherTimes::refuse;
  bool compensate_drift = true;  // one common factor per tile restores the mean
  double stuck_low_fraction =
      0;  // cells stuck at the lowest or highest conductance, drawn once per chip
  double stuck_high_fraction = 0;
  double integrator_noise = 0;  // of one reading of an output, in units of one full-scale input
                                // through a full-scale weight

  double area_um2 = 0;          // of one cell with its selector
  double write_energy_pJ = 0;   // of one pulse and the reading that verifies it
  double write_time_us = 0;     // the same
  double write_iterations = 1;  // pulses that a cell takes, mean
  int write_parallel = 1;       // cells written at once
  double read_voltage_V = 0;    // on the cell of an input at full scale; 0: the array's own power
                                // is not counted (it is in what the converters take)
  double read_load = 0.13;      // mean over cells of g / gmax times the squared input, for that
                                // power
};
void describe(Section& section, CellCard& card);

/// The laws of a card's cells at its age.
class CellLaws {
 public:
  /// Throws `Error` for a number of devices or an age that no fit is for.
  explicit CellLaws(const CellCard& card);

  [[nodiscard]] double gmax_uS() const { return fit_.gmax_uS; }
  /// Standard deviation in uS of what cells told to have g come out as. Not below 0.
  [[nodiscard]] double programming_sigma_uS(double g_uS) const;
  struct Exponent {
    double mean = 0, sigma = 0;
  };
  [[nodiscard]] bool drifts() const;
  [[nodiscard]] Exponent drift_exponent(double g_uS) const;
  /// What is left of a conductance at the card's age after drifting with nu.
  [[nodiscard]] double share_left(double nu) const;
  /// Standard deviation of one reading of a cell that was written to g, relative to what it has.
  [[nodiscard]] double read_sigma(double g_uS) const;
  [[nodiscard]] bool reads_noisily() const { return read_growth_ > 0; }

 private:
  CellFit fit_;
  double programming_scale_, drift_scale_, read_growth_, elapsed_s_;
  std::vector<double> before_, after_;  // polynomials of programming around the age
  double share_after_ = 0;              // of the second of them
};

/// Whether anything about a card's cells depends on their age.
bool cells_age(const CellCard& card);
/// What is wrong with a card's fits, its number of devices and its age, a sentence each.
std::vector<std::string> cell_problems(const CellCard& card);

}  // namespace lightloom::photonic
