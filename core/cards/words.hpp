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

/// Whether bytes are letters in UTF-8: no others, no longer forms than needed, and none of the
/// codes that Unicode keeps free (surrogates, U+FFFE, U+FFFF and their like), which YAML cannot
/// write.
bool is_utf8(std::string_view bytes);

}  // namespace lightloom
