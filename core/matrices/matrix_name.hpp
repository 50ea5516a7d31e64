#pragma once

#include <string>
#include <vector>

#include "core/matrix.hpp"

namespace lightloom {

/// A file and what is meant in it.
struct NamedMatrix {
  std::string path;
  std::string name{};  // of an array in the file; empty: the only one, see `choose_parts`
};

/// Takes `file.npz:name` apart. A text that names a file as it is means that file.
NamedMatrix named_matrix(const std::string& text);

/// The arrays of a file that make a matrix: one, or a real and an imaginary part.
struct MatrixParts {
  std::string real;
  std::string imaginary{};  // empty: none
};

/// Chooses among the arrays of two axes in a file: the one called `wanted.name`, without it
/// `matrix`, or `real` with `imaginary` or `imag`, or the only one. Throws `Error` that lists them
/// and says how to name one.
MatrixParts choose_parts(const NamedMatrix& wanted, const std::vector<std::string>& names);

/// Adds i times `part`. Throws `Error` naming `path` where the sizes differ.
void add_imaginary(const ComplexMatrix& part, const std::string& path, ComplexMatrix& matrix);

}  // namespace lightloom
