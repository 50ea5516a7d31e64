#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/tables/table_reading.hpp"

namespace lightloom {

/// What a cell holds.
enum class CellKind : std::uint8_t {
  whole,             // 3
  whole_with_point,  // 3.0, 3e0
  other,             // 3.5, 0.5j
  unit,              // j without a number
  empty,
  missing,  // nan, NA, -
  word,
  wrong,  // neither a number nor a word
};

inline bool is_number(CellKind kind) { return kind <= CellKind::unit; }

/// Rows divided into cells. Row r holds the cells [start[r], start[r + 1]).
struct TableCells {
  std::vector<int> lines;
  std::vector<std::size_t> start{0};
  std::vector<CellKind> kinds;
  std::vector<std::complex<double>> values;  // 0 where there is no number
  std::vector<std::string> header{};         // cells of the last row before numbers, lower case
  std::string problem{};                     // of a row that no table has; what follows is not read

  [[nodiscard]] std::size_t rows() const { return lines.size(); }
  [[nodiscard]] std::size_t width(std::size_t row) const { return start[row + 1] - start[row]; }
  [[nodiscard]] CellKind kind(std::size_t row, std::size_t column) const {
    return kinds[start[row] + column];
  }
  [[nodiscard]] std::complex<double> value(std::size_t row, std::size_t column) const {
    return values[start[row] + column];
  }
};

/// Divides rows into cells, up to the first that cannot be in a table.
TableCells table_cells(const std::vector<MatrixRow>& rows, const TableNotation& notation);

}  // namespace lightloom
