#pragma once

// MATLAB's formats one by one: behind `open_matlab` and `read_matlab`.

#include "core/archives/matlab.hpp"

namespace lightloom {

constexpr std::size_t most_matlab_bytes = std::size_t{1} << 31;

/// Whether the bytes of a file have the header of format 5.
bool has_matlab5_header(const std::string& bytes);

/// The arrays of numbers of a file of format 5 or 4.
std::vector<MatlabHeader> matlab5_arrays(const MatlabFile& file);
std::vector<MatlabHeader> matlab4_arrays(const MatlabFile& file);

MatlabArray read_matlab5(const MatlabFile& file, const MatlabHeader& header);
MatlabArray read_matlab4(const MatlabFile& file, const MatlabHeader& header);

}  // namespace lightloom
