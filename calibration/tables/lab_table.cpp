#include "calibration/tables/lab_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "calibration/tables/lab_dialect.hpp"
#include "calibration/tables/lab_units.hpp"
#include "calibration/tables/text/moments.hpp"
#include "calibration/tables/united_cells.hpp"
#include "core/error.hpp"
#include "core/letters.hpp"

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

/// Names divided by blanks, their units in brackets behind them: "Wavelength (nm) Power (dBm)";
/// names of several words end with their unit, or two blanks or a tab divide them.
Cells blank_heads(const std::string& text, std::size_t wanted) {
  Cells cells, groups(1);
  for (const std::string& cell : lab_cells(text, {' ', false})) {
    const bool unit = !cells.empty() && (cell.front() == '(' || cell.front() == '[');
    unit ? cells.back().append(" " + cell) : cells.emplace_back(cell);
    groups.back() += (groups.back().empty() ? "" : " ") + cell;
    if (unit) groups.emplace_back();
  }
  if (groups.back().empty()) groups.pop_back();
  if (cells.size() == wanted) return cells;
  if (groups.size() == wanted) return groups;
  cells.clear();
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min({text.find("  ", from), text.find('\t', from), text.size()});
    const std::string cell = text.substr(from, end - from);
    if (cell.find_first_not_of(' ') != std::string::npos)
      cells.push_back(cell.substr(cell.find_first_not_of(' ')));
    from = end + 1;
  }
  return cells;
}

/// LabVIEW names a column of comments that rows leave out.
void drop_comment_column(Cells& cells, std::size_t wanted) {
  if (cells.size() != wanted + 1) return;
  const std::string last = small_letters(cells.back());
  if (last.empty() || last == "comment" || last == "comments" || last == "remark") cells.pop_back();
}

/// The cells of a line above the table, if it can name its columns: divided as the rows are, or, as
/// by numpy.savetxt, in another way.
Cells heads_in(const LabLine& line, const Layout& layout, bool comment) {
  const std::string text = comment ? uncommented(line.text) : line.text;
  Cells cells = lab_cells(text, layout.dialect);
  drop_comment_column(cells, layout.cells);
  if (cells.size() + 1 == layout.cells && line.text.front() == layout.dialect.delimiter)
    cells.insert(cells.begin(), "");
  for (const char other : {'\t', ';', ','}) {
    if (cells.size() == layout.cells) break;
    if (text.find(other) != std::string::npos) cells = lab_cells(text, {other, false});
    drop_comment_column(cells, layout.cells);
  }
  if (cells.size() != layout.cells) cells = blank_heads(text, layout.cells);
  if (cells.size() != layout.cells) return {};
  return std::any_of(cells.begin(), cells.end(), [](const std::string& c) { return !c.empty(); })
             ? cells
             : Cells{};
}

struct Heads {
  Cells names, units;
};

bool holds_text(const LabLine& line, const LabDialect& dialect) {
  const Cells cells = lab_cells(line.text, dialect);
  return std::any_of(cells.begin(), cells.end(), [&](const std::string& cell) {
    return !lab_number(cell, dialect) && !is_missing(cell, dialect) && !is_moment(cell);
  });
}

/// Lines of a preamble look like rows where they hold as many cells ("Samples,2001,2001"): such a
/// few in front, with text in them and lines that are no rows behind them, belong to it.
void return_to_preamble(Layout& layout) {
  constexpr std::size_t most = 20;
  for (std::size_t k = std::min(most, layout.rows.size()); k-- > 0;) {
    if (20 * (k + 1) > layout.rows.size() || !holds_text(*layout.rows[k], layout.dialect) ||
        holds_text(*layout.rows.back(), layout.dialect))
      continue;
    const int last = layout.rows[k]->number;
    const auto gap =
        std::find_if(layout.between.begin(), layout.between.end(), [&](const LabLine* line) {
          return line->number > last && line->number < layout.rows[k + 1]->number;
        });
    if (gap == layout.between.end()) continue;
    const int first_row = layout.rows[k + 1]->number;
    std::vector<const LabLine*> later;
    for (const LabLine* line : layout.between)
      (line->number < first_row ? layout.before : later).push_back(line);
    layout.between = std::move(later);
    layout.before.insert(layout.before.end(), layout.rows.begin(),
                         layout.rows.begin() + static_cast<std::ptrdiff_t>(k) + 1);
    layout.rows.erase(layout.rows.begin(),
                      layout.rows.begin() + static_cast<std::ptrdiff_t>(k) + 1);
    std::sort(layout.before.begin(), layout.before.end(),
              [](const LabLine* a, const LabLine* b) { return a->number < b->number; });
    return;
  }
}

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

/// pandas writes ",0,1" above rows with their numbers in front: no reading.
void drop_numbered_columns(Layout& layout) {
  if (layout.rows.size() < 3) return;
  const Cells cells = lab_cells(layout.rows.front()->text, layout.dialect);
  if (!cells.front().empty() || cells.size() < 3) return;
  for (std::size_t c = 1; c < layout.cells; ++c)
    if (cells[c] != std::to_string(c - 1)) return;
  layout.before.push_back(layout.rows.front());
  layout.rows.erase(layout.rows.begin());
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

/// A column of dates or times of day.
void add_clock(const std::vector<Cells>& rows, std::size_t column, const std::string& name,
               LabTable& table) {
  Cells cells;
  for (const Cells& row : rows) cells.push_back(row[column]);
  if (!is_moment(cells.front())) return;
  const std::string what =
      name.empty() ? table.origin : fmt::format("{}: column '{}'", table.origin, name);
  if (auto seconds = seconds_since_first(cells, what))
    table.clocks.push_back({.name = name, .unit = "s", .values = std::move(*seconds)});
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
      if (text > 0) add_clock(rows, c, heads.names.empty() ? "" : heads.names[c], table);
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
  std::vector<LabLine> lines = lab_lines(bytes, origin);
  require(!lines.empty(), "{}: the file is empty (a table of two columns is needed)", origin);
  if (find_block(lines).rows == 0) lines = without_cell_units(lines);
  Layout layout = layout_of(lines, origin);
  return_to_preamble(layout);
  drop_numbered_columns(layout);
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
    if (!table.named && !layout.before.empty())
      table.notes.push_back(fmt::format(
          "no line above the table names its {} columns: they are taken by their places",
          layout.cells));
  }
  require(table.columns.size() + table.clocks.size() > 1,
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
