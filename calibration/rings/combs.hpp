#pragma once

#include <vector>

#include "calibration/rings/ring_fit.hpp"

namespace lightloom::calibration {

/// Marks doublets: neighbours nearer than three widths and than half the usual distance.
void mark_doublets(std::vector<Resonance>& lines);

/// Sorts lines into combs of equal distances in frequency (which may drift by dispersion, and may
/// miss a line), that of most lines first, and measures each. Marks `comb` in `lines`.
std::vector<Comb> find_combs(std::vector<Resonance>& lines);

}  // namespace lightloom::calibration
