#pragma once

#include <nlohmann/json_fwd.hpp>

namespace lightloom::experiments {

/// Objects keep the order in which their keys were added.
using Json = nlohmann::ordered_json;

struct Shown;  // shown.hpp

}  // namespace lightloom::experiments
