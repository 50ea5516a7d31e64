#pragma once

#include <functional>
#include <string>

#include "nn/weights/source/settings.hpp"

namespace lightloom::nn {

/// `SourceEntry::describe_bits` of a kind whose words have widths of their own: refuses `bits`.
/// `reason` says what they are: "smart_exchange (its ...)".
std::function<void(Section&, SourceSettings&)> no_bits(const std::string& reason);

}  // namespace lightloom::nn
