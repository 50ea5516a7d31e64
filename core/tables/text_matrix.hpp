#pragma once

#include <string>

#include "core/matrix.hpp"

namespace lightloom {

/// Reads a matrix from the bytes of a text file, one row a line or as brackets say: MatrixMarket
/// (matrix_market.hpp), else tables with columns between commas, semicolons, tabs or blanks, points
/// or commas as decimal marks, numbers as in number_text.hpp, headers and row names as in
/// table_reading.hpp, rows and comments as in matrix_rows.hpp, letters as in plain_text.hpp. All
/// notations that fit are tried; where two give different matrices nothing is guessed. Throws
/// `Error` naming `path`: the line and the cell that are no number, or both readings.
ComplexMatrix text_matrix(const std::string& bytes, const std::string& path);

}  // namespace lightloom
