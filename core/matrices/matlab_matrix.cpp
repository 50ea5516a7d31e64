#include "core/matrices/matlab_matrix.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>

#include "core/error.hpp"

#ifdef LIGHTLOOM_HAS_MATIO
#include <matio.h>
#endif

namespace lightloom {

bool is_matlab5(const std::string& path) {
  constexpr std::string_view start = "MATLAB 5.0 MAT-file";
  std::string bytes(start.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())).good() &&
         bytes == start;
}

#ifdef LIGHTLOOM_HAS_MATIO

namespace {

constexpr std::size_t most_matlab_elements = std::size_t{1} << 26;

using File = std::unique_ptr<mat_t, int (*)(mat_t*)>;
using Variable = std::unique_ptr<matvar_t, void (*)(matvar_t*)>;

File opened_mat(const std::string& path) {
  File file(Mat_Open(path.c_str(), MAT_ACC_RDONLY), Mat_Close);
  require(file != nullptr, "'{}' is not a MATLAB file, or is damaged", path);
  return file;
}

bool is_numeric(const matvar_t& variable) {
  return variable.rank == 2 &&
         ((variable.class_type >= MAT_C_DOUBLE && variable.class_type <= MAT_C_UINT64) ||
          variable.class_type == MAT_C_SPARSE);
}

std::vector<std::string> names_of(const std::string& path) {
  const File file = opened_mat(path);
  std::vector<std::string> names;
  while (const Variable next{Mat_VarReadNextInfo(file.get()), Mat_VarFree})
    if (is_numeric(*next) && next->name != nullptr) names.emplace_back(next->name);
  return names;
}

template <class Number>
std::vector<double> doubles(const void* data, std::size_t count) {
  const std::span<const Number> numbers(static_cast<const Number*>(data), count);
  return {numbers.begin(), numbers.end()};
}

/// Numbers of a type of MATLAB's.
std::vector<double> numbers(matio_types type, const void* data, std::size_t count) {
  switch (type) {
    case MAT_T_DOUBLE:
      return doubles<double>(data, count);
    case MAT_T_SINGLE:
      return doubles<float>(data, count);
    case MAT_T_INT8:
      return doubles<std::int8_t>(data, count);
    case MAT_T_UINT8:
      return doubles<std::uint8_t>(data, count);
    case MAT_T_INT16:
      return doubles<std::int16_t>(data, count);
    case MAT_T_UINT16:
      return doubles<std::uint16_t>(data, count);
    case MAT_T_INT32:
      return doubles<std::int32_t>(data, count);
    case MAT_T_UINT32:
      return doubles<std::uint32_t>(data, count);
    case MAT_T_INT64:
      return doubles<std::int64_t>(data, count);
    case MAT_T_UINT64:
      return doubles<std::uint64_t>(data, count);
    default:
      return {};
  }
}

/// The elements that a variable holds, of a sparse one those that are not zero.
std::vector<std::complex<double>> elements(const matvar_t& variable, const void* data,
                                           std::size_t count, const std::string& what) {
  const auto part = [&](const void* from) {
    require(from != nullptr, "{} cannot be read (cut off or damaged?)", what);
    std::vector<double> values = numbers(variable.data_type, from, count);
    require(values.size() == count, "{} holds elements of a type that is not read", what);
    return values;
  };
  require(data != nullptr, "{} cannot be read (cut off or damaged?)", what);
  if (variable.isComplex == 0) {
    const std::vector<double> real = part(data);
    return {real.begin(), real.end()};
  }
  const auto* split = static_cast<const mat_complex_split_t*>(data);
  const std::vector<double> real = part(split->Re), imaginary = part(split->Im);
  std::vector<std::complex<double>> values;
  for (std::size_t i = 0; i < count; ++i) values.emplace_back(real[i], imaginary[i]);
  return values;
}

void fill_sparse(const matvar_t& variable, const std::string& what, ComplexMatrix& matrix) {
  const auto* sparse = static_cast<const mat_sparse_t*>(variable.data);
  const auto columns = static_cast<std::size_t>(matrix.columns);
  require(sparse != nullptr && sparse->njc == columns + 1 && sparse->ndata <= sparse->nir,
          "{} is damaged", what);
  const auto values = elements(variable, sparse->data, sparse->ndata, what);
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t k = sparse->jc[c]; k < sparse->jc[c + 1]; ++k) {
      require(k < values.size() && sparse->ir[k] < static_cast<std::size_t>(matrix.rows),
              "{} is damaged", what);
      matrix.values[sparse->ir[k] * columns + c] = values[k];
    }
  }
}

