#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "calibration/tables/text/lab_text.hpp"

namespace lightloom::calibration {

/// One column of a table. Not-a-number where the file holds no reading.
struct LabColumn {
  std::string name;  // as it stands in the file; "" without a header
  std::string unit;  // its symbol from the header, a row of units or the preamble; "" unknown
  std::vector<double> values;
};

/// A table of numbers as an instrument or a script wrote it.
struct LabTable {
  std::string origin;              // the file, for messages
  std::vector<LabColumn> columns;  // those of numbers; columns of text are left out
  std::vector<int> lines;   // of each row in the file, from 1; in a transposed file of no use
  bool named = false;       // the file has a header
  bool transposed = false;  // a quantity a line instead of a column
  std::vector<std::string> preamble;  // the lines before the table
  std::vector<std::string> texts;     // names of the columns of text
  std::vector<LabColumn> clocks;   // of text that is dates and times of day, in s since the first
  std::vector<std::string> notes;  // in words: what was left out, and where
};

/// Reads columns of numbers divided by commas, semicolons, tabs, bars or blanks, with decimal
/// points or commas, under a header or none, below a preamble or comments (#, %, !, ;, //), with a
/// row of units, one quantity a column or one a line. Cells without a reading are NaN. Throws
/// `Error` that names lines and readings where the file has no such table or could be read in two
/// ways.
LabTable read_lab_table(std::string_view bytes, const std::string& origin);

}  // namespace lightloom::calibration
