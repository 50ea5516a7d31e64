#pragma once

#include <functional>
#include <string>

namespace lightloom {

/// Whether `read` ends in an orderly way on the file, be it with an exception. HDF5 1.10 may crash
/// or loop on a damaged file, so a child process reads it first. Throws `Failure` if there can be
/// no child.
bool survives_reading(const std::string& path, const std::function<void()>& read);

}  // namespace lightloom
