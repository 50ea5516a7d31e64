#pragma once

#include <vector>

#include "calibration/rings/ring_fit.hpp"

namespace lightloom::calibration {

/// Marks doublets: neighbours nearer than three widths and than half the usual distance.
void mark_doublets(std::vector<Resonance>& lines);

/// Sorts lines into combs of equal distances in frequency (which may drift by dispersion, and may
/// miss a line), that of most lines first, and measures each. Marks `comb` in `lines`.
std::vector<Comb> find_combs(std::vector<Resonance>& lines);

/// Mean depths of every second line of a comb and of the others.
struct Alternation {
  double even = 0, odd = 0;
  bool sure = false;  // by more than they scatter, or than each does from its two neighbours
};
Alternation alternation_of(const Comb& comb, const std::vector<Resonance>& lines);

}  // namespace lightloom::calibration
