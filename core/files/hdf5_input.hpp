#pragma once

#include <string>
#include <vector>

#include "core/files/hdf5_handle.hpp"

namespace lightloom {

/// Throws `Error` when another program holds the file open for writing (HDF5 locks it then, unless
/// the environment says HDF5_USE_FILE_LOCKING=FALSE).
void require_unlocked(const std::string& path);

/// Opens an HDF5 file for reading. Throws `Error` naming it when it is none, or cut off, or locked.
Hdf5Handle hdf5_input(const std::string& path);

/// Opens the object `name` of a group. Links that lead to other files are not followed: an `Error`
/// says so. An object that cannot be opened gives a negative identifier.
Hdf5Handle hdf5_object(hid_t group, const std::string& name, const std::string& path);

/// All names in a group, by name or as they were made. In one walk: asking for the name of every
/// number would walk the group for each of them. Throws `Error` where it cannot be listed.
std::vector<std::string> hdf5_names(hid_t group, H5_index_t by, const std::string& path);

/// Whether `name` of a group is a data set. Throws `Error` for a link to another file.
bool hdf5_is_data_set(hid_t group, const std::string& name, const std::string& path);

/// Opens the data set `name` of a group. Throws `Error` naming `path` when it cannot be read, when
/// its elements lie in other files (external storage, virtual data sets, external links), which
/// would carry what the reader may read into results that are passed on, were never written, or
/// claim more than 64 times the file's bytes and 256 MiB.
Hdf5Handle hdf5_data_set(hid_t group, const std::string& name, const std::string& path);

/// The same of an object that is open: throws `Error` unless it is a data set that can be read.
void require_data_set(hid_t object, const std::string& name, const std::string& path);

}  // namespace lightloom
