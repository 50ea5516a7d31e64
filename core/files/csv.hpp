#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace lightloom {

/// The cells of one line of a table: what stands between commas, without the blanks and the CR
/// around it. A comma at the end adds no cell, an empty line has none. Views into `line`; `cells`
/// is cleared first, so that a reader of millions of lines allocates once.
void csv_cells(std::string_view line, std::vector<std::string_view>& cells);

/// One line of a table and where it stands.
struct CsvLine {
  int number = 0;  // from 1
  std::vector<std::string_view> cells;
};

/// Whether lines that begin with `#` are left out or come whole, as one cell.
enum class CsvComments { skipped, kept };

/// All lines of a table in memory but the empty ones; a byte-order mark at the start is dropped.
/// Views into `text`.
std::vector<CsvLine> csv_lines(std::string_view text, CsvComments comments = CsvComments::skipped);

/// A cell as a number, all of it: 1, -2.5e-3, +4; nullopt for anything else, for infinities and
/// not-a-number too.
std::optional<double> csv_number(std::string_view cell);

}  // namespace lightloom
