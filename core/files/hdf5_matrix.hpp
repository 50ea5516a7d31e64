#pragma once

#include <complex>
#include <string>
#include <vector>

namespace lightloom {

/// A matrix as a file holds it, row-major.
struct ComplexMatrix {
  int rows = 0, columns = 0;
  std::vector<std::complex<double>> values;
};

/// Reads a matrix from any HDF5 file: the data set `matrix` of the root group, or `real` with
/// `imaginary` (or `imag`), or its only data set of two axes. Elements are floating-point numbers,
/// integers, or pairs (r, i) as h5py writes complex numbers. Throws `Error` naming what is wrong.
ComplexMatrix read_hdf5_matrix(const std::string& path);

}  // namespace lightloom
