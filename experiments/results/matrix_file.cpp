#include "experiments/results/matrix_file.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "core/error.hpp"
#include "core/files/hdf5_matrix.hpp"
#include "core/files/labelled.hpp"

namespace lightloom::experiments {
namespace {

using photonic::Complex;

constexpr std::size_t most_bytes = std::size_t{1} << 30;
constexpr std::int64_t most_elements = std::int64_t{1} << 26;
static_assert(std::endian::native == std::endian::little);

std::string read_bytes(const std::string& path) {
  std::error_code problem;
  require(std::filesystem::is_regular_file(path, problem), "matrix file '{}' does not exist", path);
  require(std::filesystem::file_size(path, problem) <= most_bytes,
          "matrix file '{}' is larger than 1 GiB", path);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  require(file.good(), "matrix file '{}' cannot be read", path);
  return std::move(all).str();
}

/// What follows `key` in the Python dictionary of a NumPy header, up to the end of the value.
std::string header_value(const std::string& header, const std::string& key,
                         const std::string& path) {
  const std::size_t at = header.find("'" + key + "':");
  require(at != std::string::npos, "{}: the NumPy header has no '{}'", path, key);
  const std::size_t start = header.find_first_not_of(' ', at + key.size() + 3);
  require(start != std::string::npos, "{}: the NumPy header is cut off", path);
  const char closing = header[start] == '(' ? ')' : header[start] == '\'' ? '\'' : ',';
  const std::size_t end = header.find(closing, start + 1);
  require(end != std::string::npos, "{}: the NumPy header is cut off", path);
  return header.substr(start, end - start + (closing == ',' ? 0 : 1));
}

struct Shape {
  int rows = 0, columns = 0;
};

Shape parse_shape(const std::string& text, const std::string& path) {
  Shape shape;
  int extra = 0;
  const int found = std::sscanf(text.c_str(), "(%d, %d, %d", &shape.rows, &shape.columns, &extra);
  require(found == 2 && shape.rows > 0 && shape.columns > 0,
          "{}: a matrix has two axes, this array has the shape {}", path, text);
  require(std::int64_t{shape.rows} * shape.columns <= most_elements, "{}: {} elements are too many",
          path, text);
  return shape;
}

template <class Number>
Complex number_at(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  if constexpr (requires { number.imag(); })
    return {static_cast<double>(number.real()), static_cast<double>(number.imag())};
  else
    return static_cast<double>(number);
}

struct ElementType {
  std::size_t size;
  Complex (*read)(const char*);
};

ElementType element_type(const std::string& text, const std::string& path) {
  const std::string name =
      text.size() > 3 ? text.substr(2, text.size() - 3) : "";  // '<f8' without quotes and order
  const char order = text.size() > 3 ? text[1] : ' ';
  require(order != '>', "{}: big-endian NumPy arrays are not read (save with .astype('<f8'))",
          path);
  if (name == "f8") return {8, number_at<double>};
  if (name == "f4") return {4, number_at<float>};
  if (name == "c16") return {16, number_at<std::complex<double>>};
  if (name == "c8") return {8, number_at<std::complex<float>>};
  if (name == "i8") return {8, number_at<std::int64_t>};
  if (name == "i4") return {4, number_at<std::int32_t>};
  throw Error(
      fmt::format("{}: elements of the NumPy type {} are not read (float, complex or integer are)",
                  path, text));
}

ComplexMatrix read_npy(const std::string& path) {
  const std::string bytes = read_bytes(path);
  require(bytes.size() >= 12 && bytes.compare(0, 6, "\x93NUMPY") == 0, "{}: not a NumPy file",
          path);
  const bool long_header = bytes[6] >= 2;
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, long_header ? 4 : 2);
  const std::size_t start = (long_header ? 12u : 10u) + std::size_t{length};
  require(start <= bytes.size(), "{}: the NumPy header is cut off", path);
  const std::string header = bytes.substr(0, start);
  const Shape shape = parse_shape(header_value(header, "shape", path), path);
  const ElementType type = element_type(header_value(header, "descr", path), path);
  const bool columns_first = header_value(header, "fortran_order", path).starts_with("True");
  const std::size_t count =
      static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.columns);
  require(bytes.size() - start == count * type.size,
          "{}: {} bytes of data, but its shape needs {} (cut off?)", path, bytes.size() - start,
          count * type.size);
  ComplexMatrix matrix{
      .rows = shape.rows, .columns = shape.columns, .values = std::vector<Complex>(count)};
  for (std::size_t i = 0; i < count; ++i) {
    const auto rows = static_cast<std::size_t>(shape.rows),
               columns = static_cast<std::size_t>(shape.columns);
    const std::size_t to = columns_first ? i % rows * columns + i / rows : i;
    matrix.values[to] = type.read(bytes.data() + start + i * type.size);
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
  std::istringstream lines(read_bytes(path));
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

std::string npy_bytes(const ComplexMatrix& matrix) {
  std::string header =
      fmt::format("{{'descr': '<c16', 'fortran_order': False, 'shape': ({}, {}), }}", matrix.rows,
                  matrix.columns);
  // Magic, version 1.0 and length take ten bytes; data begin at a multiple of 64.
  header.resize((header.size() + 10 + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(matrix.values.data()),
               matrix.values.size() * sizeof(Complex));
  return bytes;
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
  const std::string beside = path + ".part";
  {
    std::ofstream file(beside, std::ios::binary);
    file << (path.ends_with(".npy") ? npy_bytes(matrix) : text_bytes(matrix));
    require(file.flush().good(), "'{}' cannot be written", path);
  }
  std::error_code problem;
  std::filesystem::rename(beside, path, problem);
  require(!problem, "'{}' cannot be written ({})", path, problem.message());
}

ComplexMatrix read_matrix(const std::string& path) {
  const ComplexMatrix matrix = path.ends_with(".npy") ? read_npy(path)
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
