#include "core/matrices/matlab_matrix.hpp"

#include <algorithm>

#include "core/archives/matlab.hpp"
#include "core/error.hpp"

namespace lightloom {
namespace {

constexpr std::int64_t most_matlab_elements = std::int64_t{1} << 26;

std::vector<std::string> names_of(const MatlabFile& file) {
  std::vector<std::string> names;
  for (const MatlabHeader& header : file.arrays)
    if (header.shape.size() == 2) names.push_back(header.name);
  return names;
}

void check_size(const MatlabHeader& header, const std::string& what) {
  const std::int64_t rows = header.shape[0], columns = header.shape[1];
  require(rows > 0 && columns > 0, "{} is empty", what);
  require(header.count() <= static_cast<double>(most_matlab_elements) &&
              (!header.is_sparse || (rows <= 4096 && columns <= 4096)),
          "{} of {} x {} elements is too large", what, rows, columns);
}

ComplexMatrix read_variable(const MatlabFile& file, const std::string& name) {
  const auto header = std::find_if(
      file.arrays.begin(), file.arrays.end(),
      [&](const MatlabHeader& one) { return one.name == name && one.shape.size() == 2; });
  const std::string what = fmt::format("{}: '{}'", file.path, name);
  require(header != file.arrays.end(), "{} is no matrix", what);
  check_size(*header, what);
  const MatlabArray array = read_matlab(file, *header);
  const auto rows = static_cast<std::size_t>(header->shape[0]),
             columns = static_cast<std::size_t>(header->shape[1]);
  ComplexMatrix matrix{.rows = static_cast<int>(rows),
                       .columns = static_cast<int>(columns),
                       .values = std::vector<std::complex<double>>(rows * columns)};
  const std::size_t count = header->is_sparse ? array.places.size() : rows * columns;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t place = header->is_sparse ? array.places[k] : k;
    matrix.values[place % rows * columns + place / rows] = {
        array.real.at(k), header->is_complex ? array.imaginary.at(k) : 0};
  }
  return matrix;
}

}  // namespace

ComplexMatrix read_matlab_matrix(const NamedMatrix& wanted) {
  const MatlabFile file = open_matlab(wanted.path);
  const MatrixParts parts = choose_parts(wanted, names_of(file));
  ComplexMatrix matrix = read_variable(file, parts.real);
  if (!parts.imaginary.empty())
    add_imaginary(read_variable(file, parts.imaginary), wanted.path, matrix);
  return matrix;
}

}  // namespace lightloom
