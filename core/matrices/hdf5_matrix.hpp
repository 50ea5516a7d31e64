#pragma once

#include <string>

#include "core/matrices/matrix_name.hpp"
#include "core/matrix.hpp"

namespace lightloom {

/// Reads a matrix from any HDF5 file: a data set of two axes, see `choose_parts`; one that is named
/// may lie in groups (`file.h5:layers/w`). Elements are floating-point numbers, integers, truth
/// values, or pairs (r, i), (re, im) or (real, imag), as h5py, Julia and MATLAB 7.3 write complex
/// numbers. What MATLAB wrote is turned back: it stores column by column. Throws `Error` naming
/// what is wrong.
ComplexMatrix read_hdf5_matrix(const NamedMatrix& wanted);

/// Reads every array of two axes of a file, in groups too, and forgets it: for a process that finds
/// out whether reading them ends. What cannot be read is passed over.
void visit_hdf5_matrices(const std::string& path);

}  // namespace lightloom
