#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lightloom {

/// The known word nearest to `word` by edit distance, or "" when none is near enough to be a likely
/// slip.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

/// Whether `name` matches `pattern`, in which every `*` stands for any text, also none. Takes at
/// most as many steps as the two are long, multiplied.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace lightloom
