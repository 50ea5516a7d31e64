#pragma once

#include <nlohmann/json_fwd.hpp>

namespace lightloom::experiments {

/// Objects keep the order in which their keys were added.
using Json = nlohmann::ordered_json;

struct Shown;  // shown.hpp

/// A finite number; null for infinities and what is no number.
Json number_or_null(double value);

}  // namespace lightloom::experiments
