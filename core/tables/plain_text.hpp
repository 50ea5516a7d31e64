#pragma once

#include <string>

namespace lightloom {

/// The bytes of a text file as UTF-8 with one line feed behind every line: byte-order marks, UTF-16
/// and UTF-32 (with a mark, or told by their zero bytes), the line ends of Windows and of old Macs,
/// typographic minus signs and blanks, and the end mark of DOS are turned into that. Throws `Error`
/// naming `path` where the bytes are no text, and what they are where that is known.
std::string plain_text(const std::string& bytes, const std::string& path);

}  // namespace lightloom
