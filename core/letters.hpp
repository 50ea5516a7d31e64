#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lightloom {

/// A letter in UTF-8: its number and how many bytes it takes.
struct Letter {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: no letter
};

/// The letter at the front of bytes, which are at least one. No letter: longer forms than needed,
/// halves of pairs, and the numbers that Unicode keeps free for ever.
Letter first_letter(std::string_view bytes);

/// A text of a stranger's file as it may be shown to people, on a terminal or in a page: what
/// nobody would see but what moves the cursor, gives orders to a terminal or turns the order of the
/// letters around it (control characters but for line ends and tabs; Unicode's embeddings,
/// overrides and isolates of direction; bytes that are no letters of UTF-8) is written out,
/// "\x1b" or "\u202e". All other letters of all languages stay.
std::string visible_text(std::string_view text);

/// With a to z for A to Z; all other bytes stay, whatever the locale.
std::string small_letters(std::string_view text);

}  // namespace lightloom
