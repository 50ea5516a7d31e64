#pragma once

#include <string>
#include <vector>

#include "core/archives/npy.hpp"

namespace lightloom {

/// Names of the arrays of numbers with two axes in a NumPy archive (.npz: a zip archive of .npy
/// files, stored or deflated, zip64 too), in its order. Throws `Error` for what is none, or where
/// any member is damaged.
std::vector<std::string> npz_matrices(const std::string& path);

/// Reads one of them. Throws `Error` naming both for a member that is damaged (its checksum says
/// so), encrypted, packed otherwise, or no array.
NpyArray read_npz(const std::string& path, const std::string& name);

}  // namespace lightloom
