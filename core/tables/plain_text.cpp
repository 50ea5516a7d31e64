#include "core/tables/plain_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/files/file_kind.hpp"

namespace lightloom {
namespace {

/// How the code units of a text lie in its bytes.
struct Encoding {
  std::size_t width = 1;  // bytes of one unit
  bool big = false;       // its high byte first
  std::size_t mark = 0;   // bytes of the mark in front
};

/// Whether of the first bytes those at `at`, `at + step`, ... are zero and no other is.
bool zeros_only_at(std::string_view bytes, std::initializer_list<std::size_t> places,
                   std::size_t step) {
  const std::size_t count = std::min<std::size_t>(bytes.size(), 400) / step * step;
  if (count == 0 || bytes.size() % step != 0) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool place = std::find(places.begin(), places.end(), i % step) != places.end();
    if ((bytes[i] == '\0') != place) return false;
  }
  return true;
}

Encoding encoding_of(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xEF\xBB\xBF")) return {1, false, 3};
  if (bytes.starts_with("\xFF\xFE\0\0"sv)) return {4, false, 4};
  if (bytes.starts_with("\0\0\xFE\xFF"sv)) return {4, true, 4};
  if (bytes.starts_with("\xFF\xFE")) return {2, false, 2};
  if (bytes.starts_with("\xFE\xFF")) return {2, true, 2};
  if (zeros_only_at(bytes, {1}, 2)) return {2, false, 0};
  if (zeros_only_at(bytes, {0}, 2)) return {2, true, 0};
  return {};
}

void add_utf8(std::uint32_t code, std::string& text) {
  const auto low = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += {static_cast<char>(0xC0 | (code >> 6)), low(0)};
  } else if (code < 0x10000) {
    text += {static_cast<char>(0xE0 | (code >> 12)), low(6), low(0)};
  } else {
    text += {static_cast<char>(0xF0 | (code >> 18)), low(12), low(6), low(0)};
  }
}

std::uint32_t unit_at(std::string_view bytes, std::size_t at, const Encoding& encoding) {
  std::uint32_t unit = 0;
  for (std::size_t k = 0; k < encoding.width; ++k) {
    const std::size_t place = encoding.big ? k : encoding.width - 1 - k;
    unit = unit << 8 | static_cast<unsigned char>(bytes[at + place]);
  }
  return unit;
}

std::string decoded(std::string_view bytes, const Encoding& encoding, const std::string& path) {
  bytes.remove_prefix(encoding.mark);
  if (encoding.width == 1) return std::string(bytes);
  require(bytes.size() % encoding.width == 0,
          "{}: its text of {} bytes a letter is cut off (save it in UTF-8)", path, encoding.width);
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += encoding.width) {
    std::uint32_t code = unit_at(bytes, at, encoding);
    const bool pair =
        encoding.width == 2 && code >= 0xD800 && code < 0xDC00 && at + 4 <= bytes.size();
    if (pair) {
      at += 2;
      code = 0x10000 + ((code - 0xD800) << 10) + ((unit_at(bytes, at, encoding) - 0xDC00) & 0x3FF);
    }
    require(code < 0x110000 && (code < 0xD800 || code >= 0xE000),
            "{}: is no text (its bytes are no letters of UTF-16 or UTF-32; save it in UTF-8)",
            path);
    add_utf8(code, text);
  }
  return text;
}

/// What a file without text is, and what to do with it.
std::string known_kind(std::string_view bytes) {
  const std::string_view kind = kind_of_bytes(bytes);
  if (kind.empty()) return "no plain text (save it in UTF-8)";
  return std::string(kind) + ", no text (unpack it, or save its numbers as CSV)";
}

/// Replaces letters of several bytes by plain ones.
std::string simplified(std::string_view text) {
  using Pair = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Pair, 7> letters{{{"\xE2\x88\x92", "-"},   // minus
                                         {"\xC2\xA0", " "},       // keeps words together
                                         {"\xE2\x80\x89", " "},   // thin blanks
                                         {"\xE2\x80\xAF", " "},   //
                                         {"\xE2\x85\x88", "i"},   // units of mathematicians
                                         {"\xE2\x85\x89", "j"},   //
                                         {"\xEF\xBB\xBF", ""}}};  // mark: files put together
  std::string plain;
  while (!text.empty()) {
    const auto* found = std::find_if(letters.begin(), letters.end(), [&](const Pair& pair) {
      return text.starts_with(pair.first);
    });
    const bool known = found != letters.end();
    plain += known ? found->second : text.substr(0, 1);
    text.remove_prefix(known ? found->first.size() : 1);
  }
  return plain;
}

void unify_line_ends(std::string& text) {
  std::size_t to = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool pair = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (pair) ++at;
    text[to++] = text[at] == '\r' ? '\n' : text[at];
  }
  text.resize(to);
}

}  // namespace

std::string plain_text(const std::string& bytes, const std::string& path) {
  std::string text = decoded(bytes, encoding_of(bytes), path);
  while (text.ends_with('\x1A') || text.ends_with('\0')) text.pop_back();
  const bool binary = std::any_of(text.begin(), text.end(), [](char letter) {
    return static_cast<unsigned char>(letter) < ' ' &&  // a char has a sign here and none on Arm
           std::string_view("\t\n\r\f\v").find(letter) == std::string_view::npos;
  });
  require(!binary && !bytes.starts_with("\x1F\x8B") && !bytes.starts_with("%PDF"), "{}: is {}",
          path, known_kind(bytes));
  if (std::any_of(text.begin(), text.end(),
                  [](char letter) { return static_cast<unsigned char>(letter) >= 0x80; }))
    text = simplified(text);
  unify_line_ends(text);
  return text;
}

}  // namespace lightloom
