#pragma once

#include <span>

namespace lightloom::experiments {

/// When enough chips have been measured: Student's 95 % interval of their mean reaches at most
/// `half_width` to either side. Asked after every chip from the `least`-th on, so it ends where the
/// spread happens to look small more often than where it looks large: the interval holds the truth
/// a little less often than 95 % (Chow and Robbins, Ann. Math. Stat. 36, 457 (1965), for small
/// widths 95 %; docs/models/statistics.md).
struct StoppingRule {
  double half_width = 0;  // of an accuracy, above 0
  int least = 8;          // chips, at least 2
};

/// Whether the values so far are enough. Never where all are equal: a spread of nothing is no
/// spread.
bool is_enough(std::span<const double> values, const StoppingRule& rule);

}  // namespace lightloom::experiments
