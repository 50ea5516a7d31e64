#include "core/tables/table_reading.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "core/error.hpp"
#include "core/tables/table_cells.hpp"

namespace lightloom {
namespace {

/// The part of the cells that is the matrix.
struct MatrixPart {
  std::size_t first_row = 0, first_column = 0, columns = 0;
};

bool every(const TableCells& table, std::size_t row, bool (*wanted)(CellKind)) {
  for (std::size_t c = 0; c < table.width(row); ++c)
    if (!wanted(table.kind(row, c))) return false;
  return true;
}

/// Rows of words in front of the first with numbers.
std::size_t header_rows(const TableCells& table) {
  std::size_t row = 0;
  const auto in_header = [](CellKind kind) {
    return kind == CellKind::word || kind == CellKind::empty || kind == CellKind::unit;
  };
  const auto has_word = [&] {
    for (std::size_t c = 0; c < table.width(row); ++c)
      if (table.kind(row, c) == CellKind::word) return true;
    return false;
  };
  while (row < table.rows() && every(table, row, in_header) && has_word()) ++row;
  return row;
}

/// Whether the cells of row `row` behind `from` count 0, 1, ...
bool counts_columns(const TableCells& table, std::size_t row, std::size_t from) {
  for (std::size_t c = from; c < table.width(row); ++c)
    if (table.kind(row, c) != CellKind::whole ||
        table.value(row, c) != static_cast<double>(c - from))
      return false;
  return table.width(row) > from + 1;
}

/// Whether the first cells of the rows from `from` on count from 0 or from 1, or are all names.
bool names_rows(const TableCells& table, std::size_t from) {
  const auto count_from = [&](double begin) {
    for (std::size_t r = from; r < table.rows(); ++r)
      if (table.kind(r, 0) != CellKind::whole ||
          table.value(r, 0) != begin + static_cast<double>(r - from))
        return false;
    return true;
  };
  const auto all_words = [&] {
    for (std::size_t r = from; r < table.rows(); ++r)
      if (table.kind(r, 0) != CellKind::word) return false;
    return true;
  };
  return from < table.rows() && (count_from(0) || count_from(1) || all_words());
}

bool is_index_name(const std::string& word) {
  return word == "index" || word == "id" || word == "row" || word == "rows" || word == "unnamed: 0";
}

/// Whether a name holds one of some words by itself: "u0 (real)", "abs_3", "re1".
bool holds_word(const std::string& name, std::initializer_list<std::string_view> words) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
  for (std::size_t from = name.find_first_of(letters); from != std::string::npos;) {
    const std::size_t to = std::min(name.find_first_not_of(letters, from), name.size());
    const std::string_view word = std::string_view(name).substr(from, to - from);
    if (std::find(words.begin(), words.end(), word) != words.end()) return true;
    from = name.find_first_of(letters, to);
  }
  return false;
}

/// Whether columns, perhaps behind one of names, are half of one kind and half of the other.
template <class One, class Other>
bool halves(const std::vector<std::string>& header, const One& one, const Other& other) {
  const std::size_t first = header.size() % 2;
  std::size_t ones = 0, others = 0;
  for (std::size_t c = first; c < header.size(); ++c) {
    ones += one(header[c]) ? 1U : 0U;
    others += other(header[c]) ? 1U : 0U;
  }
  return ones > 0 && ones == others && ones + others == header.size() - first;
}

/// What columns are named as that are no columns of a matrix; "" for nothing of the kind.
std::string named_otherwise(const std::vector<std::string>& header) {
  const auto real = [](const std::string& name) {
    return name.starts_with("re") || holds_word(name, {"re", "real"});
  };
  const auto imaginary = [](const std::string& name) {
    return name.starts_with("im") || holds_word(name, {"im", "imag", "imaginary"});
  };
  const auto size = [](const std::string& name) {
    return holds_word(name, {"abs", "mag", "magnitude", "modulus", "amp", "amplitude"});
  };
  const auto phase = [](const std::string& name) {
    return holds_word(name, {"phase", "arg", "angle"});
  };
  if (halves(header, real, imaginary))
    return "real and imaginary parts (write complex numbers, 0.5-1.25j, one a column)";
  if (halves(header, size, phase))
    return "sizes and phases (write complex numbers, 0.5-1.25j, one a column)";
  const bool places = (header.size() == 3 || header.size() == 4) &&
                      ((header[0] == "row" && holds_word(header[1], {"col", "column"})) ||
                       (header[0] == "i" && header[1] == "j" && header[2] != "k"));
  return places ? "rows, columns and values (write one row of the matrix a line, or MatrixMarket)"
                : "";
}

/// Whether the first row is of bare units, which may be names, and nothing else is imaginary.
bool may_be_names(const TableCells& table) {
  const auto unit = [](CellKind kind) { return kind == CellKind::unit; };
  if (table.rows() < 2 || !every(table, 0, unit)) return false;
  return std::all_of(table.values.begin() + static_cast<std::ptrdiff_t>(table.start[1]),
                     table.values.end(), [](auto value) { return value.imag() == 0; });
}

/// How whole numbers are written within a part: 3, or 3.0.
struct WholeNumbers {
  bool bare = false, with_point = false;
};
WholeNumbers whole_numbers(const TableCells& table, const MatrixPart& part) {
  WholeNumbers found;
  for (std::size_t r = part.first_row; r < table.rows(); ++r) {
    for (std::size_t c = part.first_column; c < part.columns; ++c) {
      found.bare = found.bare || table.kind(r, c) == CellKind::whole;
      found.with_point = found.with_point || table.kind(r, c) == CellKind::whole_with_point;
    }
  }
  return found;
}

/// Whether what counts rows or columns is no part of the matrix `inside` of it.
enum class Border { data, label, unknown };
Border border(const TableCells& table, const MatrixPart& inside, std::size_t rows_with) {
  const WholeNumbers whole = whole_numbers(table, inside);
  const std::size_t rows = table.rows() - inside.first_row,
                    columns = inside.columns - inside.first_column;
  if (whole.bare && whole.with_point) return Border::data;
  if (whole.with_point) return Border::label;
  if (!whole.bare) return Border::unknown;
  // Whole numbers throughout: a square with them, or none either way, is the matrix.
  return rows == columns && rows_with != inside.columns ? Border::unknown : Border::data;
}

std::string checked(const TableCells& table, const MatrixPart& part) {
  if (part.first_row >= table.rows() || part.first_column >= part.columns)
    return fmt::format("{}: holds no numbers",
                       table.lines[std::min(part.first_row, table.rows() - 1)]);
  for (std::size_t r = part.first_row; r < table.rows(); ++r) {
    const int line = table.lines[r];
    const std::size_t columns = std::min(part.columns, table.width(r));
    for (std::size_t c = part.first_column; c < columns; ++c) {
      if (table.kind(r, c) == CellKind::empty)
        return fmt::format("{}: column {} is empty (a number is missing)", line, c + 1);
      if (!is_number(table.kind(r, c)))
        return fmt::format("{}: column {} holds a word among numbers", line, c + 1);
    }
    if (table.width(r) != part.columns)
      return fmt::format("{}: {} columns, but the rows before have {}", line, table.width(r),
                         part.columns);
  }
  return {};
}

ComplexMatrix cut(const TableCells& table, const MatrixPart& part) {
  ComplexMatrix matrix{.rows = static_cast<int>(table.rows() - part.first_row),
                       .columns = static_cast<int>(part.columns - part.first_column),
                       .values = {}};
  for (std::size_t r = part.first_row; r < table.rows(); ++r)
    for (std::size_t c = part.first_column; c < part.columns; ++c)
      matrix.values.push_back(table.value(r, c));
  return matrix;
}

/// Takes empty cells off the ends of rows: a separator behind every row, or behind rows that have
/// one cell more than others.
void drop_empty_ends(TableCells& table) {
  const auto ends_empty = [&](std::size_t r) {
    return table.width(r) > 1 && table.kind(r, table.width(r) - 1) == CellKind::empty;
  };
  bool all = true;
  std::size_t narrowest = table.rows() == 0 ? 0 : table.width(0);
  for (std::size_t r = 0; r < table.rows(); ++r) {
    all = all && ends_empty(r);
    narrowest = std::min(narrowest, table.width(r));
  }
  std::size_t to = 0;
  std::vector<std::size_t> start{0};
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const bool drop = ends_empty(r) && (all || table.width(r) == narrowest + 1);
    for (std::size_t k = table.start[r]; k + (drop ? 1 : 0) < table.start[r + 1]; ++k, ++to) {
      table.kinds[to] = table.kinds[k];
      table.values[to] = table.values[k];
    }
    start.push_back(to);
  }
  table.start = std::move(start);
}

