#pragma once

#include <vector>

namespace lightloom::experiments {

/// Mean of a sample with its spread and the 95 % confidence interval of the mean (Student's t). Not
/// a number where there are too few values to tell.
struct Spread {
  double mean, standard_deviation, low, high;
};
Spread spread_of(const std::vector<double>& values);

}  // namespace lightloom::experiments
