#include "core/tables/matrix_market.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "core/letters.hpp"
#include "core/tables/number_text.hpp"
#include "core/tables/row_cells.hpp"

namespace lightloom {
namespace {

enum class Symmetry { general, symmetric, skew, hermitian };

struct Format {
  bool sparse = false, is_complex = false, pattern = false;
  Symmetry symmetry = Symmetry::general;
};

/// Goes through a file word by word.
class MarketReader {
 public:
  MarketReader(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  ComplexMatrix read() {
    const Format format = header();
    const bool sized = next_line();
    const std::size_t wanted = format.sparse ? 3 : 2;
    check(sized && words_.size() == wanted, "the line of sizes must hold {} numbers", wanted);
    const std::int64_t rows = count(words_[0]), columns = count(words_[1]);
    check(rows > 0 && columns > 0, "a matrix of {} x {} is empty", rows, columns);
    check(format.symmetry == Symmetry::general || rows == columns,
          "a symmetric matrix must be square, not {} x {}", rows, columns);
    constexpr std::int64_t most = 4096;
    const auto left = static_cast<std::int64_t>(text_.size());
    // Every number of an array takes two letters of the file, and half of them may be mirrored.
    check(format.sparse
              ? rows <= most && columns <= most
              : rows <= left + 1 && columns <= left + 1 && rows * columns <= left + rows + 1,
          "{} x {} elements are {}", rows, columns,
          format.sparse ? "too many (at most 4096 rows and columns are taken)"
                        : "more than the file can hold (cut off?)");
    matrix_ = {static_cast<int>(rows), static_cast<int>(columns), {}};
    matrix_.values.resize(static_cast<std::size_t>(rows * columns));
    if (format.sparse)
      coordinates(format, count(words_[2]));
    else
      array(format);
    check(!next_line(), "more entries than the line of sizes says");
    return std::move(matrix_);
  }

 private:
  template <class... Arguments>
  void check(bool condition, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!condition)
      throw Error(fmt::format("{}:{}: {} (Matrix Market)", path_, line_,
                              fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  bool take_line(std::string_view& line) {
    if (text_.empty()) return false;
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    ++line_;
    return true;
  }

  /// The words of the next line that has some and is no comment.
  bool next_line() {
    for (std::string_view line; take_line(line);) {
      if (line.starts_with('%')) continue;
      split_row(line, Separator::blank, words_);
      if (!words_.empty()) return true;
    }
    words_.clear();
    return false;
  }

  Format header() {
    std::string_view line;
    take_line(line);
    split_row(line, Separator::blank, words_);
    check(words_.size() == 5 && small_letters(words_[1]) == "matrix",
          "the first line must be '%%MatrixMarket matrix FORMAT FIELD SYMMETRY'");
    const std::string format = small_letters(words_[2]), field = small_letters(words_[3]),
                      symmetry = small_letters(words_[4]);
    check(format == "array" || format == "coordinate", "the format '{}' is not known", format);
    const bool real =
        field == "real" || field == "double" || field == "integer" || field == "unsigned-integer";
    Format found{format == "coordinate", field == "complex", field == "pattern"};
    check(real || found.is_complex || found.pattern, "the field '{}' is not known", field);
    check(!found.pattern || found.sparse, "an array has no pattern");
    if (symmetry == "symmetric")
      found.symmetry = Symmetry::symmetric;
    else if (symmetry == "skew-symmetric")
      found.symmetry = Symmetry::skew;
    else if (symmetry == "hermitian")
      found.symmetry = Symmetry::hermitian;
    else
      check(symmetry == "general", "the symmetry '{}' is not known", symmetry);
    check(found.symmetry != Symmetry::hermitian || found.is_complex,
          "a hermitian matrix has complex entries");
    return found;
  }

  std::int64_t count(std::string_view word) {
    std::int64_t value = -1;
    const auto [stop, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
    check(problem == std::errc{} && stop == word.data() + word.size() && value >= 0 &&
              value < std::int64_t{1} << 31,
          "'{}' is not a count", word);
    return value;
  }

  /// The entry that begins with word `first` of the line.
  std::complex<double> entry(const Format& format, std::size_t first) {
    const std::size_t parts = format.pattern ? 0 : format.is_complex ? 2 : 1;
    check(words_.size() == first + parts, "an entry must have {} numbers, not {}", first + parts,
          words_.size());
    if (format.pattern) return 1;
    double part[2] = {0, 0};
    for (std::size_t k = 0; k < parts; ++k) {
      const auto value = real_number(words_[first + k]);
      check(value.has_value(), "'{}' is not a number", words_[first + k]);
      part[k] = *value;
    }
    return {part[0], part[1]};
  }

  std::complex<double>& at(std::int64_t row, std::int64_t column) {
    return matrix_.values[static_cast<std::size_t>(row * matrix_.columns + column)];
  }

  /// Sets an element and its mirror image.
  void set(const Format& format, std::int64_t row, std::int64_t column,
           std::complex<double> value) {
    if (row == column) {
      check(format.symmetry != Symmetry::skew || value == 0.0,
            "the diagonal of a skew-symmetric matrix must be 0");
      check(format.symmetry != Symmetry::hermitian || value.imag() == 0,
            "the diagonal of a hermitian matrix must be real");
    }
    at(row, column) = value;
    if (row == column || format.symmetry == Symmetry::general) return;
    at(column, row) = format.symmetry == Symmetry::symmetric ? value
                      : format.symmetry == Symmetry::skew    ? -value
                                                             : std::conj(value);
  }

  void coordinates(const Format& format, std::int64_t entries) {
    std::vector<bool> seen(matrix_.values.size());
    for (std::int64_t k = 0; k < entries; ++k) {
      check(next_line(), "the file ends after {} of {} entries", k, entries);
      check(words_.size() >= 2, "an entry begins with its row and column");
      const std::int64_t row = count(words_[0]) - 1, column = count(words_[1]) - 1;
      check(row >= 0 && row < matrix_.rows && column >= 0 && column < matrix_.columns,
            "({}, {}) is outside of {} x {} (rows and columns count from 1)", row + 1, column + 1,
            matrix_.rows, matrix_.columns);
      check(format.symmetry == Symmetry::general || row >= column,
            "({}, {}) is above the diagonal, where a symmetric file says nothing", row + 1,
            column + 1);
      const auto place = static_cast<std::size_t>(row * matrix_.columns + column);
      check(!seen[place], "({}, {}) is given twice", row + 1, column + 1);
      seen[place] = true;
      set(format, row, column, entry(format, 2));
    }
  }

  /// Column by column; of symmetric matrices from the diagonal down, of skew ones from below it.
  void array(const Format& format) {
    for (std::int64_t column = 0; column < matrix_.columns; ++column) {
      std::int64_t row = format.symmetry == Symmetry::general ? 0 : column;
      if (format.symmetry == Symmetry::skew) ++row;
      for (; row < matrix_.rows; ++row) {
        check(next_line(), "the file ends before element ({}, {})", row + 1, column + 1);
        set(format, row, column, entry(format, 0));
      }
    }
  }

  std::string_view text_;
  const std::string& path_;
  int line_ = 0;
  std::vector<std::string_view> words_;
  ComplexMatrix matrix_;
};

}  // namespace

bool is_matrix_market(std::string_view text) {
  constexpr std::string_view start = "%%matrixmarket";
  return text.size() >= start.size() && small_letters(text.substr(0, start.size())) == start;
}

ComplexMatrix read_matrix_market(std::string_view text, const std::string& path) {
  return MarketReader(text, path).read();
}

}  // namespace lightloom
