#include "core/cards/share_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace lightloom {

namespace fs = std::filesystem;

std::string share_folder() {
  if (const char* given = std::getenv("LIGHTLOOM_SHARE"); given != nullptr && *given != '\0')
    return given;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  return (program.parent_path() / LIGHTLOOM_SHARE_FROM_PROGRAM).lexically_normal().string();
}

}  // namespace lightloom
