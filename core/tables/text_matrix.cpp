#include "core/tables/text_matrix.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include "core/error.hpp"
#include "core/tables/matrix_market.hpp"
#include "core/tables/plain_text.hpp"
#include "core/tables/table_reading.hpp"

namespace lightloom {
namespace {

/// A matrix and the notation in which it was read.
struct Reading {
  ComplexMatrix matrix;
  std::string notation;
};

struct Candidate {
  TableNotation notation;
  const char* words;
  bool by_semicolons = false;  // rows end at semicolons
};

constexpr NumberStyle points{'.', 0}, commas{',', 0}, thousands{'.', ','}, continental{',', '.'};

/// Notations with something visible between columns.
constexpr Candidate visible[] = {
    {{Separator::comma, points}, "commas between columns"},
    {{Separator::comma, commas}, "commas between quoted columns and decimal commas"},
    {{Separator::comma, thousands}, "commas between quoted columns and within thousands"},
    {{Separator::comma_blank, commas}, "comma and blank between columns, decimal commas"},
    {{Separator::semicolon, points}, "semicolons between columns"},
    {{Separator::semicolon, commas}, "semicolons between columns, decimal commas"},
    {{Separator::semicolon, thousands}, "semicolons between columns, commas within thousands"},
    {{Separator::semicolon, continental}, "semicolons between columns, points within thousands"},
    {{Separator::tab, points}, "tabs between columns"},
    {{Separator::tab, commas}, "tabs between columns, decimal commas"},
    {{Separator::tab, thousands}, "tabs between columns, commas within thousands"},
    {{Separator::tab, continental}, "tabs between columns, points within thousands"},
    {{Separator::comma, points}, "semicolons between rows, commas between columns", true},
    {{Separator::blank, points}, "semicolons between rows, blanks between columns", true}};

/// Notations with blanks between columns.
constexpr Candidate blanks[] = {
    {{Separator::blank, points}, "blanks between columns"},
    {{Separator::blank_joined, points}, "blanks between columns and in front of imaginary parts"},
    {{Separator::blank, commas}, "blanks between columns, decimal commas"},
    {{Separator::blank_joined, commas},
     "blanks between columns and in front of imaginary parts, decimal commas"},
    {{Separator::blank, thousands}, "blanks between columns, commas within thousands"}};

char letter_of(Separator separator) {
  switch (separator) {
    case Separator::comma:
    case Separator::comma_blank:
      return ',';
    case Separator::semicolon:
      return ';';
    case Separator::tab:
      return '\t';
    default:
      return ' ';
  }
}

bool same(const ComplexMatrix& a, const ComplexMatrix& b) {
  return a.rows == b.rows && a.columns == b.columns && a.values == b.values;
}

/// Rows that end at semicolons as rows of their own; empty where there are none.
std::vector<MatrixRow> at_semicolons(const std::vector<MatrixRow>& rows) {
  std::vector<MatrixRow> divided;
  const bool one_line = rows.size() == 1;
  for (const MatrixRow& row : rows) {
    std::string_view text = row.text;
    const bool last = &row == &rows.back();
    if (!one_line && !last && !text.ends_with(';')) return {};
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(';'), text.size());
      if (!one_line && end + 1 < text.size()) return {};
      divided.push_back({row.line, std::string(text.substr(0, end))});
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  const bool any = one_line ? divided.size() > 1 : true;
  return any && rows.back().text.find_first_not_of(" ;") != std::string::npos
             ? divided
             : std::vector<MatrixRow>{};
}

/// Collects what the notations make of rows.
class Readings {
 public:
  explicit Readings(const MatrixRows& rows) : rows_(rows), divided_(at_semicolons(rows.rows)) {}

