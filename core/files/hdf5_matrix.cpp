#include "core/files/hdf5_matrix.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/files/hdf5_handle.hpp"
#include "core/files/hdf5_input.hpp"

namespace lightloom {
namespace {

constexpr hsize_t most_elements = hsize_t{1} << 26;

/// Data sets of two axes in the root group, by name.
std::vector<std::string> matrices_in(hid_t file, const std::string& path) {
  H5G_info_t group{};
  require(H5Gget_info(file, &group) >= 0, "{}: its root group cannot be read", path);
  std::vector<std::string> names;
  for (hsize_t i = 0; i < group.nlinks; ++i) {
    char name[256];
    if (H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name,
                           H5P_DEFAULT) <= 0)
      continue;
    if (!hdf5_is_data_set(file, name, path)) continue;
    const Hdf5Handle set = hdf5_data_set(file, name, path);
    const Hdf5Handle space = hdf5_opened(H5Dget_space(set), H5Sclose, path);
    if (H5Sget_simple_extent_ndims(space) == 2) names.emplace_back(name);
  }
  return names;
}

/// The type in memory that a data set's elements are read as: a real number, or the pair (r, i).
Hdf5Handle element_type(hid_t set, const std::string& name, const std::string& path,
                        bool& is_complex) {
  const Hdf5Handle type = hdf5_opened(H5Dget_type(set), H5Tclose, path);
  const H5T_class_t kind = H5Tget_class(type);
  is_complex = kind == H5T_COMPOUND && H5Tget_member_index(type, "r") >= 0 &&
               H5Tget_member_index(type, "i") >= 0;
  require(is_complex || kind == H5T_FLOAT || kind == H5T_INTEGER,
          "{}: the elements of '{}' are neither numbers nor complex pairs (r, i)", path, name);
  if (!is_complex) return hdf5_opened(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose, path);
  Hdf5Handle pair =
      hdf5_opened(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<double>)), H5Tclose, path);
  hdf5_check(H5Tinsert(pair, "r", 0, H5T_NATIVE_DOUBLE), "make a type of pairs");
  hdf5_check(H5Tinsert(pair, "i", sizeof(double), H5T_NATIVE_DOUBLE), "make a type of pairs");
  return pair;
}

ComplexMatrix read_set(hid_t file, const std::string& name, const std::string& path) {
  const Hdf5Handle set = hdf5_data_set(file, name, path);
  const Hdf5Handle space = hdf5_opened(H5Dget_space(set), H5Sclose, path);
  hsize_t shape[2] = {};
  require(H5Sget_simple_extent_ndims(space) == 2, "{}: '{}' has not two axes", path, name);
  H5Sget_simple_extent_dims(space, shape, nullptr);
  require(shape[0] > 0 && shape[1] > 0, "{}: '{}' is empty", path, name);
  require(shape[0] <= most_elements && shape[1] <= most_elements &&
              shape[0] * shape[1] <= most_elements,
          "{}: '{}' of {} x {} elements is too large", path, name, shape[0], shape[1]);
  bool is_complex = false;
  const Hdf5Handle type = element_type(set, name, path, is_complex);
  const std::size_t count = shape[0] * shape[1];
  ComplexMatrix matrix{.rows = static_cast<int>(shape[0]),
                       .columns = static_cast<int>(shape[1]),
                       .values = std::vector<std::complex<double>>(count)};
  std::vector<double> numbers(is_complex ? 0 : count);
  void* to = is_complex ? static_cast<void*>(matrix.values.data()) : numbers.data();
  require(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0,
          "{}: '{}' cannot be read (cut off or damaged?)", path, name);
  std::copy(numbers.begin(), numbers.end(), matrix.values.begin());
  return matrix;
}

void add_imaginary(const ComplexMatrix& part, const std::string& path, ComplexMatrix& matrix) {
  require(part.rows == matrix.rows && part.columns == matrix.columns,
          "{}: real and imaginary part differ in size", path);
  for (std::size_t i = 0; i < matrix.values.size(); ++i)
    matrix.values[i] += std::complex<double>(0, 1) * part.values[i];
}

ComplexMatrix read(const std::string& path) {
  const Hdf5Quiet quiet;
  const Hdf5Handle file = hdf5_input(path);
  const std::vector<std::string> names = matrices_in(file, path);
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (has("matrix")) return read_set(file, "matrix", path);
  for (const char* imaginary : {"imaginary", "imag"}) {
    if (!has("real") || !has(imaginary)) continue;
    ComplexMatrix matrix = read_set(file, "real", path);
    add_imaginary(read_set(file, imaginary, path), path, matrix);
    return matrix;
  }
  require(names.size() == 1, "{}: {} (name one 'matrix', or two 'real' and 'imaginary')", path,
          names.empty() ? std::string("holds no data set of two axes in its root group")
                        : fmt::format("holds the matrices {}", fmt::join(names, ", ")));
  return read_set(file, names.front(), path);
}

}  // namespace

ComplexMatrix read_hdf5_matrix(const std::string& path) {
  std::error_code ignored;
  require(std::filesystem::is_regular_file(path, ignored), "matrix file '{}' does not exist", path);
  return read(path);
}

}  // namespace lightloom
