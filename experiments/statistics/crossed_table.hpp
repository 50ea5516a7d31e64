#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "experiments/statistics/interval.hpp"
#include "experiments/statistics/outcomes.hpp"

namespace lightloom::experiments {

/// What an analysis of variance needs of a table of rows (chips, or trainings) by images: the means
/// along both sides, and the sum of the squares of all values.
struct CrossedTable {
  std::vector<double> rows;    // mean of each row over images
  std::vector<double> images;  // mean of each image over rows
  double squares = 0;

  [[nodiscard]] double mean() const;
};

/// Outcomes of chips by images, values 0 and 1. Throws `Error` for no row or rows of several sizes.
CrossedTable table_of(std::span<const Outcomes> chips);
/// Trainings by images: the share of a training's chips that are right.
CrossedTable table_of_groups(std::span<const std::vector<Outcomes>> trainings);
/// Row by row `first` minus `second`, values -1, 0 and 1; one row of `second` stands against all.
CrossedTable table_of_differences(std::span<const Outcomes> first,
                                  std::span<const Outcomes> second);

/// Mean squares of a table with one value a cell, both sides drawn at random (Cornfield and Tukey,
/// Ann. Math. Stat. 27, 907 (1956)): with x = mu + a_row + b_image + e, the expected squares are
/// var(e) + images var(a), var(e) + rows var(b) and var(e). Not a number where one row leaves
/// nothing to tell them apart by.
struct MeanSquares {
  double mean = 0;
  double rows = 0, images = 0;                     // how many of them
  double of_rows = 0, of_images = 0, of_rest = 0;  // mean squares
};
MeanSquares mean_squares(const CrossedTable& table);

/// Whether all rows have the same mean.
bool rows_equal(const CrossedTable& table);

/// Variance of the table's mean as one of other rows and other images: of_rows / cells with the
/// rows' degrees of freedom, which holds the rest, and (of_images - of_rest) / cells. Needs two
/// rows and two images.
TwoVariances variance_of_mean(const MeanSquares& squares);

}  // namespace lightloom::experiments
