#pragma once

#include <string>

#include "core/matrices/matrix_name.hpp"
#include "core/matrix.hpp"

namespace lightloom {

/// Whether a file begins as those of MATLAB's `save` up to version 7 do.
bool is_matlab5(const std::string& path);

/// Reads a matrix of MATLAB's formats 4 and 5 (versions 5 to 7; 7.3 writes HDF5): numbers and
/// logicals, full or sparse, real or complex. Which one: `choose_parts`. Throws `Error` naming what
/// is wrong; without libmatio, that this build has none. MATLAB's files are read by a C library, so
/// that a stranger's is better read in a process of its own first.
ComplexMatrix read_matlab_matrix(const NamedMatrix& wanted);

/// Reads every matrix of such a file and forgets it: for that process. Of other files, nothing.
void visit_matlab_matrices(const std::string& path);

}  // namespace lightloom