/// Finds the matrix among headers and row names.
class Borders {
 public:
  explicit Borders(const TableCells& table) : table_(table) {}

  TableReading read() {
    const std::size_t headers = header_rows(table_);
    if (headers == table_.rows())
      return {{}, fmt::format("{}: names, and no numbers behind them", table_.lines[0]), 0};
    const std::string otherwise = headers > 0 ? named_otherwise(table_.header) : "";
    if (!otherwise.empty())
      return {{},
              fmt::format("{}: the columns are named as {}", table_.lines[headers - 1], otherwise),
              0};
    const std::size_t width = table_.width(headers);
    MatrixPart part{headers, 0, width};
    // Names of the columns with an empty corner, or one fewer than columns: the first holds names.
    const bool corner = headers > 0 && (table_.kind(headers - 1, 0) == CellKind::empty ||
                                        table_.width(headers - 1) + 1 == width);
    const bool many = headers > 0 || table_.rows() > 1;
    const bool worded = width > 1 && ((many && table_.kind(headers, 0) == CellKind::word) ||
                                      (headers > 0 && is_index_name(table_.header.front())));
    if ((corner || worded) && names_rows(table_, headers)) {
      part.first_column = 1;
      return one(part, "without the row names");
    }
    const bool shorter = headers == 0 && table_.rows() > 1 && width + 1 == table_.width(1);
    if (shorter && counts_columns(table_, 0, 0) && names_rows(table_, 1))
      return one({1, 1, width + 1}, "without the numbers of rows and columns");
    if (headers == 0 && table_.kind(0, 0) == CellKind::empty && counts_columns(table_, 0, 1) &&
        names_rows(table_, 1))
      return one({1, 1, width}, "without the numbers of rows and columns");
    return by_counts(part);
  }

