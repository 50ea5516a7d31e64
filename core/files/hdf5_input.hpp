#pragma once

#include <string>

#include "core/files/hdf5_handle.hpp"

namespace lightloom {

/// Opens an HDF5 file for reading. Throws `Error` naming it when it is none, or cut off.
Hdf5Handle hdf5_input(const std::string& path);

/// Opens the object `name` of a group. Links that lead to other files are not followed: an `Error`
/// says so. An object that cannot be opened gives a negative identifier.
Hdf5Handle hdf5_object(hid_t group, const std::string& name, const std::string& path);

/// Whether `name` of a group is a data set. Throws `Error` for a link to another file.
bool hdf5_is_data_set(hid_t group, const std::string& name, const std::string& path);

/// Opens the data set `name` of a group. Throws `Error` naming `path` when it cannot be read, when
/// its elements lie in other files (external storage, virtual data sets, external links), which
/// would carry what the reader may read into results that are passed on, or were never written.
Hdf5Handle hdf5_data_set(hid_t group, const std::string& name, const std::string& path);

}  // namespace lightloom
