#pragma once

#include <string>
#include <vector>

namespace lightloom {

/// One row of a matrix as text, and where it begins.
struct MatrixRow {
  int line = 0;  // from 1
  std::string text;
};

/// The rows of a text without what programs write around them.
struct MatrixRows {
  std::vector<MatrixRow> rows;
  double factor = 1;          // in front of the matrix, as MATLAB prints it (`1.0e+03 *`)
  char separator = 0;         // that a line `sep=;` names; 0: none
  std::vector<int> blocks{};  // rows between blank lines
};

/// Divides text (see `plain_text`) into rows: lines, or what brackets hold ([[1 2] [3 4]], {{1, 2},
/// {3, 4}}, [1 2; 3 4], also behind `A =` and inside `array(...)`). Comments go: behind `#`, and
/// lines that begin with `%`, `//` or `(*`. Throws `Error` naming `path` and line for brackets that
/// do not close, three axes, and a print that leaves numbers out.
MatrixRows matrix_rows(const std::string& text, const std::string& path);

}  // namespace lightloom
