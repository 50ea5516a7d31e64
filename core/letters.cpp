#include "core/letters.hpp"

#include <fmt/format.h>

namespace lightloom {
namespace {

bool gives_orders(std::uint32_t code) {
  return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0);
}

/// Embeddings and overrides, isolates (Unicode Standard Annex 9), and the separators that some
/// programs take for line ends.
bool turns_letters(std::uint32_t code) {
  return (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

Letter first_letter(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (first < 0x80) return {.code = first, .bytes = 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC0 || first > 0xF4 || bytes.size() < size) return {};
  std::uint32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(bytes[i]);
    if ((next & 0xC0) != 0x80) return {};
    code = code << 6 | (next & 0x3F);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool kept_free = (code >= 0xD800 && code <= 0xDFFF) || (code >= 0xFDD0 && code <= 0xFDEF) ||
                         (code & 0xFFFE) == 0xFFFE;
  return code < smallest[size] || code > 0x10FFFF || kept_free
             ? Letter{}
             : Letter{.code = code, .bytes = size};
}

std::string visible_text(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const Letter letter = first_letter(text);
    if (letter.bytes == 0)
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    else if (gives_orders(letter.code))
      shown += fmt::format("\\x{:02x}", letter.code);
    else if (turns_letters(letter.code))
      shown += fmt::format("\\u{:04x}", letter.code);
    else
      shown += text.substr(0, letter.bytes);
    text.remove_prefix(letter.bytes == 0 ? 1 : letter.bytes);
  }
  return shown;
}

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& letter : small)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return small;
}

}  // namespace lightloom
