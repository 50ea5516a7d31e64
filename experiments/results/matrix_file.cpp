#include "experiments/results/matrix_file.hpp"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <sstream>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
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

/// A real, imaginary or complex number as Python writes it: 1, -2.5e-3, 1j, 0.5-1.25j, in brackets
/// or not.
std::optional<Complex> parse_complex(std::string text) {
  if (text.size() > 2 && text.front() == '(' && text.back() == ')')
    text = text.substr(1, text.size() - 2);
  const auto number = [](const char* begin, const char* end, double& value) {
    if (begin != end && *begin == '+') ++begin;
    return std::from_chars(begin, end, value);
  };
  const char* end = text.data() + text.size();
  double first = 0, second = 0;
  const auto [stop, problem] = number(text.data(), end, first);
  if (problem != std::errc{} || text.empty()) return std::nullopt;
  if (stop == end) return Complex(first, 0);
  const auto is_unit = [&](const char* at) { return at + 1 == end && (*at == 'j' || *at == 'i'); };
  if (is_unit(stop)) return Complex(0, first);
  if (*stop != '+' && *stop != '-') return std::nullopt;
  const auto [last, problem2] = number(stop, end, second);
  if (problem2 != std::errc{} || !is_unit(last)) return std::nullopt;
  return Complex(first, second);
}

ComplexMatrix read_text(const std::string& path) {
  std::istringstream lines(read_file(path, "matrix file"));
  ComplexMatrix matrix;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    for (char& letter : line)
      if (letter == ',' || letter == ';' || letter == '\t' || letter == '\r') letter = ' ';
    std::istringstream words(line);
    std::string word;
    int columns = 0;
    while (words >> word && word.front() != '#') {
      const auto value = parse_complex(word);
      require(value.has_value(), "{}:{}: '{}' is not a number", path, number, word);
      matrix.values.push_back(*value);
      ++columns;
    }
    if (columns == 0) continue;
    require(matrix.rows == 0 || columns == matrix.columns,
            "{}:{}: {} columns, but the rows before have {}", path, number, columns,
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