  void try_all(std::span<const Candidate> candidates) {
    for (const Candidate& candidate : candidates) {
      const bool is_asked =
          rows_.separator == 0 || letter_of(candidate.notation.separator) == rows_.separator;
      if (is_asked) try_one(candidate);
    }
  }
  [[nodiscard]] const std::vector<Reading>& found() const { return found_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void try_one(const Candidate& candidate) {
    const std::vector<MatrixRow>& rows = candidate.by_semicolons ? divided_ : rows_.rows;
    if (rows.empty() || !separates(candidate, rows)) return;
    TableReading reading = read_table(rows, candidate.notation);
    if (reading.matrices.empty()) {
      if (!reading.problem.empty() && (problem_.empty() || reading.cells > furthest_)) {
        problem_ = reading.problem;
        furthest_ = reading.cells;
      }
      return;
    }
    for (TableMatrix& matrix : reading.matrices) {
      const std::string words = matrix.border.empty()
                                    ? candidate.words
                                    : fmt::format("{}, {}", candidate.words, matrix.border);
      keep({std::move(matrix.matrix), words});
    }
  }

  /// Whether the notation's marks are there: else it is another notation's reading.
  static bool separates(const Candidate& candidate, const std::vector<MatrixRow>& rows) {
    const Separator separator = candidate.notation.separator;
    const char letter = letter_of(separator);
    const auto holds = [&](char wanted) {
      return std::any_of(rows.begin(), rows.end(), [&](const MatrixRow& row) {
        return row.text.find(wanted) != std::string::npos;
      });
    };
    const NumberStyle& style = candidate.notation.style;
    const bool visible_letter = letter == ' ' || candidate.by_semicolons || holds(letter);
    if (!visible_letter) return false;
    if (separator == Separator::comma && (style.decimal == ',' || style.group == ','))
      return holds('"') || holds('\'');
    if (style.group == '.') return holds(',') && holds('.');
    return (style.decimal != ',' && style.group != ',') || holds(',');
  }

  void keep(Reading reading) {
    const bool known = std::any_of(found_.begin(), found_.end(), [&](const Reading& other) {
      return same(other.matrix, reading.matrix);
    });
    if (!known) found_.push_back(std::move(reading));
  }

  const MatrixRows& rows_;
  std::vector<MatrixRow> divided_;
  std::vector<Reading> found_;
  std::string problem_;
  std::size_t furthest_ = 0;
};

std::string shown(const Reading& reading) {
  const auto number = [](std::complex<double> value) {
    return value.imag() == 0 ? fmt::format("{:g}", value.real())
                             : fmt::format("{:g}{:+g}j", value.real(), value.imag());
  };
  std::string numbers;
  const auto columns = static_cast<std::size_t>(reading.matrix.columns);
  for (std::size_t c = 0; c < std::min<std::size_t>(columns, 3); ++c)
    numbers += (c == 0 ? "" : ", ") + number(reading.matrix.values[c]);
  return fmt::format("with {} it is {} x {}, beginning {}{}", reading.notation, reading.matrix.rows,
                     reading.matrix.columns, numbers, columns > 3 ? ", ..." : "");
}

/// NumPy prints `0. +0.8j`: where one cell shows both parts together and all do when joined, blanks
/// in front of signs are inside of numbers.
bool joined_is_meant(const MatrixRows& rows) {
  std::vector<std::string_view> cells;
  const auto both_parts = [](std::string_view cell) {
    const std::size_t sign = cell.find_last_of("+-");
    return sign != cell.npos && sign > 0 && (cell.back() == 'j' || cell.back() == 'i') &&
           cell[sign - 1] != 'e' && cell[sign - 1] != 'E';
  };
  bool all = true, any = false;
  for (const MatrixRow& row : rows.rows) {
    split_row(row.text, Separator::blank_joined, cells);
    for (const std::string_view cell : cells) all = all && both_parts(cell);
    split_row(row.text, Separator::blank, cells);
    for (const std::string_view cell : cells)
      any = any || (both_parts(cell) && cell.find(' ') == cell.npos);
  }
  return all && any;
}

/// Integers, two a line, whose second ones look like the digits behind a decimal comma.
std::optional<Reading> one_column(const MatrixRows& rows) {
  Reading reading{.matrix = {.rows = 0, .columns = 1, .values = {}},
                  .notation = "decimal commas in one column"};
  bool fractions = false;
  for (const MatrixRow& row : rows.rows) {
    const std::string_view text = row.text;
    const std::size_t comma = text.find(',');
    const auto value = complex_number(text, commas);
    if (comma == text.npos || text.find_first_not_of("+-0123456789,") != text.npos || !value)
      return std::nullopt;
    const std::string_view behind = text.substr(comma + 1);
    fractions = fractions || behind.size() > 2 || (behind.size() == 2 && behind[0] == '0');
    reading.matrix.values.push_back(*value);
    ++reading.matrix.rows;
  }
  return fractions ? std::optional(std::move(reading)) : std::nullopt;
}

/// Blocks of equal height between blank lines may be matrices of their own.
void refuse_blocks(const MatrixRows& rows, const ComplexMatrix& matrix, const std::string& path) {
  const auto& blocks = rows.blocks;
  if (blocks.size() < 2) return;  // rows in brackets have none
  const bool several =
      blocks.front() > 1 && std::all_of(blocks.begin(), blocks.end(),
                                        [&](int height) { return height == blocks.front(); });
  require(
      !several,
      "{}: can be read as one matrix of {} x {} or as {} of {} x {} (blank lines divide it; take "
      "them out, or give one matrix a file)",
      path, matrix.rows, matrix.columns, blocks.size(), blocks.front(), matrix.columns);
}

ComplexMatrix chosen(const MatrixRows& rows, const std::string& path) {
  Readings readings(rows);
  readings.try_all(visible);
  if (readings.found().empty()) {
    const bool joined = joined_is_meant(rows);
    readings.try_all(joined ? std::span(blanks).subspan(1, 1) : std::span(blanks));
  }
  std::vector<Reading> found = readings.found();
  require(!found.empty(), "{}:{}", path,
          readings.problem().empty() ? " holds no matrix" : readings.problem());
  if (found.size() == 1 && found[0].matrix.columns == 2)
    if (auto other = one_column(rows)) found.push_back(std::move(*other));
  require(found.size() == 1,
          "{}: can be read in two ways: {}; {} (write it so that one is left: points as decimal "
          "marks, no header, semicolons or tabs between columns)",
          path, shown(found[0]), found.size() > 1 ? shown(found[1]) : "");
  return std::move(found[0].matrix);
}

}  // namespace

ComplexMatrix text_matrix(const std::string& bytes, const std::string& path) {
  const std::string text = plain_text(bytes, path);
  if (is_matrix_market(text)) return read_matrix_market(text, path);
  const MatrixRows rows = matrix_rows(text, path);
  require(!rows.rows.empty(), "{}: holds no matrix", path);
  ComplexMatrix matrix = chosen(rows, path);
  refuse_blocks(rows, matrix, path);
  for (std::complex<double>& value : matrix.values) value *= rows.factor;
  return matrix;
}

}  // namespace lightloom
