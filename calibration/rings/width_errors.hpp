#pragma once

#include "calibration/rings/ring_fit.hpp"

namespace lightloom::calibration {

/// Gives a line of known centre and width its errors and its Q: `noise_nm` is one standard
/// deviation of the width, and `width_apart_nm` of the line is added to both ends of the interval
/// as it is.
void set_width_error(double noise_nm, Resonance& line);

/// How the widths of a comb's single lines lie about a straight line, relative.
struct WidthScatter {
  double spread = 0;    // of the widths, by the median of what is left
  double error = 0;     // what their errors would make of it, by their median
  bool beyond = false;  // whether the errors do not explain it, at one chance in two hundred
};

/// Of fewer than three lines: nothing.
WidthScatter scatter_of(const Comb& comb, const std::vector<Resonance>& lines);

/// Adds to the errors of a comb's lines what their widths scatter about a straight line beyond
/// these errors, and to those of a line that stands off by three of them how far it does. For
/// spectra with a named problem, in which the model is known to leave something out: the widths of
/// one ring change little from line to line, so their scatter says how much. Of single lines, three
/// at least.
void widen_by_scatter(const Comb& comb, std::vector<Resonance>& lines);

}  // namespace lightloom::calibration
