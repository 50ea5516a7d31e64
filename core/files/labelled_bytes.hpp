#pragma once

#include <string>

#include "core/files/labelled.hpp"

namespace lightloom {

/// The bytes of the file that `write_labelled` writes.
std::string labelled_bytes(const Labelled& data);

}  // namespace lightloom
