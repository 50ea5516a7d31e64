#include "calibration/tables/lab_dialect.hpp"

#include <algorithm>
#include <map>

#include "calibration/tables/text/moments.hpp"

namespace lightloom::calibration {
namespace {

/// Rows of the most frequent length, from a sample of lines.
LabBlock block_by(const std::vector<LabLine>& lines, const LabDialect& dialect) {
  std::map<std::size_t, LabBlock> blocks;  // by the length of rows
  const std::size_t stride = std::max<std::size_t>(1, lines.size() / 5000);
  for (std::size_t i = 0; i < lines.size(); i += stride) {
    if (is_comment(lines[i].text)) continue;
    const std::vector<std::string> cells = lab_cells(lines[i].text, dialect);
    if (cells.size() < 2 || !(is_row(cells, dialect) || is_transposed_row(cells, dialect)))
      continue;
    LabBlock& block = blocks[cells.size()];
    ++block.rows;
    for (const std::string& cell : cells) block.numbers += lab_number(cell, dialect) ? 1 : 0;
  }
  LabBlock best{.dialect = dialect};
  for (const auto& [cells, block] : blocks)
    if (block.rows > best.rows) best = {dialect, cells, block.rows, block.numbers};
  return best;
}

/// "25;-30": two cells of another dialect.
bool joins_numbers(std::string_view cell) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 1; i + 1 < cell.size(); ++i) {
    if (cell[i] != ';' && cell[i] != '\t' && cell[i] != '|') continue;
    const std::size_t next = cell.find_first_not_of(" +-.,", i + 1);
    if (digit(cell[i - 1]) && next != std::string_view::npos && digit(cell[next])) return true;
  }
  return false;
}

}  // namespace

bool is_comment(std::string_view line) {
  const std::size_t from = line.find_first_not_of(" \t\"");
  if (from == std::string_view::npos) return false;
  line.remove_prefix(from);
  return line.front() == '#' || line.front() == '%' || line.front() == '!' || line.front() == ';' ||
         line.starts_with("//");
}

bool is_row(const std::vector<std::string>& cells, const LabDialect& dialect) {
  std::size_t numbers = 0, missing = 0;
  for (const std::string& cell : cells) {
    if (lab_number(cell, dialect)) {
      ++numbers;
    } else if (is_missing(cell, dialect) || is_moment(cell)) {
      ++missing;
    } else if (joins_numbers(cell)) {
      return false;
    }
  }
  return numbers > 0 && 3 * (cells.size() - numbers - missing) <= cells.size();
}

bool is_transposed_row(const std::vector<std::string>& cells, const LabDialect& dialect) {
  if (cells.size() < 5) return false;
  std::size_t numbers = 0;
  for (std::size_t i = 1; i < cells.size(); ++i)
    numbers += lab_number(cells[i], dialect) || is_missing(cells[i], dialect) ? 1U : 0U;
  return numbers == cells.size() - 1 && lab_number(cells[1], dialect);
}

LabBlock find_block(const std::vector<LabLine>& lines) {
  LabBlock best;
  // Of equals the first: a tab or a semicolon divides cells, a comma or a blank may stand in them.
  for (const LabDialect& dialect :
       {LabDialect{'\t', false}, LabDialect{'\t', true}, LabDialect{';', false},
        LabDialect{';', true}, LabDialect{'|', false}, LabDialect{'|', true},
        LabDialect{',', false}, LabDialect{' ', false}, LabDialect{' ', true}}) {
    const LabBlock found = block_by(lines, dialect);
    const bool clearer = found.rows == best.rows && found.cells == best.cells &&
                         found.numbers > best.numbers;  // 0,5 among whole numbers
    if (found.rows > best.rows || clearer) best = found;
  }
  return best;
}

}  // namespace lightloom::calibration
