#pragma once

#include <string>

namespace lightloom::experiments {

/// What made this program; written by the build.
struct BuildInfo {
  std::string version;
  std::string git_revision;  // "-dirty" when the tree had changes, "unknown" outside a repository
  std::string compiler;
  std::string build;  // build type and architecture
};

BuildInfo build_info();

}  // namespace lightloom::experiments