void fill_full(const matvar_t& variable, const std::string& what, ComplexMatrix& matrix) {
  const auto values = elements(variable, variable.data, matrix.values.size(), what);
  const auto rows = static_cast<std::size_t>(matrix.rows),
             columns = static_cast<std::size_t>(matrix.columns);
  for (std::size_t i = 0; i < values.size(); ++i)
    matrix.values[i % rows * columns + i / rows] = values[i];
}

ComplexMatrix read_variable(const std::string& path, const std::string& name) {
  const std::string what = fmt::format("{}: '{}'", path, name);
  const File file = opened_mat(path);
  const Variable info(Mat_VarReadInfo(file.get(), name.c_str()), Mat_VarFree);
  require(info != nullptr && is_numeric(*info) && info->dims != nullptr, "{} is no matrix", what);
  const std::size_t rows = info->dims[0], columns = info->dims[1];
  std::error_code ignored;
  // Zlib packs at most 1032 times: a size beyond is a lie, and no memory is taken for it.
  const double packed = 1032.0 * static_cast<double>(std::filesystem::file_size(path, ignored));
  const bool is_sparse = info->class_type == MAT_C_SPARSE;
  require(rows > 0 && columns > 0, "{} is empty", what);
  require(rows <= most_matlab_elements && columns <= most_matlab_elements &&
              rows * columns <= most_matlab_elements &&
              (is_sparse ? rows <= 4096 && columns <= 4096
                         : static_cast<double>(rows * columns) <= packed),
          "{} of {} x {} elements is too large", what, rows, columns);
  const Variable read(Mat_VarRead(file.get(), name.c_str()), Mat_VarFree);
  require(read != nullptr && is_numeric(*read) && read->dims[0] == rows &&
              read->dims[1] == columns && (is_sparse || read->nbytes >= rows * columns),
          "{} cannot be read (cut off or damaged?)", what);
  ComplexMatrix matrix{.rows = static_cast<int>(rows),
                       .columns = static_cast<int>(columns),
                       .values = std::vector<std::complex<double>>(rows * columns)};
  is_sparse ? fill_sparse(*read, what, matrix) : fill_full(*read, what, matrix);
  return matrix;
}

}  // namespace

ComplexMatrix read_matlab_matrix(const NamedMatrix& wanted) {
  const MatrixParts parts = choose_parts(wanted, names_of(wanted.path));
  ComplexMatrix matrix = read_variable(wanted.path, parts.real);
  if (!parts.imaginary.empty())
    add_imaginary(read_variable(wanted.path, parts.imaginary), wanted.path, matrix);
  return matrix;
}

void visit_matlab_matrices(const std::string& path) {
  if (!path.ends_with(".mat") && !is_matlab5(path)) return;
  for (const std::string& name : names_of(path)) {
    try {
      read_variable(path, name);
    } catch (const Error&) {  // said when it is asked for
    }
  }
}

#else

void visit_matlab_matrices(const std::string& /*path*/) {}

ComplexMatrix read_matlab_matrix(const NamedMatrix& wanted) {
  throw Error(
      fmt::format("{}: MATLAB's format 5 is not read by this build (made without "
                  "libmatio-dev; save the matrix with -v7.3, which is HDF5)",
                  wanted.path));
}

#endif

}  // namespace lightloom
