#include "core/tables/table_cells.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom {
namespace {

bool is_missing(const std::string& word) {
  constexpr std::array<std::string_view, 12> words{"nan", "na",  "n/a",      "null", "none", "-",
                                                   "--",  "inf", "infinity", "?",    "nil",  "err"};
  const std::string_view bare = word.starts_with('+') || (word.starts_with('-') && word.size() > 2)
                                    ? std::string_view(word).substr(1)
                                    : std::string_view(word);
  return std::find(words.begin(), words.end(), bare) != words.end();
}

bool is_word(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  return std::isalpha(first) != 0 || first == '_' || first >= 0x80;
}

/// Whether a cell is a number where the decimal mark is the other one: then it is no word.
bool is_foreign_number(std::string_view cell, const NumberStyle& style) {
  return complex_number(cell, {style.decimal == '.' ? ',' : '.', 0}).has_value();
}

CellKind kind_of(std::string_view cell, const std::optional<std::complex<double>>& value,
                 const NumberStyle& style) {
  if (cell.empty()) return CellKind::empty;
  if (value) {
    const bool signed_unit = cell.size() > 1 && (cell[0] == '+' || cell[0] == '-');
    if (std::isalpha(static_cast<unsigned char>(cell[0])) != 0 && cell.size() <= 2)
      return CellKind::unit;
    const std::string_view digits = cell.substr(signed_unit ? 1 : 0);
    const bool whole = std::all_of(digits.begin(), digits.end(), [](char letter) {
      return std::isdigit(static_cast<unsigned char>(letter)) != 0;
    });
    if (whole) return CellKind::whole;
    const bool round = value->imag() == 0 && value->real() == std::round(value->real());
    return round ? CellKind::whole_with_point : CellKind::other;
  }
  const std::string word = small_letters(cell);
  if (is_missing(word)) return CellKind::missing;
  return is_word(cell) && !is_foreign_number(cell, style) ? CellKind::word : CellKind::wrong;
}

std::optional<std::complex<double>> value_of(std::string_view cell, const NumberStyle& style) {
  if (const auto number = complex_number(cell, style)) return number;
  if (cell.size() > 5 || cell.size() < 4) return std::nullopt;
  const std::string word = small_letters(cell);
  if (word == "true") return 1.0;
  return word == "false" ? std::optional<std::complex<double>>(0.0) : std::nullopt;
}

std::string named(CellKind kind, std::string_view cell, std::size_t column) {
  if (kind == CellKind::empty)
    return fmt::format("column {} is empty (a number is missing)", column);
  if (kind == CellKind::missing) return fmt::format("'{}' is not a finite number", cell);
  return fmt::format(
      "'{}' is not a number (write 1.5, -2e-3 or 0.5-1.25j, all separated by commas, semicolons "
      "or tabs, or all by blanks)",
      cell);
}

}  // namespace

TableCells table_cells(const std::vector<MatrixRow>& rows, const TableNotation& notation) {
  TableCells table;
  std::vector<std::string_view> cells;
  bool numbers = false;  // some row had some
  for (const MatrixRow& row : rows) {
    split_row(row.text, notation.separator, cells);
    std::size_t found = 0;
    std::optional<std::size_t> bad;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const auto value = value_of(cells[c], notation.style);
      const CellKind kind = kind_of(cells[c], value, notation.style);
      table.kinds.push_back(kind);
      table.values.push_back(value.value_or(0.0));
      if (is_number(kind) && kind != CellKind::unit) ++found;
      const bool at_border = c == 0 || c + 1 == cells.size();
      const bool is_bad = kind == CellKind::wrong || kind == CellKind::missing ||
                          (kind == CellKind::word && c > 0 && (numbers || found > 0)) ||
                          (kind == CellKind::empty && !at_border);
      if (is_bad && !bad) bad = c;
    }
    if (bad) {
      table.problem = fmt::format(
          "{}: {}", row.line, named(table.kinds[table.start.back() + *bad], cells[*bad], *bad + 1));
      table.kinds.resize(table.start.back() + *bad);
      return table;
    }
    numbers = numbers || found > 0;
    if (!numbers) {
      table.header.assign(cells.size(), "");
      std::transform(cells.begin(), cells.end(), table.header.begin(), small_letters);
    }
    table.lines.push_back(row.line);
    table.start.push_back(table.kinds.size());
  }
  return table;
}

}  // namespace lightloom
