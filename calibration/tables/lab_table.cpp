#include "calibration/tables/lab_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "calibration/tables/lab_dialect.hpp"
#include "calibration/tables/lab_units.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using Cells = std::vector<std::string>;

/// The lines of a file, sorted by what they are.
struct Layout {
  LabDialect dialect;
  std::size_t cells = 0;
  std::vector<const LabLine*> rows;
  std::vector<const LabLine*> before;   // in front of the first row
  std::vector<const LabLine*> between;  // lines behind it that are none
};

Layout layout_of(const std::vector<LabLine>& lines, const std::string& origin) {
  const LabBlock block = find_block(lines);
  require(block.rows > 0,
          "{}: no table of numbers (two columns at least, a number in each: wavelength or voltage, "
          "and power); its first line is '{}'",
          origin, lines.front().text.substr(0, 60));
  Layout layout{
      .dialect = block.dialect, .cells = block.cells, .rows = {}, .before = {}, .between = {}};
  for (const LabLine& line : lines) {
    const Cells cells = lab_cells(line.text, block.dialect);
    const bool trailing = cells.size() == block.cells + 1 && cells.back().empty();
    const bool row = (cells.size() == block.cells || trailing) && !is_comment(line.text) &&
                     (is_row(cells, block.dialect) || is_transposed_row(cells, block.dialect));
    (row ? layout.rows : layout.rows.empty() ? layout.before : layout.between).push_back(&line);
  }
  return layout;
}

/// A line without the sign of a comment in front.
std::string uncommented(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t#%!;/");
  return from == std::string::npos ? std::string() : text.substr(from);
}

bool is_unit_row(const Cells& cells) {
  int known = 0, other = 0;
  for (const std::string& cell : cells) {
    if (cell.empty() || cell == "-") continue;
    (lab_unit(cell) ? known : other)++;
  }
  return known > 0 && other == 0;
}

/// The cells of a line above the table, if it can name its columns.
Cells heads_in(const LabLine& line, const Layout& layout, bool comment) {
  Cells cells = lab_cells(comment ? uncommented(line.text) : line.text, layout.dialect);
  if (cells.size() == layout.cells + 1 && cells.back().empty()) cells.pop_back();
  if (cells.size() + 1 == layout.cells && line.text.front() == layout.dialect.delimiter)
    cells.insert(cells.begin(), "");
  if (cells.size() != layout.cells) return {};
  return std::any_of(cells.begin(), cells.end(), [](const std::string& c) { return !c.empty(); })
             ? cells
             : Cells{};
}

struct Heads {
  Cells names, units;
};

/// Header and row of units from the lines just above the first row; a comment counts as a header
/// where nothing else does (numpy.savetxt writes it so).
Heads find_heads(const Layout& layout) {
  Heads heads;
  for (const bool comments : {false, true}) {
    for (std::size_t i = layout.before.size(); i-- > 0 && heads.names.empty();) {
      const LabLine& line = *layout.before[i];
      if (is_comment(line.text) != comments) continue;
      const Cells cells = heads_in(line, layout, comments);
      if (cells.empty()) {
        if (comments) continue;
        break;
      }
      if (heads.units.empty() && is_unit_row(cells))
        heads.units = cells;
      else
        heads.names = cells;
    }
    if (!heads.names.empty()) break;
  }
  return heads;
}

/// A header with another number of cells than the rows is the sign of decimal commas between
/// commas.
void refuse_mismatch(const Layout& layout, const Heads& heads, const std::string& origin) {
  if (!heads.names.empty() || layout.before.empty() || layout.dialect.delimiter != ',') return;
  const LabLine& above = *layout.before.back();
  const Cells cells = lab_cells(above.text, layout.dialect);
  if (is_comment(above.text) || cells.size() < 2 || cells.size() >= layout.cells) return;
  require(
      layout.cells < 3 || layout.cells > 2 * cells.size(),
      "{}:{}: the header names {} columns, but rows such as '{}' (line {}) have {} cells between "
      "commas (decimal commas and commas between the columns cannot be told apart: export with "
      "semicolons or decimal points)",
      origin, above.number, cells.size(), layout.rows.front()->text, layout.rows.front()->number,
      layout.cells);
}

double cell_value(const std::string& cell, const LabDialect& dialect) {
  return lab_number(cell, dialect).value_or(NAN);
}

/// The unit in the row below a column's name, which may not be another than the name's.
void take_unit_below(const std::string& unit, const std::string& origin, LabColumn& column) {
  if (!lab_unit(unit)) return;
  require(column.unit.empty() || same_unit(column.unit, unit),
          "{}: the column '{}' has the unit {} in its name and {} in the units beside the names "
          "(which are "
          "the numbers in? leave one)",
          origin, column.name, column.unit, unit);
  column.unit = unit;
}

