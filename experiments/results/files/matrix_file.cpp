#include "experiments/results/files/matrix_file.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/csv.hpp"
#include "core/files/hdf5_matrix.hpp"
#include "core/files/labelled.hpp"
#include "core/files/npy.hpp"

namespace lightloom::experiments {
namespace {

using photonic::Complex;

constexpr std::int64_t most_elements = std::int64_t{1} << 26;

ComplexMatrix read_numpy(const std::string& path) {
  const NpyArray array = read_npy(path);
  require(array.shape.size() == 2 && array.count() > 0,
          "{}: a matrix has two axes, this array has the shape ({})", path,
          fmt::join(array.shape, ", "));
  require(array.shape[0] <= most_elements && array.shape[1] <= most_elements &&
              array.count() <= most_elements,
          "{}: {} x {} elements are too many", path, array.shape[0], array.shape[1]);
  const std::int64_t rows = array.shape[0], columns = array.shape[1];
  ComplexMatrix matrix{.rows = static_cast<int>(rows),
                       .columns = static_cast<int>(columns),
                       .values = std::vector<Complex>(static_cast<std::size_t>(array.count()))};
  for (std::int64_t i = 0; i < array.count(); ++i) {
    const std::int64_t to = array.columns_first ? i % rows * columns + i / rows : i;
    matrix.values[static_cast<std::size_t>(to)] = {array.real(i), array.imaginary(i)};
  }
  return matrix;
}

/// Where the imaginary part of `text` begins: at its last sign that is not an exponent's, or at the
/// `+` of `+-`, as NumPy used to write it; 0 if it has no other part.
std::size_t imaginary_begins(std::string_view text) {
  std::size_t at = text.size();
  while (at-- > 1)
    if ((text[at] == '+' || text[at] == '-') && text[at - 1] != 'e' && text[at - 1] != 'E')
      return at - (text[at] == '-' && at > 1 && text[at - 1] == '+' ? 1 : 0);
  return 0;
}

/// A real, imaginary or complex number as Python writes it: 1, -2.5e-3, 1j, 0.5-1.25j, in brackets
/// or not.
std::optional<Complex> parse_complex(std::string_view text) {
  if (text.size() > 2 && text.front() == '(' && text.back() == ')')
    text = text.substr(1, text.size() - 2);
  if (const auto real = csv_number(text)) return Complex(*real, 0);
  if (!text.ends_with('j') && !text.ends_with('i')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t at = imaginary_begins(text);
  const auto real = at > 0 ? csv_number(text.substr(0, at)) : 0.0;
  const auto imaginary = csv_number(text.substr(text.substr(at).starts_with("+-") ? at + 1 : at));
  if (!real || !imaginary) return std::nullopt;
  return Complex(*real, *imaginary);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.push_back(trimmed(text.substr(at, end - at)));
    at = end;
  }
  return parts;
}

/// The numbers of a line, without its comment: between commas; where it has none, between
/// semicolons; where it has none either, between blanks. In a line with several kinds some cell is
/// no number, so that a decimal comma is never taken for a separator.
std::vector<std::string_view> words_of(const CsvLine& line) {
  std::vector<std::string_view> words;
  for (const std::string_view cell : line.cells) {
    const std::size_t comment = cell.find('#');
    if (comment != 0) words.push_back(trimmed(cell.substr(0, comment)));
    if (comment != cell.npos) break;
  }
  if (words.size() != 1) return words;
  const std::string_view row = words.front();
  return split(row, row.find(';') == row.npos ? " \t" : ";");
}

ComplexMatrix read_text(const std::string& path) {
  const std::string text = read_file(path, "matrix file");
  require(text.find('\0') == text.npos, "{}: is no plain text (save it in UTF-8)", path);
  require(text.find('\r') == text.npos || text.find('\n') != text.npos,
          "{}: ends its lines with carriage returns alone (save it with line feeds)", path);
  ComplexMatrix matrix;
  for (const CsvLine& line : csv_lines(text)) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.empty()) continue;
    for (const std::string_view word : words) {
      const auto value = parse_complex(word);
      require(value.has_value(),
              "{}:{}: '{}' is not a number (write 1.5, -2e-3 or 0.5-1.25j, all separated by commas "
              "or all by blanks)",
              path, line.number, word);
      matrix.values.push_back(*value);
    }
    const int columns = static_cast<int>(words.size());
    require(matrix.rows == 0 || columns == matrix.columns,
            "{}:{}: {} columns, but the rows before have {}", path, line.number, columns,
            matrix.columns);
    matrix.columns = columns;
    ++matrix.rows;
  }
  require(matrix.rows > 0, "{}: holds no matrix", path);
  return matrix;
}

std::string numpy_bytes(const ComplexMatrix& matrix) {
  const std::int64_t shape[] = {matrix.rows, matrix.columns};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(matrix.values.data());
  return npy_bytes("<c16", shape, {bytes, matrix.values.size() * sizeof(Complex)});
}

std::string text_bytes(const ComplexMatrix& matrix) {
  std::string text;
  for (std::size_t i = 0; i < matrix.values.size(); ++i) {
    const bool last = (i + 1) % static_cast<std::size_t>(matrix.columns) == 0;
    text += fmt::format("{:.17g}{:+.17g}j{}", matrix.values[i].real(), matrix.values[i].imag(),
                        last ? '\n' : ',');
  }
  return text;
}

void write_hdf5(const std::string& path, const ComplexMatrix& matrix) {
  const auto numbers = [](int count) {
    std::vector<std::int64_t> list(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = static_cast<std::int64_t>(i);
    return list;
  };
  Labelled data;
  data.add_axis({"row", numbers(matrix.rows), "1", "output"});
  data.add_axis({"input", numbers(matrix.columns), "1", "input"});
  std::vector<double> real, imaginary;
  for (const Complex& value : matrix.values) {
    real.push_back(value.real());
    imaginary.push_back(value.imag());
  }
  data.add({"real", {"row", "input"}, real, "1", "real part"});
  data.add({"imaginary", {"row", "input"}, imaginary, "1", "imaginary part"});
  write_labelled(path, data);
}

bool is_hdf5(const std::string& path) { return path.ends_with(".h5") || path.ends_with(".hdf5"); }

}  // namespace

void write_matrix(const std::string& path, const ComplexMatrix& matrix) {
  if (is_hdf5(path)) return write_hdf5(path, matrix);
  write_file(path, path.ends_with(".npy") ? numpy_bytes(matrix) : text_bytes(matrix));
}

ComplexMatrix read_matrix(const std::string& path) {
  std::error_code ignored;
  require(std::filesystem::exists(path, ignored), "matrix file '{}' does not exist", path);
  ComplexMatrix matrix = path.ends_with(".npy") ? read_numpy(path)
                         : is_hdf5(path)        ? read_hdf5_matrix(path)
                                                : read_text(path);
  for (std::size_t i = 0; i < matrix.values.size(); ++i)
    require(std::isfinite(matrix.values[i].real()) && std::isfinite(matrix.values[i].imag()),
            "{}: element ({}, {}) is not a finite number", path,
            i / static_cast<std::size_t>(matrix.columns),
            i % static_cast<std::size_t>(matrix.columns));
  return matrix;
}

}  // namespace lightloom::experiments
