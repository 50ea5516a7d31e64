#pragma once

#include <string>

#include "photonic/decomposition/matrix_decomposition.hpp"

namespace lightloom::experiments {

/// Reads a matrix of real or complex numbers: NumPy `.npy` (float, complex or integer, either byte
/// order of storage, C or Fortran order), any `.h5` (a data set `matrix`, or `real` and
/// `imaginary`, or its only one of two axes; see `read_hdf5_matrix`), else text with one row a
/// line, columns separated by commas, by semicolons or by blanks, complex numbers as `0.5-1.25j`,
/// comments behind `#`. Other notations, decimal commas among them, are refused. Throws `Error`
/// naming what is wrong.
ComplexMatrix read_matrix(const std::string& path);

/// Writes complex numbers to `.npy`, `.h5` (data sets `real` and `imaginary`) or, under any other
/// name, text that `read_matrix` takes; beside `path` and renamed when complete.
void write_matrix(const std::string& path, const ComplexMatrix& matrix);

}  // namespace lightloom::experiments
