#pragma once

#include <string>

#include "photonic/decomposition/matrix_decomposition.hpp"

namespace lightloom::experiments {

/// Reads a matrix of real or complex numbers from whatever programs write, told apart by the first
/// bytes: NumPy `.npy` of every number type and order, `.npz`, HDF5 and MATLAB's `.mat` of all
/// versions (a matrix in one of several: `file.npz:name`, see `choose_parts`), else text
/// (`text_matrix`). Throws `Error` naming what is wrong, and where a file can be read in two ways.
ComplexMatrix read_matrix(const std::string& path);

/// Writes complex numbers to `.npy`, `.h5` (data sets `real` and `imaginary`) or, under any other
/// name, text that `read_matrix` takes; beside `path` and renamed when complete.
void write_matrix(const std::string& path, const ComplexMatrix& matrix);

}  // namespace lightloom::experiments
