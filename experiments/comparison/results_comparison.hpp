#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "experiments/comparison/aligned.hpp"
#include "experiments/statistics/interval.hpp"

namespace lightloom::experiments {

/// One element of a measured quantity in two files.
struct MeasuredDifference {
  std::string at;  // "basis_bits=4"; "" of one alone
  double first = 0, second = 0;
  double value = 0;    // first minus second
  Interval interval;   // 95 %
  double p = 1;        // two-sided, of no difference
  std::string method;  // "same images: McNemar, exact", "same chips: Student", "independent images"
};

/// A quantity that scatters with chips, images or trainings.
struct MeasuredQuantity {
  std::string name;
  std::size_t elements = 0;     // compared
  std::size_t differing = 0;    // beyond noise, by Holm over everything compared in the files
  MeasuredDifference clearest;  // the one with the least p
};

/// An array that does not scatter: what differs in it, differs.
struct ComputedQuantity {
  std::string name, unit;
  std::size_t elements = 0;
  std::size_t differing = 0;     // by more than the tolerance
  double largest = 0;            // relative, |a - b| over the larger magnitude
  std::string at;                // of the largest
  double first = 0, second = 0;  // there
};

struct ResultsComparison {
  std::vector<MeasuredQuantity> measured;
  std::vector<ComputedQuantity> computed;            // those with differences
  std::vector<std::string> equal;                    // arrays without
  std::vector<std::string> only_first, only_second;  // arrays that one file has
  std::vector<std::string> apart;                    // along other axes or coordinates
};

/// Compares arrays at the coordinates that both files know. Outcomes of images: paired where test
/// images are the same (see `compare`), else by the interval of each alone. Arrays over chips or
/// trainings: by Student, paired by number where the files have one seed. Accuracies that are
/// neither: as shares of that many test images. Everything else as it stands, relative differences
/// up to `tolerance` being none. What follows from others (means, intervals, p) is left out.
ResultsComparison compare_results(const TwoFiles& files, double tolerance);

}  // namespace lightloom::experiments
