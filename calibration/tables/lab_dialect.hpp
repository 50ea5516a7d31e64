#pragma once

#include <vector>

#include "calibration/tables/text/lab_text.hpp"

namespace lightloom::calibration {

/// Where a table of numbers stands in a file, and how it is written.
struct LabBlock {
  LabDialect dialect;
  std::size_t cells = 0;  // of a row
  int rows = 0;           // lines that are rows
  int numbers = 0;        // cells of them that are numbers
};

/// Whether `cells` can be a row of a table: a number at least, and besides numbers and missing
/// readings at most one text in three cells (the time of day, say).
bool is_row(const std::vector<std::string>& cells, const LabDialect& dialect);

/// Whether `cells` can be a line of a transposed table: numbers behind a name or none.
bool is_transposed_row(const std::vector<std::string>& cells, const LabDialect& dialect);

/// How a table is written: the delimiter and decimal mark by which most of its lines are rows of
/// one length, of those that divide alike the one with more numbers. `rows` is 0 where no reading
/// finds two rows of two cells.
LabBlock find_block(const std::vector<LabLine>& lines);

/// Whether a line is a comment: #, %, !, // or a semicolon in front.
bool is_comment(std::string_view line);

}  // namespace lightloom::calibration
