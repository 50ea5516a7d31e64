#pragma once

#include <string>

#include "core/matrices/matrix_name.hpp"
#include "core/matrix.hpp"

namespace lightloom {

/// Reads a matrix of MATLAB's formats 4 and 5 (versions 5 to 7; 7.3 writes HDF5): numbers and
/// logicals, full or sparse, real or complex. Which one: `choose_parts`. Throws `Error` naming what
/// is wrong.
ComplexMatrix read_matlab_matrix(const NamedMatrix& wanted);

}  // namespace lightloom
