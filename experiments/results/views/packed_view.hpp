#pragma once

#include <string>

#include "experiments/results/json.hpp"
#include "nn/packing/packed_file.hpp"

namespace lightloom::experiments {

/// What a packed weight file holds: where its bits go, and every stream.
Shown packed_view(const std::string& path, const nn::PackedFile& file);

}  // namespace lightloom::experiments
