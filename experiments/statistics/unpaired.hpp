#pragma once

#include <span>
#include <vector>

#include "experiments/statistics/interval.hpp"

namespace lightloom::experiments {

/// An estimate and its 95 % interval.
struct Estimate {
  double value = 0;
  Interval interval;
};

/// How much larger the first of two estimates is.
struct EstimatedDifference {
  double value = 0;
  Interval interval;  // 95 %
  double p = 1;       // two-sided, of no difference
};

/// Of two independent samples, from the interval of each alone: the limits are value -+ root((e1 -
/// l1)^2 + (u2 - e2)^2) and so on (Zou and Donner, Stat. Med. 27, 1693 (2008); of shares with
/// Wilson's intervals Newcombe, Stat. Med. 17, 873 (1998), method 10). p as of a normal
/// distribution whose 95 % reaches the limit on the side of 0: exact where p is 0.05. Not a number
/// where an interval is not known.
EstimatedDifference independent_difference(const Estimate& first, const Estimate& second);

/// Of pairs: Student's t of their differences. Not a number for fewer than two pairs, or where all
/// differ by the same.
EstimatedDifference paired_difference(std::span<const double> first,
                                      std::span<const double> second);

/// Which of several p are below 0.05 when all are asked at once (Holm, Scand. J. Stat. 6, 65
/// (1979)): the chance that any of them is wrong is at most 5 %. What is not a number is not.
std::vector<bool> holm_significant(std::span<const double> p);

}  // namespace lightloom::experiments
