#include "core/matrices/hdf5_matrix.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "core/error.hpp"
#include "core/files/hdf5_handle.hpp"
#include "core/files/hdf5_input.hpp"

namespace lightloom {
namespace {

constexpr hsize_t most_elements = hsize_t{1} << 26;

/// Data sets of two axes in the root group, by name.
std::vector<std::string> matrices_in(hid_t file, const std::string& path) {
  std::vector<std::string> names;
  for (const std::string& name : hdf5_names(file, H5_INDEX_NAME, path)) {
    const Hdf5Handle set = hdf5_object(file, name, path);
    if (set < 0 || H5Iget_type(set) != H5I_DATASET) continue;
    require_data_set(set, name, path);
    const Hdf5Handle space = hdf5_opened(H5Dget_space(set), H5Sclose, path);
    if (H5Sget_simple_extent_ndims(space) == 2) names.push_back(name);
  }
  return names;
}

/// Names under which programs store real and imaginary part.
constexpr std::array<std::pair<const char*, const char*>, 5> pair_names{
    {{"r", "i"}, {"re", "im"}, {"real", "imag"}, {"real", "imaginary"}, {"re_", "im_"}}};

/// The type in memory that a data set's elements are read as: a real number, or a pair.
Hdf5Handle element_type(hid_t set, const std::string& name, const std::string& path,
                        bool& is_complex) {
  const Hdf5Handle type = hdf5_opened(H5Dget_type(set), H5Tclose, path);
  const H5T_class_t kind = H5Tget_class(type);
  const auto* found = std::find_if(pair_names.begin(), pair_names.end(), [&](const auto& names) {
    return kind == H5T_COMPOUND && H5Tget_nmembers(type) == 2 &&
           H5Tget_member_index(type, names.first) >= 0 &&
           H5Tget_member_index(type, names.second) >= 0;
  });
  is_complex = found != pair_names.end();
  require(is_complex || kind == H5T_FLOAT || kind == H5T_INTEGER || kind == H5T_ENUM,
          "{}: the elements of '{}' are neither numbers nor complex pairs (r, i)", path, name);
  if (!is_complex) return hdf5_opened(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose, path);
  Hdf5Handle pair =
      hdf5_opened(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<double>)), H5Tclose, path);
  hdf5_check(H5Tinsert(pair, found->first, 0, H5T_NATIVE_DOUBLE), "make a type of pairs");
  hdf5_check(H5Tinsert(pair, found->second, sizeof(double), H5T_NATIVE_DOUBLE),
             "make a type of pairs");
  return pair;
}

/// The class that MATLAB writes beside its arrays ("double", "char"); empty: not by MATLAB.
std::string matlab_class(hid_t set, const std::string& path) {
  if (H5Aexists(set, "MATLAB_class") <= 0) return {};
  const Hdf5Handle mark = hdf5_opened(H5Aopen(set, "MATLAB_class", H5P_DEFAULT), H5Aclose, path);
  const Hdf5Handle stored = hdf5_opened(H5Aget_type(mark), H5Tclose, path);
  constexpr std::size_t longest = 32;
  const Hdf5Handle type = hdf5_opened(H5Tcopy(H5T_C_S1), H5Tclose, path);
  hdf5_check(H5Tset_size(type, longest), "make a type of text");
  std::string word(longest, '\0');
  const bool is_text = H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) == 0;
  if (!is_text || H5Aread(mark, type, word.data()) < 0) return "unknown";
  return word.substr(0, word.find('\0'));
}

void require_numbers_of_matlab(hid_t set, const std::string& kind, const std::string& what) {
  require(kind != "char" && kind != "cell" && kind != "struct",
          "{} is a {} array of MATLAB's, no matrix of numbers", what, kind);
  require(H5Aexists(set, "MATLAB_empty") <= 0, "{} is empty", what);
}

ComplexMatrix transposed(const ComplexMatrix& matrix) {
  ComplexMatrix result{.rows = matrix.columns, .columns = matrix.rows, .values = matrix.values};
  const auto rows = static_cast<std::size_t>(matrix.rows),
             columns = static_cast<std::size_t>(matrix.columns);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c)
      result.values[c * rows + r] = matrix.values[r * columns + c];
  return result;
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
  const std::string by_matlab = matlab_class(set, path);
  require_numbers_of_matlab(set, by_matlab, fmt::format("{}: '{}'", path, name));
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
  // Column by column, as MATLAB keeps them.
  return by_matlab.empty() ? matrix : transposed(matrix);
}

/// Says what a group is that was named in place of a matrix.
void refuse_group(hid_t file, const NamedMatrix& wanted) {
  const Hdf5Handle object = hdf5_object(file, wanted.name, wanted.path);
  const bool is_group = object >= 0 && H5Iget_type(object) == H5I_GROUP;
  require(!is_group || H5Aexists(object, "MATLAB_sparse") <= 0,
          "{}: '{}' is a sparse matrix of MATLAB's (save full({}))", wanted.path, wanted.name,
          wanted.name);
  require(!is_group, "{}: '{}' is a group, not a matrix (name a data set in it)", wanted.path,
          wanted.name);
}

ComplexMatrix read(const NamedMatrix& wanted) {
  const Hdf5Quiet quiet;
  const Hdf5Handle file = hdf5_input(wanted.path);
  std::vector<std::string> names = matrices_in(file, wanted.path);
  if (!wanted.name.empty()) {
    refuse_group(file, wanted);
    if (hdf5_is_data_set(file, wanted.name, wanted.path)) names = {wanted.name};
  }
  const MatrixParts parts = choose_parts(wanted, names);
  ComplexMatrix matrix = read_set(file, parts.real, wanted.path);
  if (!parts.imaginary.empty())
    add_imaginary(read_set(file, parts.imaginary, wanted.path), wanted.path, matrix);
  return matrix;
}

}  // namespace

namespace {

herr_t collect_name(hid_t, const char* name, const H5O_info_t* info, void* names) {
  if (info->type == H5O_TYPE_DATASET)
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

void visit_hdf5_matrices(const std::string& path) {
  const Hdf5Quiet quiet;
  const Hdf5Handle file = hdf5_input(path);
  std::vector<std::string> names;
#if H5_VERSION_GE(1, 12, 0)
  H5Ovisit3(file, H5_INDEX_NAME, H5_ITER_INC, collect_name, &names, H5O_INFO_BASIC);
#else
  H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, collect_name, &names, H5O_INFO_BASIC);
#endif
  for (const std::string& name : names) {
    try {
      read_set(file, name, path);
    } catch (const Error&) {  // said when it is asked for
    }
  }
}

ComplexMatrix read_hdf5_matrix(const NamedMatrix& wanted) {
  std::error_code ignored;
  require(std::filesystem::is_regular_file(wanted.path, ignored), "matrix file '{}' does not exist",
          wanted.path);
  return read(wanted);
}

}  // namespace lightloom
