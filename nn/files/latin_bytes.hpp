#pragma once

#include <optional>
#include <string>

namespace lightloom::nn {

/// Bytes that were written as text in UTF-8, each a character below 256 (Latin 1), as protocol 2 of
/// pickles does; nothing for other text.
std::optional<std::string> latin_bytes(const std::string& text);

}  // namespace lightloom::nn
