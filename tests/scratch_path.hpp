#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

namespace lightloom {

/// A temporary path of this process only: ctest runs tests of one program side by side.
inline std::filesystem::path scratch_path(const std::string& name) {
  return std::filesystem::temp_directory_path() /
         ("lightloom-" + std::to_string(getpid()) + "-" + name);
}

}  // namespace lightloom
