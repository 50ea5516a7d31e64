#include "experiments/statistics/crossed_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

std::size_t common_size(std::span<const Outcomes> rows) {
  require(!rows.empty() && rows.front().images > 0, "a comparison of images needs at least one");
  for (const Outcomes& row : rows)
    require(row.images == rows.front().images, "{} and {} images are not the same ones",
            rows.front().images, row.images);
  return rows.front().images;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Sum of the squares of what lies around `mean`.
double squares_around(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum;
}

/// A table of `rows` rows whose value at (row, image) is `value`.
template <class Value>
CrossedTable table_by(std::size_t rows, std::size_t images, Value value) {
  CrossedTable table{.rows = std::vector<double>(rows), .images = std::vector<double>(images)};
  for (std::size_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < images; ++i) {
      const double one = value(r, i);
      sum += one;
      table.images[i] += one;
      table.squares += one * one;
    }
    table.rows[r] = sum / static_cast<double>(images);
  }
  for (double& image : table.images) image /= static_cast<double>(rows);
  return table;
}

}  // namespace

double CrossedTable::mean() const { return mean_of(rows); }

CrossedTable table_of(std::span<const Outcomes> chips) {
  return table_by(chips.size(), common_size(chips), [&](std::size_t row, std::size_t image) {
    return is_right(chips[row], image) ? 1.0 : 0.0;
  });
}

CrossedTable table_of_groups(std::span<const std::vector<Outcomes>> trainings) {
  require(!trainings.empty(), "a comparison of trainings needs at least one");
  const std::size_t images = common_size(trainings.front());
  for (const std::vector<Outcomes>& chips : trainings)
    require(common_size(chips) == images, "trainings were tested on other images");
  return table_by(trainings.size(), images, [&](std::size_t row, std::size_t image) {
    std::size_t right = 0;
    for (const Outcomes& chip : trainings[row]) right += is_right(chip, image) ? 1U : 0U;
    return static_cast<double>(right) / static_cast<double>(trainings[row].size());
  });
}

CrossedTable table_of_differences(std::span<const Outcomes> first,
                                  std::span<const Outcomes> second) {
  const std::size_t images = common_size(first);
  require(common_size(second) == images, "{} and {} images are not the same ones", images,
          common_size(second));
  require(second.size() == first.size() || second.size() == 1,
          "{} chips cannot be paired with {} (give both as many)", first.size(), second.size());
  return table_by(first.size(), images, [&](std::size_t row, std::size_t image) {
    const Outcomes& other = second[second.size() == 1 ? 0 : row];
    return static_cast<double>(is_right(first[row], image)) -
           static_cast<double>(is_right(other, image));
  });
}

MeanSquares mean_squares(const CrossedTable& table) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const auto rows = static_cast<double>(table.rows.size());
  const auto images = static_cast<double>(table.images.size());
  MeanSquares squares{.mean = table.mean(), .rows = rows, .images = images};
  const double mean = squares.mean;
  const double by_row = images * squares_around(table.rows, mean);
  const double by_image = rows * squares_around(table.images, mean);
  const double all = table.squares - rows * images * mean * mean;
  squares.of_rows = rows > 1 ? by_row / (rows - 1) : none;
  squares.of_images = images > 1 ? by_image / (images - 1) : none;
  squares.of_rest = rows > 1 && images > 1
                        ? std::max(0.0, all - by_row - by_image) / ((rows - 1) * (images - 1))
                        : none;
  return squares;
}

bool rows_equal(const CrossedTable& table) {
  return std::adjacent_find(table.rows.begin(), table.rows.end(), std::not_equal_to<>()) ==
         table.rows.end();
}

TwoVariances variance_of_mean(const MeanSquares& squares) {
  const double cells = squares.rows * squares.images;
  return {.first = squares.of_rows / cells,
          .first_degrees = squares.rows - 1,
          .second = std::max(0.0, squares.of_images - squares.of_rest) / cells,
          .second_degrees = squares.images - 1};
}

}  // namespace lightloom::experiments
