#pragma once

#include <string>
#include <string_view>

#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// A text as the words of a page, between tags or in an attribute between quotes: no mark of it is
/// markup, nothing of it is invisible (`visible_text`).
std::string html_text(std::string_view text);

/// JSON for a script element, which no text in it can end.
std::string script_json(const Json& json);

}  // namespace lightloom::experiments
