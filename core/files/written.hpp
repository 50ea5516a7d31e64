#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "core/error.hpp"

namespace lightloom {

/// Closes a file that was written to; `errno` was 0 before. Throws `Failure` naming `path` and the
/// reason (a full disk, a quota) when not all of it could be.
inline void close_written(std::ofstream& file, const std::string& path) {
  file.close();
  if (!file.good())
    throw Failure(fmt::format("'{}' cannot be written ({})", path,
                              errno != 0 ? std::strerror(errno) : "the disk may be full"));
}

}  // namespace lightloom