void add_columns(const Layout& layout, const Heads& heads, LabTable& table) {
  const std::vector<ColumnHead> named = column_heads(heads.names);
  std::vector<Cells> rows;
  for (const LabLine* line : layout.rows) {
    rows.push_back(lab_cells(line->text, layout.dialect));
    table.lines.push_back(line->number);
  }
  for (std::size_t c = 0; c < layout.cells; ++c) {
    std::size_t text = 0, numbers = 0;
    for (const Cells& row : rows) {
      const bool number = lab_number(row[c], layout.dialect).has_value();
      numbers += number ? 1U : 0U;
      text += !number && !is_missing(row[c], layout.dialect) ? 1U : 0U;
    }
    if (text > numbers || numbers == 0) {  // times of day, names
      if (text > 0 && !heads.names.empty()) table.texts.push_back(heads.names[c]);
      continue;
    }
    LabColumn column;
    if (!named.empty()) {
      column.name = named[c].name;
      column.unit = named[c].unit;
    }
    if (!heads.units.empty()) take_unit_below(heads.units[c], table.origin, column);
    for (const Cells& row : rows) column.values.push_back(cell_value(row[c], layout.dialect));
    table.columns.push_back(std::move(column));
  }
}

void add_transposed(const Layout& layout, LabTable& table) {
  table.transposed = true;
  for (const LabLine* line : layout.rows) {
    const Cells cells = lab_cells(line->text, layout.dialect);
    const bool named = !lab_number(cells[0], layout.dialect).has_value();
    const ColumnHead head = named ? column_head(cells[0]) : ColumnHead{};
    LabColumn column{.name = head.name, .unit = head.unit, .values = {}};
    table.named = table.named || named;
    std::size_t from = named ? 1U : 0U;
    if (named && cells.size() > 2 && lab_unit(cells[1]) && !lab_number(cells[1], layout.dialect))
      take_unit_below(cells[from++], table.origin, column);
    for (std::size_t i = from; i < layout.cells; ++i)
      column.values.push_back(cell_value(cells[i], layout.dialect));
    table.columns.push_back(std::move(column));
  }
  table.lines.assign(table.columns.front().values.size(), layout.rows.front()->number);
}

bool is_transposed(const Layout& layout) {
  if (layout.rows.size() > 8 || layout.cells < 9) return false;
  if (layout.cells < 2 * layout.rows.size()) return false;
  return std::all_of(layout.rows.begin(), layout.rows.end(), [&](const LabLine* line) {
    return is_transposed_row(lab_cells(line->text, layout.dialect), layout.dialect);
  });
}

/// "lines 7, 12, 13 and 40 more"
std::string line_list(const std::vector<const LabLine*>& lines) {
  std::vector<int> numbers;
  for (const LabLine* line : lines)
    if (numbers.size() < 5) numbers.push_back(line->number);
  std::string text =
      fmt::format("line{} {}", lines.size() > 1 ? "s" : "", fmt::join(numbers, ", "));
  if (lines.size() > numbers.size())
    text += fmt::format(" and {} more", lines.size() - numbers.size());
  return text;
}

/// Units that a preamble gives: "Result Unit Symbol: dBm", "Domain Unit Symbol: nm".
void take_preamble_units(LabTable& table) {
  for (const std::string& line : table.preamble) {
    if (line.find("nit") == std::string::npos && line.find("NIT") == std::string::npos) continue;
    const std::size_t at = line.find_last_of(":=,\t ");
    const auto unit = at == std::string::npos ? std::nullopt : lab_unit(line.substr(at + 1));
    if (!unit) continue;
    const bool light = unit->quantity == Quantity::power || unit->quantity == Quantity::decibel;
    const std::size_t column = light ? table.columns.size() - 1 : 0;
    if (table.columns.size() == 2 && table.columns[column].unit.empty())
      table.columns[column].unit = line.substr(at + 1);
  }
}

}  // namespace

LabTable read_lab_table(std::string_view bytes, const std::string& origin) {
  const std::vector<LabLine> lines = lab_lines(bytes, origin);
  require(!lines.empty(), "{}: the file is empty (a table of two columns is needed)", origin);
  const Layout layout = layout_of(lines, origin);
  LabTable table;
  table.origin = origin;
  for (const LabLine* line : layout.before) table.preamble.push_back(line->text);
  if (is_transposed(layout)) {
    add_transposed(layout, table);
  } else {
    const Heads heads = find_heads(layout);
    refuse_mismatch(layout, heads, origin);
    table.named = !heads.names.empty();
    add_columns(layout, heads, table);
  }
  require(table.columns.size() > 1,
          "{}: one column of numbers{} (two are needed: wavelength or voltage, and power)", origin,
          table.columns.empty() || table.columns[0].name.empty()
              ? std::string()
              : fmt::format(", '{}'", table.columns[0].name));
  require(layout.between.size() <= layout.rows.size(),
          "{}: {} of {} lines behind line {} are no rows of the table ({})", origin,
          layout.between.size(), layout.between.size() + layout.rows.size(),
          layout.rows.front()->number, line_list(layout.between));
  std::vector<const LabLine*> left;
  for (const LabLine* line : layout.between)
    if (!is_comment(line->text)) left.push_back(line);
  if (!left.empty())
    table.notes.push_back(fmt::format("{} left out: no row of {} cells ('{}')", line_list(left),
                                      layout.cells, left.front()->text.substr(0, 40)));
  take_preamble_units(table);
  return table;
}

}  // namespace lightloom::calibration
