#pragma once

#include <string>
#include <vector>

#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// Arrays of a results file that lie along the same axes in the same order: the columns of a table
/// with a row for every element.
struct TidyTable {
  std::vector<std::string> axes;        // slowest first; none: scalars, one row
  std::vector<const Variable*> places;  // over the first axis: where its points are
  std::vector<const Variable*> arrays;
  std::size_t rows = 1;
};

/// Arrays that the attribute `coordinates` names: where the points of a sweep's list are.
std::vector<std::string> coordinate_names(const Labelled& data);

/// All arrays so, in the order in which their axes first appear. Views into `data`.
std::vector<TidyTable> tidy_tables(const Labelled& data);

/// The table as comma-separated values: a line of names, then the coordinates of an element along
/// each axis, where its point is, and the values of the arrays there. Numbers read back to the bit;
/// what is not a number is an empty cell, infinities are inf and -inf; texts with commas, quotes or
/// line ends stand in quotes (RFC 4180).
std::string tidy_csv(const Labelled& data, const TidyTable& table);

/// The array as NumPy keeps it (.npy), its axes in their order. Throws `Error` for texts.
std::string npy_of(const Labelled& data, const Variable& array);

/// The arrays whose names match one of `patterns` (`*`: any text), with the axes they lie along,
/// what says where points along these are, and all attributes; all of the file for no pattern.
/// Throws `Error` for a pattern that no array matches, with the nearest name.
Labelled chosen_arrays(const Labelled& data, const std::vector<std::string>& patterns);

}  // namespace lightloom::experiments
