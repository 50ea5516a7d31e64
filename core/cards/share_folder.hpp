#pragma once

#include <string>

namespace lightloom {

/// Where the shipped cards are: the environment's LIGHTLOOM_SHARE if set, else the folder that an
/// installation puts beside the running program (<prefix>/share/lightloom for
/// <prefix>/bin/lightloom, wherever the prefix has been moved to). The folder need not exist.
std::string share_folder();

}  // namespace lightloom