 private:
  [[nodiscard]] TableReading one(const MatrixPart& part, const std::string& words) const {
    const std::string problem = checked(table_, part);
    if (!problem.empty()) return {{}, problem, part.first_row * part.columns};
    return {{{cut(table_, part), words}}, {}, 0};
  }

  /// Numbers that count the columns or the rows.
  [[nodiscard]] TableReading by_counts(const MatrixPart& all) const {
    TableReading whole = one(all, "");
    if (whole.matrices.empty()) return whole;
    const std::size_t rows = table_.rows() - all.first_row;
    MatrixPart inside = all;
    std::string words;
    if (all.first_row == 0 && may_be_names(table_)) {
      inside.first_row = 1;
      whole.matrices.push_back({cut(table_, inside), "with the first row as names"});
      return whole;
    }
    if (all.first_row == 0 && rows > 1 && counts_columns(table_, 0, 0)) {
      inside.first_row = 1;
      words = "without the first row, which counts the columns";
    } else if (rows > 1 && all.columns > 1 && names_rows(table_, all.first_row)) {
      inside.first_column = 1;
      words = "without the first column, which counts the rows";
    }
    if (words.empty()) return whole;
    const Border found = inside.first_row > all.first_row ? border(table_, inside, rows)
                                                          : border_of_column(inside, rows);
    if (found == Border::data) return whole;
    if (found == Border::label) return one(inside, words);
    whole.matrices.push_back({cut(table_, inside), words});
    return whole;
  }

  /// A column that counts is one of names only beside numbers with fractions.
  [[nodiscard]] Border border_of_column(const MatrixPart& inside, std::size_t rows) const {
    const WholeNumbers whole = whole_numbers(table_, inside);
    if (whole.bare) return Border::data;
    return border(table_, inside, rows);
  }

  const TableCells& table_;
};

}  // namespace

TableReading read_table(const std::vector<MatrixRow>& rows, const TableNotation& notation) {
  TableCells table = table_cells(rows, notation);
  // A decimal comma is one beside something else that separates; alone, it separates.
  const bool comma_within = notation.style.decimal == ',' || notation.style.group == ',';
  if (comma_within && table.rows() > 0 && table.width(0) < 2) return {{}, {}, 0};
  const auto numbers = std::count_if(table.kinds.begin(), table.kinds.end(), is_number);
  if (!table.problem.empty()) return {{}, table.problem, static_cast<std::size_t>(numbers)};
  for (std::size_t r = 0; r < table.rows(); ++r)  // empty brackets
    if (table.width(r) == 0)
      return {{}, fmt::format("{}: a row holds no numbers", table.lines[r]), table.start[r]};
  drop_empty_ends(table);
  TableReading reading = Borders(table).read();
  reading.cells = static_cast<std::size_t>(numbers);
  return reading;
}

}  // namespace lightloom
