#include "experiments/results/files/matrix_file.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/archives/matlab.hpp"
#include "core/archives/npy.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "core/matrices/hdf5_matrix.hpp"
#include "core/matrices/matlab_matrix.hpp"
#include "core/matrices/npz.hpp"
#include "core/tables/text_matrix.hpp"

namespace lightloom::experiments {
namespace {

using photonic::Complex;

constexpr std::int64_t most_elements = std::int64_t{1} << 26;

bool has_hdf5_name(const std::string& path) {
  return path.ends_with(".h5") || path.ends_with(".hdf5");
}

ComplexMatrix to_matrix(const NpyArray& array, const std::string& path) {
  require(array.shape.size() == 2 && array.count() > 0,
          "{}: a matrix has two axes with elements, this array has the shape ({})", path,
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

/// A matrix of an archive of arrays.
ComplexMatrix read_archive(const NamedMatrix& wanted) {
  const auto array = [&](const std::string& name) {
    return to_matrix(read_npz(wanted.path, name), fmt::format("{}:{}", wanted.path, name));
  };
  const std::vector<std::string> names =
      wanted.name.empty() ? npz_matrices(wanted.path) : std::vector{wanted.name};
  const MatrixParts parts = choose_parts(wanted, names);
  ComplexMatrix matrix = array(parts.real);
  if (!parts.imaginary.empty()) add_imaginary(array(parts.imaginary), wanted.path, matrix);
  return matrix;
}

/// What a file is, by its first bytes and, where it has none of a kind, by its name.
enum class Format { numpy, archive, hdf5, matlab, text };

Format format_of(const std::string& path) {
  std::string start(8, '\0'), behind_block(8, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), 8);
  file.clear();
  file.seekg(512).read(behind_block.data(), 8);  // of MATLAB's own
  constexpr std::string_view hdf5{"\x89HDF\r\n\x1a\n", 8};
  if (start == hdf5 || behind_block == hdf5 || has_hdf5_name(path)) return Format::hdf5;
  if (start.starts_with("\x93NUMPY") || path.ends_with(".npy")) return Format::numpy;
  if (path.ends_with(".npz")) return Format::archive;
  return is_matlab5(path) || path.ends_with(".mat") ? Format::matlab : Format::text;
}

ComplexMatrix read_any(const NamedMatrix& wanted) {
  const Format format = format_of(wanted.path);
  require(wanted.name.empty() || format == Format::archive || format == Format::hdf5 ||
              format == Format::matlab,
          "{}: holds one matrix without a name ('{}' was asked for)", wanted.path, wanted.name);
  switch (format) {
    case Format::numpy:
      return to_matrix(read_npy(wanted.path), wanted.path);
    case Format::archive:
      return read_archive(wanted);
    case Format::hdf5:
      return read_hdf5_matrix(wanted);
    case Format::matlab:
      return read_matlab_matrix(wanted);
    case Format::text:
      break;
  }
  return text_matrix(read_file(wanted.path, "matrix file"), wanted.path);
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

}  // namespace

void write_matrix(const std::string& path, const ComplexMatrix& matrix) {
  if (has_hdf5_name(path)) return write_hdf5(path, matrix);
  write_file(path, path.ends_with(".npy") ? numpy_bytes(matrix) : text_bytes(matrix));
}

ComplexMatrix read_matrix(const std::string& path) {
  const NamedMatrix wanted = named_matrix(path);
  std::error_code ignored;
  require(std::filesystem::exists(wanted.path, ignored), "matrix file '{}' does not exist", path);
  ComplexMatrix matrix = read_any(wanted);
  for (std::size_t i = 0; i < matrix.values.size(); ++i)
    require(std::isfinite(matrix.values[i].real()) && std::isfinite(matrix.values[i].imag()),
            "{}: element ({}, {}) is not a finite number", path,
            i / static_cast<std::size_t>(matrix.columns),
            i % static_cast<std::size_t>(matrix.columns));
  return matrix;
}

}  // namespace lightloom::experiments
