#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/matrix.hpp"
#include "core/tables/matrix_rows.hpp"
#include "core/tables/number_text.hpp"
#include "core/tables/row_cells.hpp"

namespace lightloom {

/// One way to take rows of text for numbers.
struct TableNotation {
  Separator separator = Separator::comma;
  NumberStyle style{};
};

/// A matrix as one notation reads it, and how its borders were taken.
struct TableMatrix {
  ComplexMatrix matrix;
  std::string border{};  // "without the numbers of a header", ...; empty: all rows and columns
};

/// What a notation makes of rows.
struct TableReading {
  std::vector<TableMatrix> matrices;  // none: they are no table; two: two borders are possible
  std::string problem{};              // why there is none: "3: '5;2' is not a number", with a line
  std::size_t cells = 0;              // with numbers before that
};

/// Reads rows in one notation. Cells that every row ends with empty are dropped, and so are header
/// lines of words and columns of row names. Numbers that count the columns (0, 1, ... in the first
/// row) or the rows are a header or an index, as pandas writes them, where all other numbers show
/// that whole ones are written with a fraction here (3.0), or where the corner is empty; where
/// nothing shows it both matrices are given.
TableReading read_table(const std::vector<MatrixRow>& rows, const TableNotation& notation);

}  // namespace lightloom
