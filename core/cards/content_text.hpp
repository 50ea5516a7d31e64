#pragma once

#include <string>

#include "core/cards/tree.hpp"

namespace lightloom {

/// A text that two trees share where they hold the same keys, values and order, and only there;
/// quicker to make than YAML and for comparing alone.
std::string content_text(const Tree& tree);

}  // namespace lightloom
