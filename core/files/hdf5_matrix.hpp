#pragma once

#include <string>

#include "core/matrix.hpp"

namespace lightloom {

/// Reads a matrix from any HDF5 file: the data set `matrix` of the root group, or `real` with
/// `imaginary` (or `imag`), or its only data set of two axes. Elements are floating-point numbers,
/// integers, or pairs (r, i) as h5py writes complex numbers. Throws `Error` naming what is wrong.
ComplexMatrix read_hdf5_matrix(const std::string& path);

}  // namespace lightloom
