#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace lightloom {

/// A sample's mean with its spread. `standard_deviation` is that of the sample (n - 1); 0 for one
/// value.
struct Summary {
  double mean = 0;
  double standard_deviation = 0;
  double standard_error = 0;
  double smallest = 0, p05 = 0, p25 = 0, median = 0, p75 = 0, p95 = 0, largest = 0;
};
/// Summed in order, so equal on any number of threads. Quantiles interpolate linearly. Throws
/// `Error` for no values.
Summary summarise(std::span<const double> values);

/// A share with its 95 % interval.
struct Yield {
  double fraction = 0, low = 0, high = 1;
};
/// Share of values that are at most `limit`, with the interval of Wilson (1927). Throws `Error` for
/// no values.
Yield yield_below(std::span<const double> values, double limit);

/// Test of Kolmogorov and Smirnov against N(0, 1): the largest distance between the distribution
/// functions, and how probable one as large is for independent standard normal values (asymptotic
/// series with Stephens' correction for few values, J. R. Stat. Soc. B 32, 115 (1970)).
struct NormalTest {
  std::size_t count = 0;
  double distance = 0, p_value = 1;
};
NormalTest test_standard_normal(std::vector<double> values);

/// How many different values are to be expected among `draws` independent ones, of which each is
/// value i with probability `shares[i]`: sum_i 1 - (1 - p_i)^draws. At most `draws`, and at most
/// the number of values.
double distinct_values(std::span<const double> shares, std::ptrdiff_t draws);

}  // namespace lightloom
